package web

import (
	"bytes"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// drawnForm is a page's form as somebody has filled it in, to be sent whatever has become of their session.
func (b *browser) drawnForm(path string, typed ...string) (send func() shown) {
	b.Helper()
	page := b.open(path)
	form := typing(held(page, hiddenBoxes), typed)
	return func() shown { return b.post(path, form...) }
}

// gives the browser's cookies to another person's session: they have signed in there.
func (b *browser) becomes(organisation string) {
	b.Helper()
	at := b.address("/")
	b.client.Jar.SetCookies(at, b.as(organisation).client.Jar.Cookies(at))
}

var aContact = typing([]string{"kind", "phone", "note", "Rang, will come on Tuesday"}, oneDay("on", "20"))

const keptForms = `SELECT count(*) FROM kept_form`

// What somebody typed is there again once they have signed in, however their session ended; and whoever signs in instead
// of them learns nothing of it.
func TestWhatWasTypedIsInTheFormAgainHoweverTheSessionEnded(t *testing.T) {
	h := newHouse(t)
	h.enrolled("ADMIN")
	path := "/referrals/" + h.released("A1234BC").String() + "/contact"
	for name, c := range map[string]struct {
		ends func(b *browser)
		says string
	}{
		"it ran out":                {func(*browser) { h.now = h.now.Add(20 * time.Minute) }, "15 minutes"},
		"left open for a weekend":   {func(*browser) { h.now = h.now.Add(66 * time.Hour) }, "15 minutes"},
		"signed out in another tab": {func(b *browser) { b.post("/sign-out") }, "by yourself"},
		"signed out elsewhere":      {func(*browser) { h.as("HARBOUR").post("/sign-out") }, "on another device"},
		"given a new link": {func(*browser) {
			h.service(func(tx *db.Tx) error {
				var id uuid.UUID
				if err := tx.Get(t.Context(), &id, `SELECT id FROM staff WHERE email = $1`, emailOf("HARBOUR")); err != nil {
					return err
				}
				_, err := staff.Renew(t.Context(), tx, console, h.now, id, "")
				return err
			})
		}, "by an administrator"},
	} {
		b := h.as("HARBOUR")
		send := b.drawnForm(path, aContact...)
		c.ends(b)
		sent := send()
		if sent.status != http.StatusSeeOther || !strings.HasPrefix(sent.location, "/sign-in?") {
			t.Errorf("%s: %d to %q", name, sent.status, sent.location)
			continue
		}
		page := b.open(sent.location).text()
		for _, want := range []string{c.says, "What you sent was not recorded", "What you typed is kept for you"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the sign-in page does not say %q: %s", name, want, page)
			}
		}
		if strings.Contains(page, "Siân") || strings.Contains(page, "Rang") {
			t.Errorf("%s: the sign-in page tells who it was", name)
		}
		u, _ := url.Parse(sent.location)
		kept := u.Query().Get("next")
		b.becomes("EXI")
		for _, other := range []shown{b.open(kept), b.open("/")} {
			if strings.Contains(other.raw, "Rang") || other.Find(`#kept-forms`).Length() > 0 || strings.Contains(other.text(), "You were signed out before") {
				t.Errorf("%s: who signs in next is shown it", name)
			}
		}
		b.becomes("HARBOUR")
		if s := b.open("/"); !strings.HasPrefix(s.Find(`main a[href="`+kept+`"]`).Text(), "Record contact, sent today at ") {
			t.Errorf("%s: the start page does not lead to it: %s", name, s.text())
		}
		s := b.open(kept)
		for i := 0; i < len(aContact); i += 2 {
			if !s.keeps(aContact[i], aContact[i+1]) {
				t.Errorf("%s: the form has lost %s", name, aContact[i])
			}
		}
		if again := b.post(kept, typing(held(s, hiddenBoxes), with(aContact, "note", "Rang: "+name))...); again.location != strings.TrimSuffix(path, "/contact")+"?done=contact" {
			t.Errorf("%s: sent again: %d %v", name, again.status, again.faults())
		}
		if n := h.count(keptForms); n != 0 {
			t.Errorf("%s: it is kept although it was sent", name)
		}
	}
	if n := h.count(`SELECT count(*) FROM contact`); n != 5 {
		t.Errorf("%d contacts, of one form each time", n)
	}
}

