package continuity

import (
	"reflect"
	"strings"

	"throughgate/internal/day"
)

// Everything that is counted of a window is a sum over the days of release. So the days can be counted each by itself, under
// the rules of the window (what is picked up by its end, who is released again within it), and where one of them has changed,
// what it was is taken from the window's sum, and what it is now is added.

// divide makes a tally for each day of the window that is counted by itself, with the window's own bounds.
func (w *tally) divide() {
	w.byDay = map[day.Date]*tally{}
	for _, d := range w.alone {
		w.byDay[d] = &tally{start: w.start, end: w.end, first: w.first, month: w.month, young: w.young, last: w.last}
	}
}

// addDays makes the window's sum of what is known of it and what was counted of its days.
func (c *count) addDays(w *tally) {
	if w.alone == nil {
		return
	}
	for _, d := range w.alone {
		w.known.plus(c.keep(w.byDay[d]), 1)
	}
	c.take(w, w.known)
}

// counted are the days that one of the windows has counted, in order; nil where that is all of them.
func (t timeline) counted(windows []*tally) (days []string) {
	wanted := make([]bool, len(t.of))
	for _, w := range windows {
		for _, d := range w.counted() {
			wanted[d.Sub(t.from)] = true
		}
	}
	for n, is := range wanted {
		if is {
			days = append(days, t.from.Add(n).String())
		}
	}
	if len(days) == len(wanted) {
		return nil
	}
	return days
}

// areFew says whether a plan that serves any days should serve these, and not one of their own.
func areFew(days []string) bool { return len(days) > 0 && len(days) <= 31 }

// ofSomeDays is a counting statement that never counts all days: only so can one plan for any of them read along an index.
func ofSomeDays(text string) string { return strings.ReplaceAll(text, "$4::date[] IS NULL OR ", "") }

// counted are the days of the window that are counted: all of them, or some by themselves.
func (w *tally) counted() []day.Date {
	if w.alone != nil {
		return w.alone
	}
	return w.eachDay()
}

// eachDay is every day of the window.
func (w *tally) eachDay() (days []day.Date) {
	for d := w.start; !d.After(w.end); d = d.Add(1) {
		days = append(days, d)
	}
	return days
}

// plus adds other counts so many times; -1 takes them away. Each number is found by reflection, so that none of those that
// are kept can be forgotten here.
func (k *kept) plus(other kept, times int) {
	addUp(reflect.ValueOf(k).Elem(), reflect.ValueOf(other), int64(times))
}

func addUp(sum, other reflect.Value, times int64) {
	switch sum.Kind() {
	case reflect.Int:
		sum.SetInt(sum.Int() + times*other.Int())
	case reflect.Struct:
		for i := range sum.NumField() {
			addUp(sum.Field(i), other.Field(i), times)
		}
	case reflect.Array:
		for i := range sum.Len() {
			addUp(sum.Index(i), other.Index(i), times)
		}
	case reflect.Map:
		addUpMap(sum, other, times)
	default:
		panic("what is kept holds a " + sum.Type().String() + ", which cannot be added up")
	}
}

// addUpMap adds like to like. What comes to nothing is left out: a group that nobody is in any more is no group.
func addUpMap(sum, other reflect.Value, times int64) {
	if sum.IsNil() {
		sum.Set(reflect.MakeMap(sum.Type()))
	}
	for _, key := range other.MapKeys() {
		one := reflect.New(sum.Type().Elem()).Elem()
		if had := sum.MapIndex(key); had.IsValid() {
			one.Set(had)
		}
		addUp(one, other.MapIndex(key), times)
		if one.IsZero() {
			sum.SetMapIndex(key, reflect.Value{})
		} else {
			sum.SetMapIndex(key, one)
		}
	}
}
