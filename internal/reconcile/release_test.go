package reconcile

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"
)

// plain is a release without the columns of a list sent before release.
func plain(changes ...string) map[string]string {
	row := goodRelease()
	for _, word := range []string{wordPlanned, wordReferred, wordTelephone, wordSubstitution, wordBridging, wordNaloxone, wordSMART, wordConsent, wordNHSNumber} {
		delete(row, word)
	}
	return with(row, changes...)
}

// planned is a row of a list sent before release.
func planned(changes ...string) map[string]string {
	return with(plain(wordExit, "", wordExitReason, "", wordDestination, "", wordDischarge, "", wordPlanned, "20/12/2023"), changes...)
}

// elsewhere is a departure that is no release.
func elsewhere(on string, changes ...string) map[string]string {
	return with(plain(wordExit, on, wordExitReason, "Transferred to another prison", wordDischarge, "Transferred - in custody"), changes...)
}

// file is a file of one prison.
type file struct {
	prison string
	rows   []map[string]string
}

func exi(rows ...map[string]string) file { return file{"EXI", rows} }
func cwi(rows ...map[string]string) file { return file{"CWI", rows} }

// numbered gives a case's people prison numbers of their own.
func numbered(who int, rows []map[string]string) (own []map[string]string) {
	for _, row := range rows {
		number := row[wordClientReference]
		own = append(own, with(maps.Clone(row), wordClientReference, fmt.Sprintf("%s%04d%s", number[:1], who, number[5:])))
	}
	return own
}

// brief is an answer in a few words.
func brief(r *Result) string {
	var said []string
	add := func(n int, word string) {
		if n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, word))
		}
	}
	add(r.Accepted, "accepted")
	add(r.Updated, "updated")
	add(r.Unchanged, "unchanged")
	for _, reason := range sortedKeys(r.SetAside) {
		add(r.SetAside[reason], reason)
	}
	add(r.RefusedRows(), "refused")
	for _, v := range r.ToReview {
		said = append(said, "to review: "+v.Why)
	}
	return strings.Join(said, ", ")
}

const standing = `
	SELECT concat_ws(' ', prison, coalesce(released_on, exit_on, planned_release_on), CASE WHEN released_on IS NULL AND exit_on IS NULL THEN 'awaited' END,
	  CASE WHEN person_id IS NULL THEN 'nameless' END, CASE WHEN provider IS NULL THEN 'unshared' END, set_aside)
	FROM referral
	WHERE received_at = $1
	ORDER BY coalesce(released_on, exit_on, planned_release_on), set_aside, prison`