// Where nothing can be kept, it is said: nobody is led to an empty form without a word.
func TestWhatCannotBeKeptSaysSo(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.released("A1234BC").String() + "/contact"
	forgotten := []string{pageMark, staff.SessionOf("of long ago").Mark()}
	b := h.as("HARBOUR")
	if s := b.post(path, append(forgotten, aContact...)...); s.status != http.StatusConflict || !strings.Contains(s.text(), "not known any more who opened") || !strings.Contains(s.text(), "could not be kept") {
		t.Errorf("of a session that is forgotten: %d %s", s.status, s.text())
	}
	for _, c := range []struct {
		name string
		ends func()
	}{
		{"opened a week ago", func() { h.now = h.now.Add(staff.KeptFor) }},
		{"of somebody disabled", func() {
			h.service(func(tx *db.Tx) error { return staff.Disable(t.Context(), tx, console, h.now, emailOf("HARBOUR")) })
		}},
	} {
		b.becomes("HARBOUR")
		send := b.drawnForm(path, aContact...)
		c.ends()
		sent := send()
		text := b.open(sent.location).text()
		if h.count(keptForms) != 0 || !strings.Contains(text, "was not recorded") || !strings.Contains(text, "What you typed could not be kept") || strings.Contains(text, "is kept") {
			t.Errorf("%s: %d to %q: %s", c.name, sent.status, sent.location, text)
		}
	}
}

// One browser has one cookie: a form that somebody filled in before another person signed in there is carried out in
// nobody's name, and waits for who filled it in.
func TestAFormIsNeverCarriedOutInAnothersName(t *testing.T) {
	h := newHouse(t)
	h.known("CWI")
	planned, list := h.referred(draft("A1234BC")).String(), releaseHeader+"Aoife,Ní Bhriain-A1234BE,29/02/1984,Female,A1234BE,27/11/2023,Heroin,Yes\n"
	everything := func() int {
		return h.count(made) + h.count(`SELECT (SELECT count(*) FROM referral_draft) + (SELECT count(*) FROM received_file) + (SELECT count(*) FROM audit WHERE act = 'searched')`)
	}
	b := h.as("EXI")
	waits := 0
	for path, c := range map[string]struct {
		typed []string
		kept  bool
	}{
		"/find":                                 {[]string{"prison_number", "A1234BC"}, true},
		"/referrals/new":                        {nil, false}, // a button: nothing is typed
		"/referrals/" + planned + "/withdrawal": {typing([]string{"reason", "mistaken"}, oneDay("on", "20")), true},
		"/referrals/" + planned + "/transfer":   {typing([]string{"to_prison", "CWI"}, oneDay("on", "20")), true},
	} {
		b.becomes("EXI")
		send := b.drawnForm(path, c.typed...)
		before := everything()
		b.becomes("CWI")
		answer := send()
		if text := answer.text(); answer.status != http.StatusConflict || !strings.Contains(text, "You are signed in as Siân of CWI, HMP Channings Wood") ||
			strings.Contains(text, "EXI") || strings.Contains(text, "What was typed is kept") != c.kept {
			t.Errorf("%s: %d %s", path, answer.status, text)
		}
		if after := everything(); after != before {
			t.Errorf("%s is carried out as somebody else", path)
		}
		if c.kept {
			waits++
		}
	}
	b.becomes("EXI")
	upload := b.markedUpload(list)
	b.becomes("CWI")
	if s := b.send(upload); s.status != http.StatusConflict || !strings.Contains(s.text(), "The file is not kept") || h.count(`SELECT count(*) FROM received_file`) != 0 {
		t.Errorf("a list: %d %s", s.status, s.text())
	}
	if n := h.count(`SELECT count(*) FROM audit WHERE act = 'refused' AND organisation = 'CWI' AND kind = 'page' AND detail ->> 'form' = 'of somebody else'`); n != 5 {
		t.Errorf("the auditor is told of %d refusals", n)
	}
	if s := b.open("/"); s.Find(`#kept-forms`).Length() != 0 {
		t.Errorf("who signed in since is offered them: %s", s.text())
	}
	b.becomes("EXI")
	s := b.open("/")
	if offered := s.Find(`main a[href*="kept="]`).Length(); offered != waits {
		t.Errorf("%d forms of %d are offered to who filled them in", offered, waits)
	}
	if s := b.post("/account/kept/discard", held(s, hiddenBoxes)...); s.location != "/" || h.count(keptForms) != 0 {
		t.Errorf("discarding them: %d, and %d are left", s.status, h.count(keptForms))
	}
}

