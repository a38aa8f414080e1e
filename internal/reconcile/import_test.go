package reconcile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/staff"
	"throughgate/internal/testdb"
)

// house is a database with the organisations in it, and a clock.
type house struct {
	t    testing.TB
	pool *db.Pool
	now  time.Time
}

func open(t testing.TB) *house {
	t.Helper()
	h := &house{t, testdb.New(t).Pool(t), today.At(10, 0)}
	h.sql(`INSERT INTO organisation (code, kind, name)
		VALUES ('EXI', 'prison', 'Exeter'), ('CWI', 'prison', 'Channings Wood'), ('DMI', 'prison', 'Dartmoor'), ('HARBOUR', 'provider', 'Harbour')`)
	return h
}

func (h *house) act(do func(*db.Tx) error) {
	h.t.Helper()
	if err := h.pool.Act(h.t.Context(), db.Scope{Part: db.Jobs}, do); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) sql(statement string, args ...any) {
	h.t.Helper()
	h.act(func(tx *db.Tx) error {
		_, err := tx.Exec(h.t.Context(), statement, args...)
		return err
	})
}

// lines are the rows of a query, their columns put together.
func (h *house) lines(query string, args ...any) (lines []string) {
	h.t.Helper()
	h.act(func(tx *db.Tx) error { return tx.Select(h.t.Context(), &lines, query, args...) })
	return lines
}

func (h *house) one(query string, args ...any) string {
	h.t.Helper()
	return strings.Join(h.lines(query, args...), "; ")
}

func as(role staff.Role, organisation string) staff.Who {
	return staff.Who{By: audit.By{Organisation: organisation, Actor: "staff:test", Via: "file"}, Role: role, Name: "Test"}
}

func (h *house) prison(code string, file []byte) *Result {
	h.t.Helper()
	r, err := ImportPrisonReleases(h.t.Context(), h.pool, as(staff.Prison, code), h.now, code, "releases.csv", file, Options{})
	return h.whole(r, err)
}

func (h *house) provider(file []byte) *Result {
	h.t.Helper()
	r, err := ImportProviderPickups(h.t.Context(), h.pool, as(staff.Provider, "HARBOUR"), h.now, "HARBOUR", "pickups.csv", file, Options{})
	return h.whole(r, err)
}

func (h *house) whole(r *Result, err error) *Result {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	if !r.AddsUp() {
		h.t.Errorf("the answers do not add up: %+v", r)
	}
	return r
}

// releases and pickups are files of these rows.
func releases(rows ...map[string]string) []byte { return csvOf(table(PrisonReleases(), rows...)) }
func pickups(rows ...map[string]string) []byte  { return csvOf(table(ProviderPickups(), rows...)) }

// stored is everything that figures and lists are made of, without what is drawn at random.
func (h *house) stored() (all []string) {
	h.t.Helper()
	h.act(func(tx *db.Tx) error {
		err := tx.Each(h.t.Context(), `SELECT id, values_sealed, concat_ws('|', answer, reason, rule, role) FROM provider_row`, func(rows *sqlx.Rows) error {
			var r openReview
			var said string
			if err := rows.Scan(&r.RowID, &r.Values, &said); err != nil {
				return err
			}
			row, err := openProviderRow(tx, r.RowID, r.Values)
			all = append(all, fmt.Sprintf("row %s: %s", row.Canonical(), said))
			return err
		})
		return err
	})
	all = append(all, h.lines(`
		SELECT concat_ws('|', 'release', r.prison, r.provider, r.released_on, r.exit_on, r.set_aside, r.substance_group, r.sex, r.age_at_release,
		  r.picked_up_on, r.received_on, r.referred_on, r.unbooked_reason, p.kind, p.late, p.rule,
		  (SELECT string_agg(concat_ws(' ', a.on_day, a.booked_on, a.outcome, a.attempt), ', ' ORDER BY a.on_day, a.attempt) FROM appointment a WHERE a.referral_id = r.id AND a.undone_at IS NULL),
		  (SELECT string_agg(c.contact_on::text, ', ' ORDER BY c.contact_on) FROM contact c WHERE c.referral_id = r.id AND c.undone_at IS NULL))
		FROM referral r
		LEFT JOIN pickup p ON p.referral_id = r.id AND p.undone_at IS NULL`)...)
	all = append(all, h.lines(`SELECT 'link ' || rule || count(*) FROM link WHERE undone_at IS NULL GROUP BY rule`)...)
	all = append(all, h.lines(`SELECT 'review ' || why || count(*) FROM review WHERE settled_at IS NULL GROUP BY why`)...)
	slices.Sort(all)
	return all
}

