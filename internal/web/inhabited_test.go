package web

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/mail"
	"throughgate/internal/staff"
)

// inhabited is a site on which every page has something to show, with one person per role to sign in as.
type inhabited struct {
	*house
	at      map[string][]string           // the addresses of a route whose path names something; by role where roles differ
	refuses map[staff.Role]map[string]int // addresses that answer otherwise, by role
}

// organisationOf is whose person a role's walk signs in.
var organisationOf = map[staff.Role]string{staff.Prison: "EXI", staff.Provider: "HARBOUR", staff.SubGroup: "SUBGROUP", staff.Admin: "ADMIN", staff.Audit: "AUDIT"}

// unbroken is a name in which no line can be broken at a space.
var unbroken = strings.Repeat("W", 60)

func newInhabited(t *testing.T) inhabited {
	t.Helper()
	w := inhabited{newHouse(t), map[string][]string{}, map[staff.Role]map[string]int{}}
	for _, organisation := range organisationOf {
		token := w.added(organisation)
		w.enrols(token, organisation)
		w.refuses[""] = map[string]int{"/invitation/" + token: http.StatusNotFound} // used up
	}
	w.demo()
	w.at["/invitation/:token"] = []string{"/invitation/" + w.added("CWI")}
	w.reported()
	w.administered()
	w.referrals()
	w.lists()
	w.ofClinics()
	return w
}

// reported brings in readers, a report and the emails about it.
func (w inhabited) reported() {
	w.Helper()
	w.readers("chair@example.org")
	w.service(func(tx *db.Tx) error {
		_, err := mail.AddRecipient(w.Context(), tx, w.who("ADMIN", staff.Admin), w.now, unbroken, unbroken+"@example.org", false)
		return err
	})
	w.deliver()
	w.at["/report/confirm/:token"] = []string{w.linkIn(0, mail.ConfirmPath)}
	report := w.as("ADMIN").sendReport().Find("tbody a").AttrOr("href", "")
	w.deliver()
	w.at["/report/leave/:token"] = []string{w.linkIn(1, mail.LeavePath)}
	w.at["/mailbox/:n"] = []string{"/mailbox/1", "/mailbox/2"}
	w.at["/reports/:id"] = []string{report}
}

// administered brings in what administrators look after.
func (w inhabited) administered() {
	w.Helper()
	w.enrolled("DMI") // whose account is looked after; a new link ends their sessions, and nobody walks as them
	letters := w.letters()
	w.at["/admin/mail/:id"] = []string{"/admin/mail/" + letters[mail.IsSent].String(), "/admin/mail/" + letters[mail.LeftUncertain].String()}
	w.at["/admin/mail/:id/send-again"] = []string{"/admin/mail/" + letters[mail.IsFailed].String() + "/send-again"}
	var person, reader, key uuid.UUID
	w.service(func(tx *db.Tx) error {
		made, _, err := staff.CreateKey(w.Context(), tx, w.who("ADMIN", staff.Admin), w.now, "EXI", 30)
		if err != nil {
			return err
		}
		key = made.ID
		if err := tx.Get(w.Context(), &person, `SELECT id FROM staff WHERE organisation = 'DMI'`); err != nil {
			return err
		}
		return tx.Get(w.Context(), &reader, `SELECT id FROM recipient WHERE removed_at IS NULL LIMIT 1`)
	})
	for _, end := range []string{"", "/disable", "/link"} {
		w.at["/admin/people/:id"+end] = []string{"/admin/people/" + person.String() + end}
	}
	w.at["/admin/keys/:id/revoke"] = []string{"/admin/keys/" + key.String() + "/revoke"}
	w.at["/recipients/:id/remove"] = []string{"/recipients/" + reader.String() + "/remove"}
}

// referrals brings in a referral in each state that differs on its page, and two on the way to be one.
func (w inhabited) referrals() {
	w.Helper()
	released := "/referrals/" + w.released("A1234BC").String()
	undated := draft("A1234BE")
	undated.PlannedReleaseDate, undated.ReleaseDateUnknownReason = "", "awaiting the parole board"
	pickedUp := "/referrals/" + w.released("A1234BF").String()
	w.listed("Aoife", "Ní Bhriain-A1234BF")
	long := draft("A1234BD")
	long.Person.GivenName, long.Person.FamilyName = unbroken, unbroken
	booked := "/referrals/" + w.referred(long).String()
	long = draft("A1234BH")
	long.PlannedReleaseDate, long.ReleasedOn, long.Person.GivenName, long.Person.FamilyName = "", "2023-11-19", unbroken, unbroken
	met := "/referrals/" + w.referred(long).String() + "/drop-in"
	w.as("HARBOUR").post(met, "attended_on-day", "20", "attended_on-month", "11", "attended_on-year", "2023")
	w.at["/referrals/:id"] = []string{released, booked, "/referrals/" + w.referred(undated).String(), pickedUp}
	w.refuses[staff.Provider] = map[string]int{pickedUp + "/closure": http.StatusConflict}
	for _, r := range (&site{}).routes() {
		if act, is := strings.CutPrefix(r.path, "/referrals/:id/"); is {
			w.at[r.path] = []string{released + "/" + act}
		}
	}
	for _, act := range []string{"release", "release-date", "transfer", "withdrawal"} { // which are of before the release
		w.at["/referrals/:id/"+act] = []string{booked + "/" + act}
	}
	provider := w.as("HARBOUR")
	for n, act := range []string{"move", "undo", "pickup-correction"} {
		w.at["/referrals/:id/"+act] = []string{w.formOf(provider, act, fmt.Sprintf("A9%03dBC", n))}
	}
	contacted := "/referrals/" + w.referred(draft("A9003BC")).String()
	w.as("EXI").post(contacted+"/contact", rightly["contact"].typed...)
	w.at["prison /referrals/:id/undo"] = []string{contacted + "/undo"}
	for act, answers := range map[string][]string{"correction": {"name", "substances"}, "release": {"RELEASED"}, "release-date": {"expected"}, "closure": {"picked_up_elsewhere"}} {
		for _, of := range answers {
			w.at["/referrals/:id/"+act] = append(w.at["/referrals/:id/"+act], w.at["/referrals/:id/"+act][0]+"?of="+of)
		}
	}
	w.at["/links/:id/undo"] = []string{pathIn(w.as("HARBOUR").open(pickedUp), `.app-timeline a[href$="/undo"]`)}

	b := w.as("EXI")
	made := b.answered()
	b.post(made+"/check", "seen", value(b.open(made+"/check"), "seen"))
	w.at["/referrals/new/:id"] = []string{made}
	open, undecided := b.began(), b.began()
	for _, step := range []string{"name", "release", "medicine"} {
		b.post(open+"/"+step, answersOf[step]...)
	}
	b.post(undecided+"/release", "release_known", "unknown")
	var steps []string
	for _, s := range slices.Backward(append(newSteps, newStep{path: checkStep})) { // a page sent empty closes those that follow from it
		if s.path != "provider" && s.path != "no-release-date" { // there is one provider, and a day is known
			steps = append(steps, open+"/"+s.path)
		}
	}
	w.at["/referrals/new/:id/:step"] = append(steps, undecided+"/no-release-date")
}