// Whoever has signed in again in another tab sends what is open in this one.
func TestAFormOfTheSamePersonsEarlierSessionIsTaken(t *testing.T) {
	h := newHouse(t)
	b, path := h.as("HARBOUR"), "/referrals/"+h.released("A1234BC").String()
	send := b.drawnForm(path+"/contact", aContact...)
	b.post("/sign-out")
	b.becomes("HARBOUR")
	if s := send(); s.location != path+"?done=contact" {
		t.Errorf("%d %s", s.status, s.text())
	}
}

// markedUpload is a list as the page of lists would send it.
func (b *browser) markedUpload(content string) *http.Request {
	b.Helper()
	fields, body := map[string]string{}, &bytes.Buffer{}
	for i, page := 0, held(b.open("/imports"), hiddenBoxes); i < len(page); i += 2 {
		fields[page[i]] = page[i+1]
	}
	w := multipart.NewWriter(body)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		w.WriteField(name, fields[name])
	}
	part, err := w.CreateFormFile("file", "list.csv")
	if err != nil {
		b.Fatal(err)
	}
	part.Write([]byte(content))
	w.Close()
	r := b.form("/imports")
	r.Body, r.ContentLength = io.NopCloser(body), int64(body.Len())
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}

// A file is not kept, which is said. It is read to its end all the same: until they have sent all of it, browsers do not
// show an answer.
func TestAFileSentAfterItsSessionEndedIsNotKeptAndSaysSo(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	list := b.markedUpload(strings.Repeat("A", 1<<20))
	body := list.Body
	b.post("/sign-out")
	recorder := httptest.NewRecorder()
	h.site.Config.Handler.ServeHTTP(recorder, list)
	if left, err := io.ReadAll(body); err != nil || len(left) > 0 {
		t.Errorf("%d bytes are not read: %v", len(left), err)
	}
	to := recorder.Header().Get("Location")
	if text := b.open(to).text(); !strings.Contains(text, "The file is not kept: sign in, then choose it again") || h.count(keptForms) != 0 {
		t.Errorf("to %q: %s", to, text)
	}
}

// What ended the session is told as it was: nobody waits 15 minutes in vain for another reason. Nothing is kept of passwords.
func TestAFormSentAfterSigningOutElsewhereSaysSo(t *testing.T) {
	h := newHouse(t)
	b, other := h.as("EXI"), h.as("EXI")
	other.post("/sign-out")
	sent := b.post("/account/password", "password", password, "new_password", "kettle violet tractor")
	if sent.location != "/sign-in?ended=out&next=%2Faccount%2Fpassword" {
		t.Errorf("to %q", sent.location)
	}
	s := b.open(sent.location)
	if text := s.text(); !strings.Contains(text, "What you sent was not recorded") || strings.Contains(text, "15 minutes") {
		t.Errorf("the page says %s", text)
	}
	if again := b.post("/sign-in", "ended", value(s, "ended")); !strings.Contains(again.text(), "What you sent was not recorded") {
		t.Error("after a slip it is not said any more")
	}
}

func TestAFormWithoutAPageOfItsOwnLeadsHome(t *testing.T) {
	h := newHouse(t)
	b := h.as("SUBGROUP")
	h.now = h.now.Add(20 * time.Minute)
	if s := b.post("/reports/send", "again", "yes"); s.location != "/sign-in?ended=yes" {
		t.Errorf("to %q", s.location)
	}
}

// Somebody else was at work on the same while a form was kept: whoever sends it is told first.
func TestAKeptFormThatWasOvertakenSaysSoFirst(t *testing.T) {
	h := newHouse(t)
	path := "/referrals/" + h.released("A1234BC").String() + "/contact"
	b := h.as("HARBOUR")
	send := b.drawnForm(path, aContact...)
	b.post("/sign-out")
	u, _ := url.Parse(send().location)
	h.as("EXI").drawnForm(path, with(aContact, "kind", "in_reach")...)()
	b.becomes("HARBOUR")
	kept := u.Query().Get("next")
	sends := func(page shown) shown { return b.post(kept, typing(held(page, hiddenBoxes), aContact)...) }
	told := sends(b.open(kept))
	if told.status != http.StatusConflict || !strings.Contains(told.text(), "this was recorded by HMP Exeter: Contact. In-reach") || !told.keeps("note", "Rang, will come on Tuesday") {
		t.Errorf("sent after the other: %d %s", told.status, told.text())
	}
	if s := sends(told); s.status != http.StatusSeeOther || h.count(keptForms) != 0 {
		t.Errorf("sent once more: %d %v", s.status, s.faults())
	}
}