// told is what an answer says, without ids.
func told(r *Result) string {
	text, _ := json.Marshal(r.SetAside)
	why := []string{}
	for _, v := range r.ToReview {
		why = append(why, v.Why)
	}
	slices.Sort(why)
	return fmt.Sprintf("accepted %d, updated %d, unchanged %d, set aside %s, refused %d, to review %q, linked %v",
		r.Accepted, r.Updated, r.Unchanged, text, r.RefusedRows(), why, r.Linked)
}

const (
	prisonFirst   = `accepted 419, updated 2, unchanged 5, set aside {"no referral made":18,"not a release":18,"other partnership":28,"under 18":2}, refused 6, to review [], linked {0 0 0}`
	prisonAgain   = `accepted 0, updated 0, unchanged 426, set aside {"no referral made":18,"not a release":18,"other partnership":28,"under 18":2}, refused 6, to review [], linked {0 120 13}`
	providerFirst = `accepted 225, updated 0, unchanged 0, set aside {"known, not counted: not a release":1,"known, not counted: other partnership":1,"not a known prison leaver":15}, refused 0, to review ["date of birth one digit different" "forename differs" "surname differs"], linked {0 120 13}`
)

// The numbers are those of expected.json.
func TestTheExampleCohortInBothOrdersAndAgain(t *testing.T) {
	h, other := open(t), open(t)
	h.now, other.now = time.Date(2024, 4, 2, 10, 0, 0, 0, time.UTC), time.Date(2024, 4, 2, 10, 0, 0, 0, time.UTC)
	prison, provider := cohort(t, "prison-releases.csv"), cohort(t, "provider-pickups.csv")
	check := func(name, want string, r *Result) {
		t.Helper()
		if got := told(r); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	check("prison's file", prisonFirst, h.prison("EXI", prison))
	check("provider's file", providerFirst, h.provider(provider))
	first := h.stored()
	if got := h.one(`SELECT count(*) FILTER (WHERE NOT late) || ' and late ' || count(*) FILTER (WHERE late) FROM pickup WHERE undone_at IS NULL`); got != "133 and late 2" {
		t.Errorf("picked up: %s", got)
	}

	check("prison's file again", prisonAgain, h.prison("EXI", prison))
	check("provider's file again", strings.Replace(strings.Replace(providerFirst, "unchanged 0", "unchanged 225", 1), "accepted 225", "accepted 0", 1), h.provider(provider))
	if diff := cmp.Diff(first, h.stored()); diff != "" {
		t.Errorf("importing again changed something:\n%s", diff)
	}
	if n := h.one(`SELECT count(*)::text FROM link WHERE undone_at IS NOT NULL`); n != "0" {
		t.Errorf("importing again undid %s links", n)
	}

	other.provider(provider)
	check("prison's file after the provider's", strings.Replace(prisonFirst, "{0 0 0}", "{0 120 13}", 1), other.prison("EXI", prison))
	if diff := cmp.Diff(first, other.stored()); diff != "" {
		t.Errorf("the order of the files made a difference:\n%s", diff)
	}
}

// part is a file of some rows of another.
func part(file []byte, rows [][]byte) []byte {
	header, _, _ := strings.Cut(string(file), "\r\n")
	return []byte(header + "\r\n" + string(slices.Concat(rows...)))
}

func rowsIn(file []byte) (rows [][]byte) {
	_, body, _ := strings.Cut(string(file), "\r\n")
	for _, row := range strings.SplitAfter(body, "\r\n") {
		if row != "" {
			rows = append(rows, []byte(row))
		}
	}
	return rows
}

// A prison's files come in their order; a provider's in any, between them.
func TestAnySplitInAnyOrderGivesTheSame(t *testing.T) {
	prison, provider := cohort(t, "prison-releases.csv"), cohort(t, "provider-pickups.csv")
	h := open(t)
	h.prison("EXI", prison)
	h.provider(provider)
	want := h.stored()
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 1))
		h, rows := open(t), rowsIn(provider)
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		all := rowsIn(prison)
		for len(all)+len(rows) > 0 {
			if n := min(len(all), random.IntN(300)); random.IntN(2) == 0 && n > 0 {
				h.prison("EXI", part(prison, all[:n]))
				all = all[n:]
			} else if n := min(len(rows), random.IntN(150)); n > 0 {
				h.provider(part(provider, rows[:n]))
				rows = rows[n:]
			}
		}
		if diff := cmp.Diff(want, h.stored()); diff != "" {
			t.Fatalf("seed %d:\n%s", seed, diff)
		}
	}
}

