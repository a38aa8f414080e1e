package web

import (
	"archive/zip"
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"

	"throughgate/internal/db"
)

const (
	pickupHeader  = "Our reference,First name,Surname,Date of birth,Sex,Referral received,Appointment offered,Appointment attended,Structured treatment start,Notes\n"
	releaseHeader = "First name,Surname,Date of birth,Sex,Client reference,Planned release date,Drug 1,Consent to share\n"
)

// Two rows, the second with a date of birth that does not exist; and the same, mended.
const (
	spoiltList = releaseHeader + "Siân,O'Neill,29/02/1984,Female,A1234BC,27/11/2023,Heroin,Yes\n" + "Owen,Pugh,31/02/1985,Male,A2345CD,28/11/2023,Alcohol,Yes\n"
	mendedList = releaseHeader + "Siân,O'Neill,29/02/1984,Female,A1234BC,27/11/2023,Heroin,Yes\n" + "Owen,Pugh,28/02/1985,Male,A2345CD,28/11/2023,Alcohol,Yes\n"
)

// upload sends a file as the page's form would.
func (b *browser) upload(name, content string) shown {
	b.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		b.Fatal(err)
	}
	part.Write([]byte(content))
	w.Close()
	r, err := http.NewRequestWithContext(b.Context(), post, b.site.URL+"/imports", &body)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", b.site.URL)
	return b.send(r)
}

func TestAListIsCheckedMendedAndStored(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	s := b.upload("releases.csv", spoiltList)
	if s.status != http.StatusSeeOther || !strings.HasPrefix(s.location, "/imports/") {
		t.Fatalf("%d %s", s.status, s.text())
	}
	page := b.open(s.location)
	for _, want := range []string{"Nothing is stored yet", "Accepted1", "Refused1", "Row 3", "Date of birth: ", "Store the list without the refused rows"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("%q is not said: %s", want, page.text())
		}
	}
	if strings.Contains(page.raw, "Pugh") || strings.Contains(page.raw, "31/02/1985") {
		t.Error("the page repeats what the file says of a person")
	}
	result := b.open(s.location + "/result")
	if !strings.Contains(result.raw, "Answer,Why") || !strings.Contains(result.header.Get("Content-Disposition"), "answered releases.csv") {
		t.Errorf("%v %s", result.header, result.raw)
	}
	if n := h.count(`SELECT count(*) FROM referral`); n != 0 {
		t.Errorf("%d referrals before anything was stored", n)
	}
	s = b.upload("releases.csv", mendedList)
	var wait sync.WaitGroup
	for range 2 { // a double click
		wait.Go(func() {
			if stored := b.post(s.location + "/store"); stored.location != s.location {
				t.Errorf("%d %s", stored.status, stored.text())
			}
		})
	}
	wait.Wait()
	if page := b.open(s.location); !strings.Contains(page.text(), "Your list is stored") || !strings.Contains(page.text(), "Accepted2") {
		t.Errorf("stored: %s", page.text())
	}
	if page := b.open(s.location); page.Find(`#rows ~ table a[href^="/referrals/"]`).Length() != 2 || !strings.Contains(page.text(), "Print the cards of the people awaiting release") {
		t.Errorf("no way leads to whom the list referred: %s", page.text())
	}
	h.service(func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE referral SET withdrawn_on = '2023-11-20', withdrawn_reason = 'declined'`)
		return err
	})
	if page := b.open(s.location); page.Find(`#rows ~ table a[href^="/referrals/"]`).Length() != 0 || strings.Contains(page.text(), "Print the cards") {
		t.Errorf("cards are to be printed of who is withdrawn: %s", page.text())
	}
	if n := h.count(`SELECT count(*) FROM referral`); n != 2 {
		t.Errorf("%d referrals", n)
	}
	if page := b.open("/imports"); page.Find("tbody tr").Length() != 1 || !strings.Contains(page.text(), "Accepted 2, refused 0") {
		t.Errorf("lists sent: %s", page.text())
	}
	for _, other := range []string{"CWI", "HARBOUR"} {
		o := h.as(other)
		for _, path := range []string{s.location, s.location + "/result"} {
			if got := o.open(path); got.status != http.StatusNotFound {
				t.Errorf("%s opens %s: %d", other, path, got.status)
			}
		}
		if got := o.post(s.location + "/store"); got.status != http.StatusNotFound {
			t.Errorf("%s stores it: %d", other, got.status)
		}
		if got := o.open("/imports"); strings.Contains(got.raw, "releases.csv") {
			t.Errorf("%s sees it on its list", other)
		}
	}
}