func TestWhichReleaseARowIs(t *testing.T) {
	h := open(t)
	noReception := []string{wordReception, ""}
	x, y := plain(), plain(wordDrug1, "Alcohol", wordDrug2, "")
	for i, c := range []struct {
		name    string
		files   []file
		answers []string
		stands  string
	}{
		{"the same row", []file{exi(x), exi(x)}, []string{"1 accepted", "1 unchanged"}, "EXI 2023-12-21"},
		{"twice in a file", []file{exi(x, x)}, []string{"1 accepted, 1 unchanged"}, "EXI 2023-12-21"},
		{"the same reception, another exit", []file{exi(x), exi(plain(wordExit, "05/12/2023"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-05"},
		{"a replaced row again moves nothing", []file{exi(x), exi(plain(wordExit, "05/12/2023")), exi(x)}, []string{"1 accepted", "1 updated", "1 unchanged"}, "EXI 2023-12-05"},
		{"the last row is the file's word", []file{exi(x, plain(wordExit, "05/12/2023"), x)}, []string{"1 accepted, 2 updated"}, "EXI 2023-12-21"},
		{"that file again", []file{exi(x, y, x), exi(x, y, x)}, []string{"1 accepted, 2 updated", "3 unchanged"}, "EXI 2023-12-21"},
		{"another drug", []file{exi(x), exi(y)}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-21"},
		{"another name", []file{exi(x), exi(plain(wordGiven, "Sian Mary"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-21"},
		{"another spelling of the same", []file{exi(x), exi(plain(wordSex, "F", wordClientReference, "a1234bc", wordDrug2, "Crack"))}, []string{"1 accepted", "1 unchanged"}, "EXI 2023-12-21"},
		{"one day apart, another reception", []file{exi(x), exi(plain(wordReception, "01/08/2023", wordExit, "22/12/2023"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-22"},
		{"two days apart, another reception", []file{exi(x), exi(plain(wordReception, "01/08/2023", wordExit, "23/12/2023"))}, []string{"1 accepted", "1 accepted"}, "EXI 2023-12-21; EXI 2023-12-23"},
		{"one day apart, no reception", []file{exi(x), exi(with(plain(noReception...), wordExit, "20/12/2023"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-20"},
		{"two days apart, no reception", []file{exi(x), exi(with(plain(noReception...), wordExit, "19/12/2023"))}, []string{"1 accepted", "to review: " + WhyDaysApart}, "EXI 2023-12-21"},
		{"seven days apart, no reception", []file{exi(plain(noReception...)), exi(plain(wordExit, "14/12/2023"))}, []string{"1 accepted", "to review: " + WhyDaysApart}, "EXI 2023-12-21"},
		{"eight days apart, no reception", []file{exi(x), exi(with(plain(noReception...), wordExit, "13/12/2023"))}, []string{"1 accepted", "1 accepted"}, "EXI 2023-12-13; EXI 2023-12-21"},
		{"another date of birth", []file{exi(x), exi(plain(wordBorn, "28/02/1985"))}, []string{"1 accepted", "to review: " + WhyOtherBirth}, "EXI 2023-12-21"},
		{"numbers of two people", []file{exi(plain(wordNHSNumber, "9434765919"), plain(wordClientReference, "B1234BC", wordGiven, "Anna")), exi(plain(wordClientReference, "B1234BC", wordNHSNumber, "9434765919"))},
			[]string{"2 accepted", "to review: " + WhyOtherNumbers}, "EXI 2023-12-21; EXI 2023-12-21"},
		{"no longer ours", []file{exi(x), exi(plain(wordDestination, "DEVB"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-21 unshared other partnership"},
		{"that again", []file{exi(x), exi(plain(wordDestination, "DEVB")), exi(plain(wordDestination, "DEVB"))}, []string{"1 accepted", "1 updated", "1 unchanged"}, "EXI 2023-12-21 unshared other partnership"},
		{"declined after all", []file{exi(x), exi(plain(wordReferral, "No - declined"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-21 unshared no referral made"},
		{"set aside, then ours", []file{exi(plain(wordDestination, "DEVB")), exi(x)}, []string{"1 other partnership", "1 updated"}, "EXI 2023-12-21"},
		{"set aside, changed, still not ours", []file{exi(plain(wordDestination, "DEVB")), exi(plain(wordDestination, "TORB"))}, []string{"1 other partnership", "1 other partnership"}, "EXI 2023-12-21 unshared other partnership"},
		{"under 18 is the provider's to see", []file{exi(plain(wordBorn, "22/12/2005"))}, []string{"1 under 18"}, "EXI 2023-12-21 under 18"},
		{"18 on the day", []file{exi(plain(wordBorn, "21/12/2005"))}, []string{"1 accepted"}, "EXI 2023-12-21"},
		{"a need not referred keeps no name", []file{exi(plain(wordReferral, "No - need but not referred")), exi(plain(wordReferral, "No - need but not referred", wordGiven, "Ann"))}, []string{"1 no referral made", "1 no referral made"}, "EXI 2023-12-21 nameless unshared no referral made"},
		{"a need not referred, days from a release, takes nothing back", []file{exi(x), exi(with(plain(noReception...), wordExit, "19/12/2023", wordReferral, "No - need but not referred"))},
			[]string{"1 accepted", "1 no referral made"}, "EXI 2023-12-19 nameless unshared no referral made; EXI 2023-12-21"},
		{"two such days apart are one", []file{exi(plain(wordReferral, "No - need but not referred")), exi(with(plain(noReception...), wordExit, "19/12/2023", wordReferral, "No - need but not referred"))},
			[]string{"1 no referral made", "1 no referral made"}, "EXI 2023-12-19 nameless unshared no referral made"},
		{"no consent keeps no name", []file{exi(plain(wordConsent, "No"))}, []string{"1 no consent"}, "EXI 2023-12-21 nameless unshared no consent"},
		{"consent withdrawn", []file{exi(x), exi(plain(wordConsent, "No"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-21 nameless unshared no consent"},
		{"consent given after all", []file{exi(plain(wordConsent, "No")), exi(x)}, []string{"1 no consent", "1 updated"}, "EXI 2023-12-21"},
		{"planned, then released", []file{exi(planned()), exi(x)}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-21"},
		{"planned, then another date", []file{exi(planned()), exi(planned(wordPlanned, "05/03/2024"))}, []string{"1 accepted", "1 updated"}, "EXI 2024-03-05 awaited"},
		{"planned, without receptions, far apart", []file{exi(planned(noReception...)), exi(with(plain(noReception...), wordExit, "10/10/2023"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-10-10"},
		{"planned here, released there", []file{exi(planned()), cwi(x)}, []string{"1 accepted", "1 updated"}, "CWI 2023-12-21"},
		{"planned, but left an earlier spell", []file{exi(planned()), exi(plain(wordReception, "01/01/2023", wordExit, "01/03/2023"))}, []string{"1 accepted", "1 accepted"}, "EXI 2023-03-01; EXI 2023-12-20 awaited"},
		{"a list sent before does not take a release back", []file{exi(x), exi(planned(wordPlanned, "20/12/2023", wordExit, ""))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-21"},
		{"transferred, then released there", []file{exi(elsewhere("01/11/2023")), cwi(x)}, []string{"1 not a release", "1 updated"}, "CWI 2023-12-21"},
		{"the files the other way round", []file{cwi(x), exi(elsewhere("01/11/2023"))}, []string{"1 accepted", "1 not a release"}, "CWI 2023-12-21"},
		{"the transfer again", []file{cwi(x), exi(elsewhere("01/11/2023")), exi(elsewhere("01/11/2023"))}, []string{"1 accepted", "1 not a release", "1 not a release"}, "CWI 2023-12-21"},
		{"it was no release", []file{exi(x), exi(elsewhere("21/12/2023"))}, []string{"1 accepted", "1 updated"}, "EXI 2023-12-21 unshared not a release"},
		{"it was one after all", []file{exi(elsewhere("21/12/2023")), exi(x)}, []string{"1 not a release", "1 updated"}, "EXI 2023-12-21"},
		{"two transfers of a spell", []file{exi(elsewhere("01/11/2023")), cwi(elsewhere("01/12/2023"))}, []string{"1 not a release", "1 not a release"}, "CWI 2023-12-01 unshared not a release"},
		{"the other way round", []file{cwi(elsewhere("01/12/2023")), exi(elsewhere("01/11/2023"))}, []string{"1 not a release", "1 not a release"}, "CWI 2023-12-01 unshared not a release"},
		{"a transfer leaves who awaits release", []file{exi(planned()), exi(elsewhere("01/11/2023"))}, []string{"1 accepted", "1 not a release"}, "EXI 2023-12-20 awaited"},
		{"released twice", []file{exi(x, plain(wordReception, "23/12/2023", wordExit, "15/01/2024"))}, []string{"2 accepted"}, "EXI 2023-12-21; EXI 2024-01-15"},
		{"the same release from two prisons", []file{exi(x), cwi(x), exi(x)}, []string{"1 accepted", "1 updated", "1 unchanged"}, "CWI 2023-12-21"},
	} {
		who := i
		t.Run(c.name, func(t *testing.T) {
			h.now = h.now.Add(time.Second) // each case has its own moment, and its own people
			for i, f := range c.files {
				if got := brief(h.prison(f.prison, releases(numbered(who, f.rows)...))); got != c.answers[i] {
					t.Errorf("file %d: %s, want %s", i+1, got, c.answers[i])
				}
			}
			if got := h.one(standing, h.now); got != c.stands {
				t.Errorf("stands as %q, want %q", got, c.stands)
			}
		})
	}
}