// An appointment that was offered for the day before release, and kept days after it, was there when the person left.
func TestAnAppointmentKeepsTheDayItWasOfferedFor(t *testing.T) {
	h := open(t)
	h.prison("EXI", releases(goodRelease()))
	h.provider(pickups(
		with(goodPickup(), wordOffered, "20/12/2023", wordAttended, "27/12/2023"),
		with(goodPickup(), wordOffered, "", wordAttended, "28/12/2023", wordStart, ""),
		with(goodPickup(), wordOffered, "29/12/2023", wordAttended, "", wordStart, "")))
	want := "2023-12-27 offered 2023-12-20 attended; 2023-12-28 offered  attended; 2023-12-29 offered 2023-12-29 did_not_attend"
	if got := h.one(`SELECT string_agg(concat_ws(' ', on_day, 'offered', coalesce(booked_on::text, ''), outcome), '; ' ORDER BY on_day)
		FROM appointment WHERE slot_id IS NULL AND undone_at IS NULL`); got != want {
		t.Errorf("appointments:\n got %s\nwant %s", got, want)
	}
}

func TestDryRunStoresNothing(t *testing.T) {
	h := open(t)
	r, err := ImportPrisonReleases(t.Context(), h.pool, as(staff.Prison, "EXI"), h.now, "EXI", "x.csv", cohort(t, "prison-releases.csv"), Options{DryRun: true})
	if err != nil || told(r) != prisonFirst {
		t.Errorf("%v %v", r, err)
	}
	if n := h.one(`SELECT (SELECT count(*) FROM received_file) + (SELECT count(*) FROM referral) + (SELECT count(*) FROM person) || ''`); n != "0" {
		t.Errorf("%s rows were stored", n)
	}
}

func TestOnlyTheOrganisationItselfImportsItsFile(t *testing.T) {
	h := open(t)
	for _, who := range []staff.Who{as(staff.Prison, "CWI"), as(staff.Provider, "EXI"), as(staff.Admin, "ADMIN")} {
		if _, err := ImportPrisonReleases(t.Context(), h.pool, who, h.now, "EXI", "x.csv", releases(goodRelease()), Options{}); err == nil {
			t.Errorf("%v imported EXI's file", who)
		}
	}
}

// BenchmarkImport takes in the largest files that are allowed: a prison's, then a provider's about
// the same people.
func BenchmarkImport(b *testing.B) {
	for _, rows := range []int{10_000, maxRows} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) { benchmarkImport(b, rows) })
	}
}

func benchmarkImport(b *testing.B, rows int) {
	prison, provider := cohortOf(rows)
	for b.Loop() {
		h := open(b)
		began := time.Now()
		if r := h.prison("EXI", prison); r.Accepted != rows {
			b.Fatal(told(r))
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/prison-file")
		b.ReportMetric(peakMiB(), "peak-MiB-prison")
		began = time.Now()
		if r := h.provider(provider); r.Accepted < rows/2 {
			b.Fatal(told(r))
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/provider-file")
		b.ReportMetric(peakMiB(), "peak-MiB-provider")
	}
}

func cohortOf(rows int) (prison, provider []byte) {
	names := strings.Fields("Adam Ben Callum Declan Evan Frank George Harry Ivan Jack Kai Liam Mark Noah Owen Paul Quinn Ryan Sam Tom")
	var released, seen strings.Builder
	released.WriteString("First name,Surname,Date of birth,Sex,Client reference,Initial reception date,Drug 1,Drug 2,Drug 3,Discharge reason,Prison exit date,Prison exit reason,Prison exit destination,Referral on release status\n")
	seen.WriteString("Our reference,First name,Surname,Date of birth,Sex,Referral received,Appointment offered,Appointment attended,Structured treatment start,Notes\n")
	for i := range rows {
		born, exit := today.Add(-8000-i%15000), today.Add(-100-i%700)
		who := fmt.Sprintf("%s,%sson%s,%s,Male", names[i%20], names[i/20%20], names[i/400%20], born.Slash())
		fmt.Fprintf(&released, "%s,A%04d%cZ,%s,Heroin,,,Transferred - not in custody,%s,Released,PLYB,Yes - referred to community treatment\n",
			who, i%10000, 'A'+i/10000, exit.Add(-90).Slash(), exit.Slash())
		fmt.Fprintf(&seen, "HB%d,%s,%s,%s,%s,%s,\n", i, who, exit.Slash(), exit.Add(3).Slash(), exit.Add(4).Slash(), exit.Add(5).Slash())
	}
	return []byte(released.String()), []byte(seen.String())
}

// peakMiB is the most memory that the process has had.
func peakMiB() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib float64
	fmt.Sscan(rest, &kib)
	return kib / 1024
}
