package jobs

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"throughgate/internal/day"
)

func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestEveryClockTimeIsDueOnceWhateverTheClocksDo(t *testing.T) {
	for _, c := range []struct {
		name, schedule, from, to string
		want                     []string
	}{
		{"Monday at seven, winter", "0 7 * * 1", "2024-01-07T00:00:00Z", "2024-01-14T00:00:00Z", []string{"2024-01-08T07:00:00Z"}},
		{"Monday at seven, summer", "0 7 * * 1", "2024-07-07T00:00:00Z", "2024-07-14T00:00:00Z", []string{"2024-07-08T06:00:00Z"}},
		{"the end counts, the beginning does not", "0 7 * * 1", "2024-01-08T07:00:00Z", "2024-01-15T07:00:00Z", []string{"2024-01-15T07:00:00Z"}},
		{"a second before", "0 7 * * 1", "2024-01-08T07:00:00Z", "2024-01-15T06:59:59Z", nil},
		{"in the hour that is skipped", "30 1 * * 0", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", []string{"2026-03-29T01:30:00Z"}},
		{"in the hour that is repeated", "30 1 * * 0", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", []string{"2026-10-25T00:30:00Z"}},
		{"asked for between the two", "30 1 * * 0", "2026-10-25T00:45:00Z", "2026-10-25T12:00:00Z", nil},
		{"before the skipped hour", "59 0 * * 0", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", []string{"2026-03-29T00:59:00Z"}},
		{"after the skipped hour", "0 2 * * 0", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", []string{"2026-03-29T01:00:00Z"}},
		{"one skipped falls on one that is not", "0 1,2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z", []string{"2026-03-29T01:00:00Z"}},
		{"after the repeated hour", "0 2 * * 0", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z", []string{"2026-10-25T02:00:00Z"}},
		{"never", "0 0 30 2 *", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			due, err := DueTimes(c.schedule, moment(t, c.from), moment(t, c.to))
			if err != nil {
				t.Fatal(err)
			}
			if len(due) != len(c.want) {
				t.Fatalf("due at %v, want %v", due, c.want)
			}
			for i, want := range c.want {
				if !due[i].Equal(moment(t, want)) {
					t.Errorf("due at %s, want %s", due[i].UTC(), want)
				}
			}
		})
	}
}

// However a stretch of time is cut into pieces, together they have the due times of the whole.
func TestDueTimesNeitherGetLostNorDoubleBetweenTwoLooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		schedule := rapid.SampledFrom([]string{"0 7 * * 1", "30 1 * * 0", "*/20 1 * * *", "0 0 1 * *"}).Draw(t, "schedule")
		from := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), 20, 0, 0, 0, 0, time.UTC)
		middle := from.Add(time.Duration(rapid.IntRange(0, 15*24*60).Draw(t, "minutes")) * time.Minute)
		to := from.Add(15 * 24 * time.Hour)
		whole, err1 := DueTimes(schedule, from, to)
		first, err2 := DueTimes(schedule, from, middle)
		second, err3 := DueTimes(schedule, middle, to)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		pieces := append(first, second...)
		if len(pieces) != len(whole) {
			t.Fatalf("cut at %s: %v, whole: %v", middle, pieces, whole)
		}
		for i := range whole {
			if !pieces[i].Equal(whole[i]) {
				t.Fatalf("cut at %s: %v, whole: %v", middle, pieces, whole)
			}
		}
	})
}

func TestASundayScheduleIsDueOnceEachSundayOfTheYear(t *testing.T) {
	due, err := DueTimes("30 1 * * 0", day.MustParse("2026-01-01").At(0, 0), day.MustParse("2026-12-31").At(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(due) != 52 {
		t.Errorf("due %d times in the year", len(due))
	}
	for i := 1; i < len(due); i++ {
		if apart := day.Of(due[i]).Sub(day.Of(due[i-1])); apart != 7 {
			t.Errorf("%s is %d days after %s", due[i], apart, due[i-1])
		}
	}
}

func TestSchedulesThatAreNoClockTimesInLondonAreRefused(t *testing.T) {
	for _, schedule := range []string{"", "0 7 * *", "@every 1h", "TZ=America/New_York 0 7 * * 1"} {
		if _, err := DueTimes(schedule, time.Time{}, time.Time{}); err == nil {
			t.Errorf("%q was taken", schedule)
		}
	}
}

func TestTheLatestDueTime(t *testing.T) {
	for _, c := range []struct{ schedule, now, want string }{
		{"0 7 * * 1", "2024-01-08T07:00:00Z", "2024-01-08T07:00:00Z"},
		{"0 7 * * 1", "2024-01-08T06:59:59Z", "2024-01-01T07:00:00Z"},
		{"0 7 1 * *", "2024-01-31T00:00:00Z", "2024-01-01T07:00:00Z"},
		{"0 7 29 2 *", "2024-02-28T00:00:00Z", "2020-02-29T07:00:00Z"},
	} {
		got, ok, err := latestDue(c.schedule, moment(t, c.now))
		if err != nil || !ok || !got.Equal(moment(t, c.want)) {
			t.Errorf("%q at %s: %s, %t, %v, want %s", c.schedule, c.now, got.UTC(), ok, err, c.want)
		}
	}
}

func TestWhatAReportCovers(t *testing.T) {
	for _, c := range []struct{ due, window, data string }{
		{"2024-01-08T07:00:00Z", "2024-01-07", "2024-01-07"}, // a Monday
		{"2024-01-07T07:00:00Z", "2023-12-31", "2024-01-06"}, // a Sunday: its own day is not over
		{"2024-01-13T07:00:00Z", "2024-01-07", "2024-01-12"}, // a Saturday
		{"2024-07-07T23:30:00Z", "2024-07-07", "2024-07-07"}, // half past midnight on Monday in London
	} {
		window, data := coverage(moment(t, c.due))
		if window.String() != c.window || data.String() != c.data {
			t.Errorf("due %s: window to %s, data through %s", c.due, window, data)
		}
	}
}
