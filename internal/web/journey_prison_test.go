package web

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"throughgate/internal/db"
)

// date types a date into its three boxes.
func (b tab) date(name, day, month, year string) {
	b.Helper()
	for part, text := range map[string]string{"day": day, "month": month, "year": year} {
		b.do(chromedp.SetValue(box(name+"-"+part), text))
	}
}

// box is a field by its id, which may hold a dot.
func box(id string) string { return `[id="` + id + `"]` }

func (b tab) choose(name, value string) {
	b.Helper()
	b.do(chromedp.Click(`input[name="` + name + `"][value="` + value + `"]`))
}

// next presses the page's one button and waits for the next page's heading.
func (b tab) next(heading string) {
	b.Helper()
	b.do(chromedp.Click(`main form button.govuk-button`), chromedp.WaitVisible(`//h1[contains(., "`+heading+`")]`))
}

func (b tab) says(want string) {
	b.Helper()
	if text := read(b, chromedp.Text(`body`)); !strings.Contains(text, want) {
		b.Errorf("%q is not said: %s", want, text)
	}
}

// Refer, book, print the card, change the date, release, attend, pick up, and the report shows it: with nothing but what
// the pages offer to each of three people.
func TestSomebodyIsSeenThroughTheGateAndIntoTreatment(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		b := h.signedIn(t, "EXI", scripts)
		b.refers(scripts)
		b.printsTheCard(scripts)
		b.do(chromedp.Click(`.govuk-back-link`), chromedp.WaitVisible(`.app-next`), chromedp.Click(`.app-next a.govuk-button`), chromedp.WaitVisible(`#release_known`))
		b.choose("release_known", "confirmed")
		b.next("What is the new day of release?")
		b.date("planned_release_date", "20", "11", "2023")
		b.next("Siân O'Neill")
		b.says("The appointment moved: it was Wednesday 29 November 2023 at 10am, it is Wednesday 22 November 2023 at 10am.")
		b.do(chromedp.Click(`.app-next a.govuk-button`), chromedp.WaitVisible(`.app-card`)) // the new card comes first
		b.do(chromedp.Click(`.govuk-back-link`), chromedp.WaitVisible(`.app-next`), chromedp.Click(`.app-next a.govuk-button`), chromedp.WaitVisible(`#reason`))
		b.choose("reason", "RELEASED")
		b.next("When were they released?")
		b.date("released_on", "20", "11", "2023")
		b.next("Siân O'Neill")
		b.says("What happened is recorded. The appointment stays as it was")

		h.now = time.Date(2023, 11, 22, 11, 0, 0, 0, time.UTC) // an hour after the appointment
		b.becomes(h, "HARBOUR")
		b.do(chromedp.Click(`a[href="/appointments"]`), chromedp.Click(`button[value="attended"]`), chromedp.WaitVisible(`.govuk-notification-banner--success`),
			chromedp.Click(`td a[href$="/pickup"]`), chromedp.WaitVisible(`#kind`))
		b.date("picked_up_on", "22", "11", "2023")
		b.choose("kind", "new_episode")
		b.next("Siân O'Neill")
		b.says("The pick-up is confirmed.")

		h.now = h.now.Add(24 * time.Hour) // figures are to yesterday
		b.becomes(h, "SUBGROUP")
		b.do(chromedp.Navigate(h.site.URL + "/report"))
		b.says("1 of 1 release picked up")
	})
}

// printsTheCard opens the card from the page that offers it.
func (b tab) printsTheCard(scripts bool) {
	b.Helper()
	b.do(chromedp.Click(`main a.govuk-button`), chromedp.WaitVisible(`.app-card`))
	b.says("Harbour Centre")
	if scripts {
		b.do(chromedp.WaitVisible(`[data-print]`))
	}
	b.onePageOfA5()
}

