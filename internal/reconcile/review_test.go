package reconcile

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"throughgate/internal/appointment"
	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

// picked is a row of the provider's list without numbers.
func picked(changes ...string) map[string]string {
	return with(goodPickup(), append([]string{wordPrisonNumber, "", wordNHSNumber, "", wordReleased, ""}, changes...)...)
}

const pickedUp = `
	SELECT concat_ws(' ', r.released_on, r.picked_up_on, p.kind, p.rule, CASE WHEN p.late THEN 'late' END)
	FROM referral r
	LEFT JOIN pickup p ON p.referral_id = r.id AND p.undone_at IS NULL
	ORDER BY r.released_on`

func (h *house) open() []Review {
	h.t.Helper()
	list, err := Reviews(h.t.Context(), h.pool, as(staff.Provider, "HARBOUR"), h.now)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) link() uuid.UUID {
	h.t.Helper()
	return uuid.MustParse(h.one(`SELECT id::text FROM link WHERE undone_at IS NULL ORDER BY id LIMIT 1`))
}

func TestAReviewIsConfirmedAndUndone(t *testing.T) {
	h, harbour := open(t), as(staff.Provider, "HARBOUR")
	h.prison("EXI", releases(plain()))
	answer := h.provider(pickups(picked(wordGiven, "Jane"), picked(wordGiven, "Jane", wordStart, "", wordOffered, "02/01/2024", wordAttended, "")))
	if got := brief(answer); got != "1 not a known prison leaver, to review: forename differs" {
		t.Fatal(got)
	}
	before := h.stored()
	waiting := h.open()
	if len(waiting) != 1 || waiting[0].Row != 2 || waiting[0].File != "pickups.csv" || len(waiting[0].Candidates) != 1 {
		t.Fatalf("waiting: %+v", waiting)
	}
	if got := waiting[0].Candidates[0]; !cmp.Equal(got.Differences, []string{"First name differs", "NDTMS will not link this pair: first initial differs"}) || got.ReferralID == uuid.Nil {
		t.Errorf("candidate: %+v", got)
	}
	h.must(ConfirmReview(t.Context(), h.pool, harbour, h.now, waiting[0].ID, uuid.Nil))
	if got := h.one(pickedUp); got != "2023-12-21 2023-12-23 new_episode person" {
		t.Errorf("confirmed: %s", got)
	}
	if got := h.one(`SELECT string_agg(rule || ' ' || made_by, ', ') FROM link WHERE undone_at IS NULL`); got != "person staff:test, person staff:test" {
		t.Errorf("every row of the person is linked: %s", got)
	}
	if got := brief(h.provider(pickups(picked(wordGiven, "Jane")))); got != "1 unchanged" {
		t.Errorf("again: %s", got)
	}
	h.must(UndoLink(t.Context(), h.pool, harbour, h.now, h.link(), "a slip"))
	if diff := cmp.Diff(before, h.stored()); diff != "" {
		t.Errorf("undoing did not restore:\n%s", diff)
	}
	h.must(RejectReview(t.Context(), h.pool, harbour, h.now, h.open()[0].ID))
	if got := brief(h.provider(pickups(picked(wordGiven, "Jane")))); got != "1 rejected in review" {
		t.Errorf("rejected: %s", got)
	}
	err := RejectReview(t.Context(), h.pool, harbour, h.now, waiting[0].ID)
	if missing := (*problem.NotFound)(nil); !errors.As(err, &missing) {
		t.Errorf("deciding twice: %v", err)
	}
}

func TestAMachinesLinkThatIsUndoneIsNotMadeAgain(t *testing.T) {
	h := open(t)
	h.prison("EXI", releases(plain()))
	before := h.one(pickedUp)
	h.provider(pickups(picked()))
	h.must(UndoLink(t.Context(), h.pool, as(staff.Provider, "HARBOUR"), h.now, h.link(), "somebody else"))
	if got := h.one(pickedUp); got != before {
		t.Errorf("after undoing: %s", got)
	}
	if got := brief(h.provider(pickups(picked()))); got != "1 rejected in review" {
		t.Errorf("again: %s", got)
	}
	if err := UndoLink(t.Context(), h.pool, as(staff.Prison, "EXI"), h.now, uuid.New(), "x"); err == nil {
		t.Error("no such link was undone")
	}
}

func TestALinkMovesWhenAReleaseArrivesBetween(t *testing.T) {
	h := open(t)
	h.prison("EXI", releases(plain(wordExit, "01/11/2023")))
	h.provider(pickups(picked()))
	if got := h.one(pickedUp); got != "2023-11-01 2023-12-23 new_episode name" {
		t.Fatal(got)
	}
	h.prison("EXI", releases(plain(wordReception, "05/11/2023", wordExit, "20/12/2023")))
	if got := h.one(pickedUp); got != "2023-11-01; 2023-12-20 2023-12-23 new_episode name" {
		t.Errorf("moved: %s", got)
	}
	if got := h.one(`SELECT count(*) FILTER (WHERE undone_at IS NULL) || ' of ' || count(*) FROM link`); got != "1 of 2" {
		t.Errorf("links: %s", got)
	}
	if got := h.one(`SELECT string_agg(kind, ' ' ORDER BY seq) FROM event WHERE kind LIKE 'link%'`); got != "linked link_undone linked link_undone" {
		t.Errorf("events: %s", got)
	}
}

