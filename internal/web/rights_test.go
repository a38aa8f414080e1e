package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/referral"
)

// What a role is answered on a route; nobody is a browser without a session.
const (
	ok     = http.StatusOK
	moved  = http.StatusSeeOther
	denied = http.StatusForbidden
	none   = http.StatusNotFound
	wrong  = http.StatusUnprocessableEntity
	notNow = http.StatusConflict
)

// right is what each of nobody, EXI, CWI, HARBOUR, SUBGROUP, ADMIN and AUDIT is answered. The
// referral is EXI's, addressed to HARBOUR: to CWI it must look like one that does not exist.
type right [7]int

// rights has a row for every route there is. A form is sent empty.
var rights = map[string]right{
	"GET /sign-in":  {ok, moved, moved, moved, moved, moved, moved},
	"POST /sign-in": {wrong, wrong, wrong, wrong, wrong, wrong, wrong},

	"GET /":                  {moved, ok, ok, ok, moved, ok, ok},
	"GET /report":            {moved, ok, ok, ok, ok, denied, denied},
	"GET /report.csv":        {moved, ok, ok, ok, ok, denied, denied},
	"GET /report.xlsx":       {moved, ok, ok, ok, ok, denied, denied},
	"GET /report.json":       {moved, ok, ok, ok, ok, denied, denied},
	"GET /report/months.csv": {moved, ok, ok, ok, ok, denied, denied},

	"GET /reports":       {moved, ok, ok, ok, ok, ok, ok},
	"GET /reports.csv":   {moved, ok, ok, ok, ok, ok, ok},
	"POST /reports/send": {moved, denied, denied, denied, moved, http.StatusConflict, denied}, // the second finds it sent,

	"GET /reports/:id":         {moved, none, none, none, none, none, none},
	"GET /reports/:id/as-sent": {moved, none, none, none, none, none, none},
	"GET /reports/:id/:file":   {moved, none, none, none, none, none, none},

	"GET /reports/preview":         {moved, denied, denied, denied, ok, ok, denied},
	"GET /reports/preview/as-sent": {moved, denied, denied, denied, ok, ok, denied},

	"GET /referrals/:id":      {moved, ok, none, ok, denied, denied, denied},
	"GET /referrals/:id/card": {moved, ok, none, ok, denied, denied, denied},

	"GET /referrals/:id/release":            {moved, ok, none, denied, denied, denied, denied},
	"GET /referrals/:id/release-correction": {moved, notNow, none, denied, denied, denied, denied},
	"GET /referrals/:id/release-date":       {moved, ok, none, denied, denied, denied, denied},
	"GET /referrals/:id/transfer":           {moved, ok, none, denied, denied, denied, denied},
	"GET /referrals/:id/withdrawal":         {moved, ok, none, denied, denied, denied, denied},
	"GET /referrals/:id/pickup":             {moved, denied, denied, notNow, denied, denied, denied},
	"GET /referrals/:id/pickup-correction":  {moved, denied, denied, notNow, denied, denied, denied},
	"GET /referrals/:id/outcome":            {moved, denied, denied, ok, denied, denied, denied},
	"GET /referrals/:id/appointment":        {moved, denied, denied, ok, denied, denied, denied},
	"GET /referrals/:id/drop-in":            {moved, denied, denied, ok, denied, denied, denied},
	"GET /referrals/:id/contact":            {moved, ok, none, ok, denied, denied, denied},
	"GET /referrals/:id/closure":            {moved, notNow, none, notNow, denied, denied, denied},
	"GET /referrals/:id/undo":               {moved, notNow, none, notNow, denied, denied, denied},

	"POST /referrals/:id/release":            {moved, wrong, none, denied, denied, denied, denied},
	"POST /referrals/:id/release-correction": {moved, wrong, none, denied, denied, denied, denied},
	"POST /referrals/:id/release-date":       {moved, wrong, none, denied, denied, denied, denied},
	"POST /referrals/:id/transfer":           {moved, wrong, none, denied, denied, denied, denied},
	"POST /referrals/:id/withdrawal":         {moved, wrong, none, denied, denied, denied, denied},
	"POST /referrals/:id/pickup":             {moved, denied, denied, wrong, denied, denied, denied},
	"POST /referrals/:id/pickup-correction":  {moved, denied, denied, wrong, denied, denied, denied},
	"POST /referrals/:id/outcome":            {moved, denied, denied, wrong, denied, denied, denied},
	"POST /referrals/:id/appointment":        {moved, denied, denied, moved, denied, denied, denied},
	"POST /referrals/:id/drop-in":            {moved, denied, denied, wrong, denied, denied, denied},
	"POST /referrals/:id/contact":            {moved, wrong, none, wrong, denied, denied, denied},
	"POST /referrals/:id/closure":            {moved, wrong, none, wrong, denied, denied, denied},
	"POST /referrals/:id/undo":               {moved, wrong, none, wrong, denied, denied, denied},

	// Administration: the ids are of nothing.
	"GET /admin":                      {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/organisations":        {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/settings":             {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/people":               {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/people/new":           {moved, denied, denied, denied, denied, ok, denied},
	"POST /admin/people/new":          {moved, denied, denied, denied, denied, wrong, denied},
	"GET /admin/people/:id":           {moved, denied, denied, denied, denied, none, denied},
	"GET /admin/people/:id/disable":   {moved, denied, denied, denied, denied, none, denied},
	"POST /admin/people/:id/disable":  {moved, denied, denied, denied, denied, none, denied},
	"GET /admin/people/:id/link":      {moved, denied, denied, denied, denied, none, denied},
	"POST /admin/people/:id/link":     {moved, denied, denied, denied, denied, none, denied},
	"GET /admin/keys":                 {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/keys/new":             {moved, denied, denied, denied, denied, ok, denied},
	"POST /admin/keys/new":            {moved, denied, denied, denied, denied, wrong, denied},
	"GET /admin/keys/:id/revoke":      {moved, denied, denied, denied, denied, none, denied},
	"POST /admin/keys/:id/revoke":     {moved, denied, denied, denied, denied, none, denied},
	"GET /admin/mail":                 {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/mail/:id":             {moved, denied, denied, denied, denied, none, denied},
	"GET /admin/mail/:id/send-again":  {moved, denied, denied, denied, denied, none, denied},
	"POST /admin/mail/:id/send-again": {moved, denied, denied, denied, denied, none, denied},
	"GET /admin/organisations.csv":    {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/people.csv":           {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/keys.csv":             {moved, denied, denied, denied, denied, ok, denied},
	"GET /admin/mail.csv":             {moved, denied, denied, denied, denied, ok, denied},
	"GET /recipients.csv":             {moved, denied, denied, denied, denied, ok, denied},
	"GET /recipients":                 {moved, denied, denied, denied, denied, ok, denied},
	"GET /recipients/new":             {moved, denied, denied, denied, denied, ok, denied},
	"POST /recipients/new":            {moved, denied, denied, denied, denied, wrong, denied},
	"GET /recipients/:id/remove":      {moved, denied, denied, denied, denied, none, denied},
	"POST /recipients/:id/remove":     {moved, denied, denied, denied, denied, none, denied},
	"GET /audit":                      {moved, denied, denied, denied, denied, denied, ok},
	"GET /referrals/:id/looked":       {moved, ok, none, ok, denied, denied, denied},
	"GET /referrals/:id/looked.csv":   {moved, ok, none, ok, denied, denied, denied},

	"GET /account":                 {moved, ok, ok, ok, ok, ok, ok},
	"GET /account/still-here":      {moved, 204, 204, 204, 204, 204, 204},
	"GET /account/time-left":       {ok, ok, ok, ok, ok, ok, ok},
	"POST /account/kept/discard":   {moved, moved, moved, moved, moved, moved, moved},
	"GET /account/password":        {moved, ok, ok, ok, ok, ok, ok},
	"POST /account/password":       {moved, wrong, wrong, wrong, wrong, wrong, wrong},
	"GET /account/recovery-codes":  {moved, ok, ok, ok, ok, ok, ok},
	"POST /account/recovery-codes": {moved, wrong, wrong, wrong, wrong, wrong, wrong},

	// Review: the ids are of nothing that stands open.
	"GET /review":              {moved, ok, ok, ok, denied, denied, denied},
	"GET /review/:id":          {moved, none, none, none, denied, denied, denied},
	"POST /review/:id":         {moved, none, none, none, denied, denied, denied},
	"GET /links/:id/undo":      {moved, denied, denied, none, denied, denied, denied},
	"POST /links/:id/undo":     {moved, denied, denied, none, denied, denied, denied},
	"GET /referrals/:id/move":  {moved, denied, denied, notNow, denied, denied, denied},
	"POST /referrals/:id/move": {moved, denied, denied, wrong, denied, denied, denied},

	// No draft and no file has the referral's id.
	"GET /referrals/new":              {moved, ok, ok, denied, denied, denied, denied},
	"POST /referrals/new":             {moved, moved, moved, denied, denied, denied, denied},
	"GET /referrals/new/:id":          {moved, none, none, denied, denied, denied, denied},
	"POST /referrals/new/:id/discard": {moved, moved, moved, denied, denied, denied, denied},
	"GET /referrals/new/:id/:step":    {moved, none, none, denied, denied, denied, denied},
	"POST /referrals/new/:id/:step":   {moved, none, none, denied, denied, denied, denied},
	"GET /imports":                    {moved, ok, ok, ok, denied, denied, denied},
	"GET /imports.csv":                {moved, ok, ok, ok, denied, denied, denied},
	"POST /imports":                   {moved, wrong, wrong, wrong, denied, denied, denied},
	"GET /imports/:id":                {moved, none, none, none, denied, denied, denied},
	"GET /imports/:id/result":         {moved, none, none, none, denied, denied, denied},
	"POST /imports/:id/store":         {moved, none, none, none, denied, denied, denied},
	"GET /referrals":                  {moved, ok, ok, ok, denied, denied, denied},
	"GET /referrals/:id/correction":   {moved, ok, none, denied, denied, denied, denied},
	"POST /referrals/:id/correction":  {moved, wrong, none, denied, denied, denied, denied},
	"GET /referrals.csv":              {moved, ok, ok, ok, denied, denied, denied},
	"GET /worklist.csv":               {moved, none, none, none, denied, denied, denied},
	"GET /review.csv":                 {moved, ok, ok, ok, denied, denied, denied},
	"GET /appointments.csv":           {moved, denied, denied, ok, denied, denied, denied},
	"GET /audit.csv":                  {moved, denied, denied, denied, denied, denied, ok},
	"GET /find":                       {moved, ok, ok, ok, denied, denied, denied},
	"POST /find":                      {moved, wrong, wrong, wrong, denied, denied, denied},

	// Appointments and clinics of the provider.
	"GET /appointments":              {moved, denied, denied, ok, denied, denied, denied},
	"POST /appointments/:id/outcome": {moved, denied, denied, none, denied, denied, denied},
	"GET /referrals/:id/slot":        {moved, denied, denied, ok, denied, denied, denied},
	"POST /referrals/:id/slot":       {moved, denied, denied, wrong, denied, denied, denied},
	"GET /clinics":                   {moved, denied, denied, ok, denied, denied, denied},
	"GET /clinics.csv":               {moved, denied, denied, ok, denied, denied, denied},
	"GET /clinics/add":               {moved, denied, denied, ok, denied, denied, denied},
	"POST /clinics/add":              {moved, denied, denied, wrong, denied, denied, denied},
	"GET /clinics/:code":             {moved, denied, denied, ok, denied, denied, denied},
	"GET /clinics/:code/change":      {moved, denied, denied, ok, denied, denied, denied},
	"POST /clinics/:code/change":     {moved, denied, denied, wrong, denied, denied, denied},
	"GET /clinics/:code/close":       {moved, denied, denied, ok, denied, denied, denied},
	"POST /clinics/:code/close":      {moved, denied, denied, moved, denied, denied, denied},
	"GET /closed-days/add":           {moved, denied, denied, ok, denied, denied, denied},
	"POST /closed-days/add":          {moved, denied, denied, wrong, denied, denied, denied},
	"GET /closed-days/:day":          {moved, denied, denied, none, denied, denied, denied},
	"GET /closed-days/:day/open":     {moved, denied, denied, none, denied, denied, denied},
	"POST /closed-days/:day/open":    {moved, denied, denied, none, denied, denied, denied},

	"GET /reconciliation":     {moved, ok, ok, ok, ok, denied, denied},
	"GET /reconciliation.csv": {moved, moved, moved, moved, denied, denied, denied},

	// With a token that nobody was sent.
	"GET /invitation/:token":      {none, none, none, none, none, none, none},
	"POST /invitation/:token":     {none, none, none, none, none, none, none},
	"GET /report/confirm/:token":  {none, none, none, none, none, none, none},
	"POST /report/confirm/:token": {none, none, none, none, none, none, none},
	"GET /report/leave/:token":    {none, none, none, none, none, none, none},
	"POST /report/leave/:token":   {none, none, none, none, none, none, none},

	// The demo's, in the demo.
	"GET /demo":            {ok, ok, ok, ok, ok, ok, ok},
	"POST /demo/sign-in":   {none, none, none, none, none, none, none},
	"GET /mailbox":         {ok, ok, ok, ok, ok, ok, ok},
	"GET /mailbox/:n":      {none, none, none, none, none, none, none},
	"GET /mailbox/:n/html": {none, none, none, none, none, none, none},

	"POST /sign-out": {moved, moved, moved, moved, moved, moved, moved}, // last: it ends the session
}

func TestWhoMayDoWhatOnEveryRoute(t *testing.T) {
	h := newHouse(t)
	h.demo()
	id := h.referred(draft("A1234BC")).String()
	browsers := []*browser{h.browser()}
	for _, organisation := range roles {
		h.enrolled(organisation)
		browsers = append(browsers, h.as(organisation))
	}
	all := (&site{Deps: Deps{Demo: &Demo{}}}).routes()
	slices.SortStableFunc(all, func(a, b route) int { return strings.Compare(ending(a), ending(b)) })
	for _, r := range all {
		row, there := rights[r.method+" "+r.path]
		if !there {
			t.Errorf("%s %s is in no row of the table", r.method, r.path)
			continue
		}
		path := strings.NewReplacer(":id", id, ":token", "AAAA", ":n", "1", ":code", "MON-AM", ":day", "2023-11-22").Replace(r.path)
		if strings.HasPrefix(path, "/reports/") {
			path = strings.Replace(path, id, uuid.NewString(), 1)
		}
		for i, b := range browsers {
			var s shown
			if r.method == get {
				s = b.open(path)
			} else {
				s = b.post(path)
			}
			if s.status != row[i] {
				t.Errorf("%s %s for browser %d (%v): %d, want %d", r.method, r.path, i, append([]string{"nobody"}, roles...)[i], s.status, row[i])
			}
			if row[i] == none || row[i] == denied {
				if strings.Contains(s.raw, "Ní Bhriain") {
					t.Errorf("%s %s shows a name to browser %d", r.method, r.path, i)
				}
			}
		}
	}
	if len(all) != len(rights) {
		t.Errorf("%d routes, %d rows: a row is of no route", len(all), len(rights))
	}
}

// ending puts signing out last, as it ends the sessions that the others need.
func ending(r route) string {
	if r.path == "/sign-out" {
		return "~"
	}
	return ""
}

func TestEveryRouteNamesWhomItIsFor(t *testing.T) {
	for _, r := range (&site{Deps: Deps{Demo: &Demo{}}}).routes() {
		if r.open == (len(r.roles) > 0) {
			t.Errorf("%s %s is open %v and for %v", r.method, r.path, r.open, r.roles)
		}
	}
}

func TestARefusalIsAudited(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	h.as("SUBGROUP").open("/referrals/" + id)
	var n int
	h.service(func(tx *db.Tx) error {
		return tx.Get(t.Context(), &n, `SELECT count(*) FROM audit WHERE act = 'refused' AND organisation = 'SUBGROUP' AND subject = 'GET /referrals/:id'`)
	})
	if n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestTheDemosPagesAreOnlyInTheDemo(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/demo", "/mailbox", "/mailbox/1", "/mailbox/1/html"} {
		if s := h.browser().open(path); s.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, s.status)
		}
	}
	if s := h.browser().post("/demo/sign-in", "email", emailOf("EXI")); s.status != http.StatusNotFound {
		t.Errorf("signing in: %d", s.status)
	}
}

func TestTheDemoSignsNobodyInFromElsewhere(t *testing.T) {
	h := newHouse(t)
	h.demo()
	h.added("EXI")
	for host, want := range map[string]int{"": http.StatusSeeOther, "localhost:8080": http.StatusSeeOther, "demo.example.org": http.StatusNotFound, "192.0.2.1:8080": http.StatusNotFound} {
		r := h.browser().form("/demo/sign-in", "email", emailOf("EXI"))
		r.Host = host
		r.Header.Del("Origin")
		if s := h.browser().send(r); s.status != want {
			t.Errorf("asked as %q: %d", host, s.status)
		}
	}
	if s := h.browser().post("/demo/sign-in", "email", emailOf("HARBOUR")+"x"); s.status != http.StatusNotFound {
		t.Errorf("somebody not of the demo: %d", s.status)
	}
}

func TestWhoSeesTheNextStepAndWhoWaits(t *testing.T) {
	h := newHouse(t)
	d := draft("A1234BC")
	d.PlannedReleaseDate, d.ReleaseDateUnknownReason = "", "awaiting the parole board"
	id := h.referred(d).String()
	for organisation, want := range map[string]string{
		"EXI":     "Change the release date",
		"HARBOUR": "Ask HMP Exeter when it will be",
	} {
		s := h.as(organisation).open("/referrals/" + id)
		if got := strings.Join(strings.Fields(s.Find("section.app-next").Text()), " "); !strings.Contains(got, want) {
			t.Errorf("%s reads %q", organisation, got)
		}
	}
}

func TestEveryListAndStateHasItsWords(t *testing.T) {
	for _, role := range pathway {
		for _, name := range referral.Worklists(role) {
			if w := worklists[name]; w.title == "" || w.about == "" || w.empty == "" {
				t.Errorf("list %s of %s is not told", name, role)
			}
		}
	}
	for _, w := range slices.Sorted(maps.Keys(said)) {
		if said[w] == "" {
			t.Errorf("%q is called nothing", w)
		}
	}
}