// U+202E turns what follows around: "sv\u202exslx.csv" would read as a workbook.
func TestAFilesNameIsShownAsItIs(t *testing.T) {
	b := newHouse(t).as("EXI")
	page := b.open(b.upload("sv\u202excx.csv", mendedList).location)
	if strings.Contains(page.raw, "\u202e") || !strings.Contains(page.text(), "svxcx.csv") {
		t.Errorf("the name: %s", page.text())
	}
}

func TestAProvidersListIsTheProvidersOwnKind(t *testing.T) {
	h := newHouse(t)
	h.released("A1234BC")
	b := h.as("HARBOUR")
	s := b.upload("pickups.csv", pickupHeader+
		"1,Aoife,Ní Bhriain-A1234BC,29/02/1984,Female,,,,19/11/2023,\n"+"2,Nobody,Known,29/02/1984,Female,,,,19/11/2023,\n")
	if s.status != http.StatusSeeOther {
		t.Fatalf("%d %v", s.status, s.faults())
	}
	if page := b.open(s.location); !strings.Contains(page.text(), "Set aside: not a known prison leaver1") {
		t.Errorf("%s", page.text())
	}
	if only := b.open(s.location + "?answer=set+aside"); only.Find("tbody tr").Length() != 1 || !strings.Contains(only.Find("tbody tr").Text(), "Row 3") {
		t.Errorf("only what was set aside: %s", only.text())
	}
	b.post(s.location + "/store")
	if n := h.count(`SELECT count(*) FROM pickup`); n != 1 {
		t.Errorf("%d pick-ups", n)
	}
}

// bomb is a workbook that would unpack to 300 MiB.
func bomb(t *testing.T) string {
	var book bytes.Buffer
	z := zip.NewWriter(&book)
	if _, err := z.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, UncompressedSize64: 300 << 20}); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return book.String()
}

func TestAFileThatIsNoListIsRefusedOnItsPage(t *testing.T) {
	h := newHouse(t)
	b := h.as("EXI")
	for name, c := range map[string]struct {
		file, content string
		status        int
		says          string
	}{
		"no file":        {"", "", http.StatusUnprocessableEntity, "Select a file"},
		"empty":          {"a.csv", "", http.StatusUnprocessableEntity, "The file is empty"},
		"other headings": {"a.csv", "Name,Age\nSiân,39\n", http.StatusUnprocessableEntity, "First name"},
		"a document":     {"a.csv", "%PDF-1.7\n\xe2\xe3", http.StatusUnprocessableEntity, "a document or a picture"},
		"a picture":      {"a.xlsx", "\x89PNG\r\n", http.StatusUnprocessableEntity, "a document or a picture"},
		"an old book":    {"a.xls", "\xd0\xcf\x11\xe0\xa1\xb1", http.StatusUnprocessableEntity, "old (.xls)"},
		"a bomb":         {"a.xlsx", bomb(t), http.StatusRequestEntityTooLarge, "unpacks to more than 200 MiB"},
		"too large":      {"a.csv", strings.Repeat("x", 21<<20), http.StatusRequestEntityTooLarge, "larger than 20 MiB"},
	} {
		s := b.upload(c.file, c.content)
		if s.status != c.status || !strings.Contains(s.faults()["file"], c.says) || !strings.HasPrefix(s.title(), "Error: ") {
			t.Errorf("%s: %d %v", name, s.status, s.faults())
		}
	}
	if n := h.count(`SELECT count(*) FROM waiting_file`); n != 0 {
		t.Errorf("%d files wait", n)
	}
	header, _, _ := strings.Cut(mendedList, "\n")
	s := b.open(b.upload("a.csv", header+"\n").location)
	if !strings.Contains(s.text(), "There is no row below the header") || s.Find(`form[action$="/store"]`).Length() != 0 {
		t.Errorf("a list of nobody: %s", s.text())
	}
}