// refers somebody, page by page, with one page sent too early.
func (b tab) refers(scripts bool) {
	b.Helper()
	b.do(chromedp.Click(`nav a[href="/referrals/new"]`), chromedp.WaitVisible(`.govuk-button--start`))
	b.next("Has the person agreed")
	b.choose("consent.share_with_provider", "given")
	b.next("What is their name?")
	b.do(chromedp.SendKeys(box("person.given_name"), "Siân"), chromedp.Click(`main form button.govuk-button`), chromedp.WaitVisible(`.govuk-error-summary`))
	if scripts {
		if at := read(b, chromedp.Evaluate[string](`document.activeElement.className`)); !strings.Contains(at, "govuk-error-summary") {
			b.Errorf("the focus is on %q", at)
		}
	}
	b.do(chromedp.SendKeys(box("person.family_name"), "O'Neill"))
	b.next("What is their date of birth?")
	b.date("person.date_of_birth", "29", "2", "1984")
	b.next("What is their sex?")
	b.choose("person.sex", "female")
	b.next("What are their prison number")
	b.do(chromedp.SendKeys(box("person.prison_number"), "A1234BC"))
	b.next("What is known of the release?")
	b.choose("release_known", "expected")
	b.next("What is the day of release?")
	b.date("release_on", "27", "11", "2023")
	b.next("What kind of release")
	b.next("Which substances")
	b.choose("substances", "heroin")
	b.next("Are they on opioid substitution?")
	b.choose("opioid_substitution.medicine", "methadone")
	for _, optional := range []string{"bridging prescription", "naloxone", "SMART", "referred to RECONNECT", "agreed that RECONNECT", "anything else"} {
		b.next(optional)
	}
	b.next("Check your answers")
	b.next("Referral made")
}

// onePageOfA5 prints the card that is shown: 148 by 210 millimetres are 420 by 595 points.
func (b tab) onePageOfA5() {
	b.Helper()
	printed := read(b, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize()))
	if pages := regexp.MustCompile(`/Count (\d+)`).FindSubmatch(printed); pages == nil || string(pages[1]) != "1" {
		b.Errorf("the card is printed on %q pages", pages)
	}
	if !regexp.MustCompile(`/MediaBox \[0 0 4(19|20)[.\d]* (594|595)`).Match(printed) {
		b.Error("the card is not printed on A5")
	}
}

// With everything as long as a clinic's form allows, the card is still one page.
func TestTheLongestCardIsOnePage(t *testing.T) {
	h := newHouse(t)
	id := h.referred(draft("A1234BC")).String()
	long := strings.Repeat("Long Ashburton ", 14)[:200]
	h.service(func(tx *db.Tx) error {
		_, err := tx.Exec(t.Context(), `UPDATE clinic SET place = $1, address = $1, ask_for = $1, telephone = $1, directions = $1`, long)
		return err
	})
	b := h.signedIn(t, "EXI", true)
	b.do(chromedp.Navigate(h.site.URL+"/referrals/"+id+"/card"), chromedp.WaitVisible(`.app-card--long`))
	b.onePageOfA5()
}

func TestAListIsUploadedMendedAndUploadedAgainInABrowser(t *testing.T) {
	bothWays(t, func(t *testing.T, scripts bool) {
		h := newHouse(t)
		b := h.signedIn(t, "EXI", scripts)
		b.do(chromedp.Click(`nav a[href="/imports"]`), chromedp.WaitVisible(`#file`))
		b.do(chromedp.Click(`main form button.govuk-button`), chromedp.WaitVisible(`.govuk-error-summary`))
		b.says("Select a file")
		b.uploads(spoiltList)
		b.says("not a date")
		b.do(chromedp.Click(`main a[href="/imports"]`), chromedp.WaitVisible(`#file`)) // to mend it
		b.uploads(mendedList)
		b.next("Your list is stored")
		if n := h.count(`SELECT count(*) FROM referral`); n != 2 {
			t.Errorf("%d referrals", n)
		}
		b.do(chromedp.Reload())
		if n := h.count(`SELECT count(*) FROM referral`); n != 2 {
			t.Errorf("after a reload: %d referrals", n)
		}
	})
}

// uploads chooses a file on the page that asks for one.
func (b tab) uploads(content string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), "releases.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		b.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles(`#file`, []string{path}))
	b.next("Check the answers to your list")
}
