package web

import (
	"html/template"
	"strings"
	"testing"
	"time"

	"throughgate/internal/day"
	"throughgate/internal/staff"
)

func TestMomentsAsPeopleSayThem(t *testing.T) {
	now := time.Date(2024, 7, 3, 12, 0, 0, 0, time.UTC) // a Wednesday; London is an hour ahead
	for at, want := range map[string]string{
		"2024-07-03T08:30:00Z": "today at 9:30am",
		"2024-07-03T11:00:00Z": "today at midday",
		"2024-07-02T23:00:00Z": "today at midnight",
		"2024-07-02T22:59:00Z": "yesterday at 11:59pm",
		"2024-07-04T15:00:00Z": "tomorrow at 4pm",
		"2024-01-08T09:05:00Z": "Monday 8 January 2024 at 9:05am",
	} {
		at_, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := moment(now, at_); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
}

func TestADayInATableHasItsYearWhereThatIsAnotherAndIsNotBroken(t *testing.T) {
	today := day.MustParse("2023-11-20")
	for on, want := range map[string]string{"2023-11-21": "tomorrow", "2023-11-27": "Mon 27 Nov", "2024-01-08": "Mon 8 Jan 2024", "2022-11-21": "Mon 21 Nov 2022"} {
		if got := shortDay(today, day.MustParse(on)); got != want {
			t.Errorf("%s is %q, want %q", on, got, want)
		}
	}
	const line = `<span class="app-unbroken">`
	for text, want := range map[string]template.HTML{
		"Released Mon 8 Jan 2024":   "Released " + line + "Mon 8 Jan</span> 2024",
		"Wed 25 Nov (3 days left)":  line + "Wed 25 Nov</span> " + line + "(3 days left)</span>",
		"Thu 1 Oct (1 day overdue)": line + "Thu 1 Oct</span> " + line + "(1 day</span> overdue)",
		"None: <b> & none":          "None: &lt;b&gt; &amp; none",
	} {
		if got := wholeDays(text); got != want {
			t.Errorf("%q is %q", text, got)
		}
	}
}

func TestDaysLeft(t *testing.T) {
	for n, want := range map[int]string{0: "today", 1: "1 day left", 5: "5 days left", -1: "1 day overdue", -3: "3 days overdue"} {
		if got := left(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
}

func TestADateIsPutTogetherAsItWasTyped(t *testing.T) {
	for _, c := range []struct{ d, m, y, want string }{
		{"4", "12", "2023", "2023-12-04"}, {" 4 ", "1", "2023", "2023-01-04"}, {"", "", "", ""},
		{"31", "2", "2023", "2023-02-31"}, {"x", "12", "2023", "2023-12-0x"}, {"", "12", "2023", "2023-12-"}, {"4", "12", "23", "23-12-04"},
		{"4", "nov", "2023", "2023-11-04"}, {"4", " September ", "2023", "2023-09-04"}, {"4", "SEPT", "2023", "2023-09-04"}, {"4", "Novem", "2023", "2023-Novem-04"},
	} {
		f := form{"on-day": c.d, "on-month": c.m, "on-year": c.y}
		got := f.date("on")
		if got != c.want {
			t.Errorf("%v is %q, want %q", c, got, c.want)
		}
		if _, err := day.Parse(got); err == nil && len(c.want) != 10 {
			t.Errorf("%q is taken for a date", got)
		}
	}
}

func TestOnlyAPlainTelephoneNumberIsDialled(t *testing.T) {
	for typed, want := range map[string]string{
		"01752 000000": "01752000000", " 07700-900 123 ": "07700900123", "+44 7700 900123": "+447700900123", "101000": "101000",
		"": "", "999": "", "+44 (0)1752 000000": "", "01752 000000 or 000001": "", "ask at the desk": "", "01752 000000 07700 900123": "",
	} {
		if got := dialled(typed); got != want {
			t.Errorf("%q is dialled %q, want %q", typed, got, want)
		}
	}
}

func TestNobodyIsToldOfRecordsThatTheyNeverSeeOrToAskThemselves(t *testing.T) {
	for role, want := range map[staff.Role]struct{ record, ask bool }{
		staff.Prison: {true, true}, staff.Provider: {true, true}, staff.SubGroup: {false, true}, staff.Audit: {false, true}, staff.Admin: {false, false}, "": {false, true},
	} {
		said := writtenDown(role)
		if record, ask := strings.Contains(said, "record"), strings.Contains(said, "ask your administrator"); record != want.record || ask != want.ask {
			t.Errorf("%q reads %q", role, said)
		}
	}
}

func TestCodesInsideASentence(t *testing.T) {
	for code, want := range map[string]string{
		"need_gone": "no longer has a need", "cjit": "criminal justice intervention team (CJIT)", "reconnect": "RECONNECT",
		"smart_community": "SMART meeting in the community", "a_new_code": "a new code",
	} {
		if got := lower(code); got != want {
			t.Errorf("%s is %q", code, got)
		}
	}
}

func TestAReferralThatEndedAndAnAppointmentGivenUpForItAreNotTheSame(t *testing.T) {
	for code, want := range map[string]struct{ state, reason string }{
		"closed": {"Closed", "the referral was closed"}, "withdrawn": {"Withdrawn", "the referral was withdrawn"}, "rebooked": {reason: "another was booked in its place"},
	} {
		if got := say(code); got != want.state && want.state != "" {
			t.Errorf("the state %s is %q", code, got)
		}
		if got := givenUp(code); got != want.reason {
			t.Errorf("given up as %s is %q", code, got)
		}
	}
}