// lists brings in files, those that wait and those that are stored, and the questions that they raise.
func (w inhabited) lists() {
	w.Helper()
	otherBirth := releaseHeader + "Aoife,Ní Bhriain-A1234BC,28/02/1984,Female,A1234BC,27/11/2023,Heroin,Yes\n"
	w.listed("Niamh", "Ní Bhriain-A1234BC")
	for organisation, l := range map[string]struct {
		role             staff.Role
		waits, questions string
	}{
		"EXI":     {staff.Prison, spoiltList, otherBirth},
		"HARBOUR": {staff.Provider, pickupHeader + "1,Aoife,,29/02/1984,Female,,,,31/02/2023,\n2,Nobody,Known,29/02/1984,Female,,,,19/11/2023,\n", pickupHeader + "1,Aoife,Ní Bhriain-A1234BC,28/02/1984,Female,,,,19/11/2023,\n"},
	} {
		b := w.as(organisation)
		stored := b.upload(unbroken+".csv", l.questions).location
		b.post(stored + "/store")
		w.at[string(l.role)+" /imports/:id"] = []string{b.upload("list.csv", l.waits).location, stored}
		w.at[string(l.role)+" /review/:id"] = []string{pathIn(b.open("/review"), `tbody a[href^="/review/"]`)}
	}
}

// ofClinics closes a day and a clinic.
func (w inhabited) ofClinics() {
	w.Helper()
	day := []string{"closed_on-day", "22", "closed_on-month", "11", "closed_on-year", "2023", "confirmed", "yes"}
	if s := w.as("HARBOUR").post("/closed-days/add", day...); s.location == "" {
		w.Fatalf("closing a day: %d %v", s.status, s.faults())
	}
	if s := w.as("HARBOUR").post("/clinics/add", with(clinicForm, "place", unbroken)...); s.location == "" {
		w.Fatalf("adding a clinic: %d %v", s.status, s.faults())
	}
	w.at["/closed-days/:day"] = []string{"/closed-days/2023-11-22"}
	w.at["/closed-days/:day/open"] = []string{"/closed-days/2023-11-22/open"}
	if s := w.as("HARBOUR").post("/clinics/TUE-PM/close"); s.location == "" {
		w.Fatalf("closing a clinic: %d %v", s.status, s.faults())
	}
	w.at["/clinics/:code"] = []string{"/clinics/TUE-PM"}
	w.at["/clinics/:code/change"] = []string{"/clinics/MON-AM/change"}
	w.at["/clinics/:code/close"] = []string{"/clinics/MON-AM/close"}
}

// addresses are those of a route for a role: its path, where that names nothing.
func (w inhabited) addresses(role staff.Role, path string) []string {
	w.Helper()
	if !strings.Contains(path, ":") {
		return []string{path}
	}
	if of := w.at[string(role)+" "+path]; of != nil {
		return of
	}
	if w.at[path] == nil {
		w.Errorf("no address is known for %s", path)
	}
	return w.at[path]
}

// notPages are addresses that answer with something else than a page of ours; besides them, files to take away.
var notPages = []string{"/account/still-here", timeLeftPath, "/reports/:id/as-sent", "/reports/:id/:file", "/reports/preview/as-sent", "/mailbox/:n/html", "/imports/:id/result"}

// alike are pages that every role sees in the same words: tried as a prison sees them.
var alike = []string{"/account", "/account/password", "/account/recovery-codes", "/reports", "/reports/:id"}

// pagesOf are the routes of the pages that a role may open; of "" those that anybody may.
func pagesOf(role staff.Role) (paths []string) {
	for _, r := range (&site{Deps: Deps{Demo: &Demo{}}}).routes() {
		if r.method != get || path.Ext(r.path) != "" || slices.Contains(notPages, r.path) || role != staff.Prison && slices.Contains(alike, r.path) {
			continue
		}
		if role == "" && r.open || slices.Contains(r.roles, role) {
			paths = append(paths, r.path)
		}
	}
	return paths
}