func TestASecondStartBesideAnEntryMadeByHand(t *testing.T) {
	h := open(t)
	h.prison("EXI", releases(plain()))
	h.sql(`INSERT INTO pickup (id, referral_id, picked_up_on, kind, late, recorded_at, recorded_by)
		SELECT gen_random_uuid(), id, '2023-12-27', 'new_episode', false, now(), 'staff:test' FROM referral`)
	h.sql(`UPDATE referral SET picked_up_on = '2023-12-27', updated_at = now()`)
	if got := brief(h.provider(pickups(picked(wordStart, "27/12/2023"), picked()))); got != "1 accepted, to review: "+WhyByHand {
		t.Fatal(got)
	}
	if got := h.one(pickedUp); got != "2023-12-21 2023-12-27 new_episode" {
		t.Errorf("by hand: %s", got)
	}
	h.must(ConfirmReview(t.Context(), h.pool, as(staff.Provider, "HARBOUR"), h.now, h.open()[0].ID, uuid.Nil))
	if got := h.one(pickedUp); got != "2023-12-21 2023-12-23 new_episode name" {
		t.Errorf("the list stands: %s", got)
	}
}

func TestAPrisonsRowIsDecided(t *testing.T) {
	other := plain(wordReception, "", wordExit, "17/12/2023")
	for _, c := range []struct {
		name    string
		row     map[string]string
		confirm bool
		stands  string
		again   string
	}{
		{"the same release", other, true, "EXI 2023-12-17", "1 unchanged"},
		{"another release", other, false, "EXI 2023-12-17; EXI 2023-12-21", "1 unchanged"},
		{"the same person", plain(wordBorn, "28/02/1985", wordDrug1, "Alcohol"), true, "EXI 2023-12-21", "1 unchanged"},
		{"somebody else", plain(wordBorn, "28/02/1985"), false, "EXI 2023-12-21", "1 rejected in review"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, exeter := open(t), as(staff.Prison, "EXI")
			h.prison("EXI", releases(plain()))
			first := h.prison("EXI", releases(c.row))
			if again := h.prison("EXI", releases(c.row)); len(again.ToReview) != 1 || again.ToReview[0].ID != first.ToReview[0].ID {
				t.Errorf("before it is decided, again: %+v", again.ToReview)
			}
			id := uuid.MustParse(first.ToReview[0].ID)
			if c.confirm {
				h.must(ConfirmReview(t.Context(), h.pool, exeter, h.now, id, uuid.Nil))
			} else {
				h.must(RejectReview(t.Context(), h.pool, exeter, h.now, id))
			}
			if got := h.one(standing, h.now); got != c.stands {
				t.Errorf("stands as %q, want %q", got, c.stands)
			}
			if got := brief(h.prison("EXI", releases(c.row))); got != c.again {
				t.Errorf("again: %s, want %s", got, c.again)
			}
		})
	}
}

func TestAnotherPartnershipThatBecomesOurs(t *testing.T) {
	h := open(t)
	file := releases(plain(wordDestination, "DEVB"))
	h.prison("EXI", file)
	h.provider(pickups(picked()))
	h.pool.Rules.Partnership.DATCodes = []string{"PLYB", "DEVB"}
	if got := brief(h.prison("EXI", file)); got != "1 updated" {
		t.Errorf("under the new settings: %s", got)
	}
	if got := brief(h.prison("EXI", file)); got != "1 unchanged" {
		t.Errorf("and again: %s", got)
	}
	if got := h.one(pickedUp); got != "2023-12-21 2023-12-23 new_episode name" {
		t.Errorf("picked up: %s", got)
	}
}

// clinics opens the provider's slots of the built-in settings.
func (h *house) clinics() {
	h.t.Helper()
	h.act(func(tx *db.Tx) error {
		if err := appointment.BringIn(h.t.Context(), tx, h.now); err != nil {
			return err
		}
		_, err := appointment.OpenSlots(h.t.Context(), tx, h.now)
		return err
	})
}

const chain = `
	SELECT concat_ws(' ', on_day, coalesce(outcome, 'open'), CASE WHEN slot_id IS NULL THEN 'from the list' END)
	FROM appointment
	WHERE undone_at IS NULL
	ORDER BY on_day, booked_at`

