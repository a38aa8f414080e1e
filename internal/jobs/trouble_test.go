package jobs

import (
	"strings"
	"testing"
	"time"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/testdb"
)

func TestWhoHasGoneQuiet(t *testing.T) {
	today := day.MustParse("2024-06-30")
	every := func(gap, times, ago int) (came []day.Date) {
		for i := times - 1; i >= 0; i-- {
			came = append(came, today.Add(-ago-i*gap))
		}
		return came
	}
	for name, c := range map[string]struct {
		came []day.Date
		want bool
	}{
		"weekly, a fortnight ago":              {every(7, 10, 14), false},
		"weekly, a fortnight and a day ago":    {every(7, 10, 15), true},
		"monthly, two months ago":              {every(30, 6, 60), false},
		"monthly, two months and a day ago":    {every(30, 6, 61), true},
		"daily, a fortnight ago":               {every(1, 100, 14), false},
		"daily, a fortnight and a day ago":     {every(1, 100, 15), true},
		"too seldom to be missed":              {every(7, 4, 90), false},
		"never":                                {nil, false},
		"one long gap among usual weekly ones": {append(every(7, 9, 170), today.Add(-20)), true},
	} {
		if got := goneQuiet(c.came, today, 2); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// furnishSenders lets prisons send by API once a week until some days before the report is due:
// Exeter until yesterday, Channings Wood until a month ago, Dartmoor four times only.
func (s *server) furnishSenders(t *testing.T) {
	t.Helper()
	for prison, c := range map[string][2]int{"EXI": {10, 1}, "CWI": {10, 31}, "DMI": {4, 31}} {
		for i := range c[0] {
			s.act(t, func(tx *db.Tx) error {
				if err := release(t, tx, 1, "2023-12-01", ""); err != nil {
					return err
				}
				_, err := tx.Exec(t.Context(), `
					UPDATE referral
					SET source = 'api', prison = $1, received_at = $2
					WHERE source = 'file'
					  AND released_on = DATE '2023-12-01'`, prison, due.Add(-time.Duration(c[1]+7*i)*days))
				return err
			})
		}
	}
}

func TestAPrisonThatWentQuietIsNotedInTheReport(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t)
	s.furnishSenders(t)
	s.look(t, due.Add(-days))
	s.look(t, due)
	letter := s.lettersOf(t)[0]
	if !strings.Contains(letter, "Please note: HMP Channings Wood, which usually refers, has sent nothing for more than 2 times its usual gap") {
		t.Errorf("not noted: %.600s", letter)
	}
	for _, other := range []string{"Exeter, which", "Dartmoor, which"} {
		if strings.Contains(letter, other) {
			t.Errorf("noted as quiet: %s", other)
		}
	}
}

func TestWhatIsWrongWithSendingIsAdministratorsNews(t *testing.T) {
	s := open(t, testdb.New(t), nil)
	s.furnish(t, "one@harbour.example")
	s.look(t, due.Add(-days))
	s.look(t, due)
	for at, want := range map[time.Time]string{
		due.Add(23 * time.Hour): "",
		due.Add(25 * time.Hour): "not_delivered",
	} {
		if got := s.kinds(t, at); got != want {
			t.Errorf("%s after: %q, want %q", at.Sub(due), got, want)
		}
	}
	s.look(t, due.Add(13*days)) // the report of 15 January passed six days ago
	if got := s.kinds(t, due.Add(13*days)); got != "report_missed not_delivered" {
		t.Errorf("after a missed report: %q", got)
	}
}

func (s *server) kinds(t *testing.T, now time.Time) string {
	t.Helper()
	found, err := Troubles(t.Context(), s.Pool, now)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, one := range found {
		kinds = append(kinds, one.Kind)
	}
	return strings.Join(kinds, " ")
}

func TestCompletenessFell(t *testing.T) {
	figures := func(before, now continuity.Tenth) *continuity.Figures {
		f := &continuity.Figures{}
		for i, end := range day.WindowEnds(day.MustParse("2024-06-30"), 4) {
			w := continuity.Window{Start: day.Window(end), End: end}
			if w.Supporting.S12.Percent = &before; i > 0 {
				w.Supporting.S12.Percent = &now
			}
			f.Windows = append(f.Windows, w)
		}
		return f
	}
	if found := lessComplete(figures(970, 921)); found != nil {
		t.Errorf("4.9 points: %v", found)
	}
	if found := lessComplete(figures(970, 920)); len(found) != 1 {
		t.Errorf("5 points: %v", found)
	}
}