func TestALiveReleaseGetsAnAppointmentThatFollowsIt(t *testing.T) {
	h := open(t)
	h.clinics()
	h.prison("EXI", releases(plain(wordExit, "20/01/2024")))
	if got := h.one(chain); got != "2024-01-22 open" {
		t.Fatalf("allocated: %s", got)
	}
	h.prison("EXI", releases(plain(wordExit, "20/01/2024", wordReferral, "No - declined")))
	if got := h.one(chain); got != "2024-01-22 cancelled" {
		t.Errorf("no longer referred: %s", got)
	}
	h.prison("EXI", releases(plain(wordExit, "20/01/2024", wordDrug1, "Alcohol")))
	if got := h.one(chain); got != "2024-01-22 cancelled; 2024-01-22 open" {
		t.Errorf("referred again: %s", got)
	}
	h.now = h.now.AddDate(0, 0, 1)
	h.provider(pickups(picked(wordOffered, "22/01/2024", wordAttended, "22/01/2024", wordStart, "22/01/2024")))
	if got := h.one(chain); got != "2024-01-22 cancelled; 2024-01-22 attended" {
		t.Errorf("the list tells of the appointment that was booked: %s", got)
	}
	h.must(UndoLink(t.Context(), h.pool, as(staff.Provider, "HARBOUR"), h.now, h.link(), "somebody else"))
	if got := h.one(chain); !strings.HasPrefix(got, "2024-01-22 cancelled; 2024-01-22 open") {
		t.Errorf("undone: %s", got)
	}
}

func TestAPickUpFreesTheFuturePlace(t *testing.T) {
	h := open(t)
	h.clinics()
	h.prison("EXI", releases(plain(wordExit, "22/01/2024")))
	h.provider(pickups(picked(wordOffered, "22/01/2024", wordAttended, "22/01/2024", wordStart, "22/01/2024"), picked(wordOffered, "24/01/2024", wordAttended, "", wordStart, "")))
	if got := h.one(chain); !strings.Contains(got, "attended") || !strings.Contains(got, "2024-01-24 open from the list") {
		t.Errorf("after the pick-up: %s", got)
	}
	if got := h.one(`SELECT count(*)::text FROM appointment WHERE outcome IS NULL AND slot_id IS NOT NULL`); got != "0" {
		t.Errorf("%s places are still held", got)
	}
}

func TestAPickUpTakesAReleaseOffTheUnbookedList(t *testing.T) {
	h := open(t)
	h.prison("EXI", releases(plain(wordExit, "20/01/2024")))
	if got := h.one(`SELECT unbooked_reason FROM referral`); got == "" {
		t.Fatal("without clinics it should stand on the unbooked list")
	}
	h.provider(pickups(picked(wordOffered, "", wordAttended, "22/01/2024", wordStart, "22/01/2024")))
	if got := h.one(`SELECT concat_ws(' ', picked_up_on, unbooked_reason) FROM referral`); got != "2024-01-22" {
		t.Errorf("after the pick-up: %s", got)
	}
}

func TestReconciliation(t *testing.T) {
	h := open(t)
	h.prison("EXI", releases(plain(), plain(wordClientReference, "B1234BC", wordGiven, "=Anna", wordReception, ""),
		plain(wordClientReference, "C1234BC", wordGiven, "Sara", wordFamily, "Jones")))
	h.provider(pickups(picked(), picked(wordGiven, "Sally", wordFamily, "Jones"), picked(wordGiven, "Nobody", wordFamily, "Known", wordBorn, "01/01/1990"),
		with(goodPickup(), wordPrisonNumber, "C1234BC", wordNHSNumber, "", wordGiven, "Zara", wordFamily, "Jones")))
	r, err := Reconcile(t.Context(), h.pool, as(staff.Provider, "HARBOUR"), h.now, "EXI", "HARBOUR", on("12-01"), on("12-31"))
	h.must(err)
	if r.Counts != (Matched{InBoth: 1, Differing: 1, PrisonOnly: 1, ProviderOnly: 1}) {
		t.Errorf("counts %+v", r.Counts)
	}
	if got := r.InBoth[0]; got.KnownToService != "new" || *got.DaysFromRelease != 2 || !*got.AttributorsSame || got.ReceivedOn != on("11-20") {
		t.Errorf("in both: %+v", got)
	}
	var csv bytes.Buffer
	h.must(r.WriteCSV(&csv))
	if lines := strings.Split(csv.String(), "\r\n"); len(lines) != 6 || !strings.Contains(csv.String(), ",'=Anna,") {
		t.Errorf("CSV:\n%s", csv.String())
	}
	if r, err = Reconcile(t.Context(), h.pool, as(staff.SubGroup, "SUBGROUP"), h.now, "EXI", "HARBOUR", on("12-01"), on("12-31")); err != nil || len(r.InBoth)+len(r.PrisonOnly)+len(r.ProviderOnly)+len(r.Differing) > 0 || r.Counts.InBoth != 1 {
		t.Errorf("the sub-group sees %+v, %v", r, err)
	}
	if _, err := Reconcile(t.Context(), h.pool, as(staff.Prison, "CWI"), h.now, "EXI", "HARBOUR", on("12-01"), on("12-31")); err == nil {
		t.Error("another prison reconciled it")
	}
}

func TestFilesAreKeptForTheirDays(t *testing.T) {
	h := open(t)
	h.prison("EXI", releases(plain()))
	purge := func(days int) (n int) {
		h.act(func(tx *db.Tx) (err error) {
			n, err = PurgeFiles(t.Context(), tx, h.now.AddDate(0, 0, days))
			return err
		})
		return n
	}
	if purge(90) != 0 || purge(91) != 1 || purge(92) != 0 {
		t.Error("a file is kept for 90 days, and no longer")
	}
}
