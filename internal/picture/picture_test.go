package picture

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"throughgate/internal/continuity"
	"throughgate/internal/day"
)

// year is the rolling rate at twelve month ends, from 20% up by 2 points each; the seventh is not shown.
func year() (rates []Rate) {
	for i, end := range day.WindowEnds(day.MustParse("2023-12-31"), 12) {
		at := 20 + 2*float64(i)
		rates = append(rates, Rate{End: end, Shown: i != 6, Percent: at, Low: at - 8, High: at + 9.5})
	}
	return rates
}

func opened(t *testing.T, p Picture) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(p.SVG())))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// texts are the words in a drawing.
func texts(doc *goquery.Document) (all []string) {
	doc.Find("text").Each(func(_ int, s *goquery.Selection) { all = append(all, s.Text()) })
	return all
}

func holds(t *testing.T, all []string, want ...string) {
	t.Helper()
	for _, w := range want {
		found := false
		for _, one := range all {
			found = found || one == w
		}
		if !found {
			t.Errorf("%q does not stand in the picture: %q", w, all)
		}
	}
}

func TestRatesAreDrawnWhereTheyLie(t *testing.T) {
	marks := []Mark{{"A", day.MustParse("2023-06-01"), "appointments allocated"}}
	doc := opened(t, Rates(year(), marks, 50))
	if n := doc.Find("path").Length(); n != 11 {
		t.Errorf("%d dots for 11 rates that are shown", n)
	}
	if n := doc.Find("polygon").Length(); n != 2 {
		t.Errorf("%d bands on the two sides of a gap", n)
	}
	holds(t, texts(doc), "0%", "60%", "local target 50%", "A", "42%", "Dec", "2023")
	last := doc.Find("path").Last().Parent()
	if x := last.AttrOr("x", ""); x != short(fieldRight)+"%" {
		t.Errorf("the newest rate lies at %s", x)
	}
	// 42% of a scale to 60 is 0.7 of its height above the bottom.
	if y := last.AttrOr("y", ""); y != short(fieldTop+fieldHigh*0.3) {
		t.Errorf("and at the height of %s", y)
	}
}

func TestAPictureSaysWhatIsToBeSeen(t *testing.T) {
	want := "The rolling three-month rate was 20% at 31 January 2023, and 42% at 31 December 2023. At its lowest it was 20% at 31 January 2023, " +
		"at its highest 42% at 31 December 2023. It has stayed below the local target of 50%. At 1 of 12 month ends no rate is shown."
	if got := opened(t, Rates(year(), nil, 50)).Find("svg").First().AttrOr("aria-label", ""); got != want {
		t.Errorf("it says %q", got)
	}
	for target, want := range map[float64]string{20: "It has never been below the local target of 20%.", 40: "It reached the local target of 40% at 2 of these month ends."} {
		if alt := Rates(year(), nil, target).Alt; !strings.Contains(alt, want) {
			t.Errorf("target %v: %s", target, alt)
		}
	}
	if alt := Rates([]Rate{{End: day.MustParse("2023-12-31")}}, nil, 0).Alt; !strings.Contains(alt, "too small to show") {
		t.Errorf("of nothing: %s", alt)
	}
}

// months are a control chart of so many releases picked up of ten each month; -1 is a month without any.
func months(pickedUp ...int) *continuity.ControlChart {
	c := &continuity.ControlChart{Parts: []continuity.ChartPart{{Last: len(pickedUp) - 1, Points: len(pickedUp), Centre: 40,
		Limits: &continuity.Limits{Lower: -5, NearLower: 10, NearUpper: 70, Upper: 85}}}}
	for i, x := range pickedUp {
		m := continuity.ChartMonth{Month: continuity.Month{Start: day.New(2023, 1, 1).AddMonths(i), Releases: 10, PickedUp: x}}
		if x < 0 {
			m.Releases, m.PickedUp = 0, 0
		}
		c.Months = append(c.Months, m)
	}
	return c
}

func TestTheControlChartTellsItsPointsByShapeAndColour(t *testing.T) {
	c := months(4, 3, -1, 9, 0)
	c.Months[3].Signal = continuity.Signal{Rule: continuity.OutsideLimit, Up: true}
	c.Months[4].Signal = continuity.Signal{Rule: continuity.OutsideLimit}
	p := Control(c, 75)
	shapes := map[Shape]Ink{}
	for _, d := range p.Dots {
		shapes[d.Shape] = d.Ink
	}
	if len(p.Dots) != 4 || shapes[Round] != Grey || shapes[Up] != Blue || shapes[Down] != Orange {
		t.Errorf("%d points: %v", len(p.Dots), shapes)
	}
	joined := 0
	for _, l := range p.Lines {
		if l.Ink == Grey {
			joined++
			if len(l.Through) != 2 {
				t.Errorf("a line joins %d months across the gap", len(l.Through))
			}
		}
	}
	if joined != 2 {
		t.Errorf("%d lines on the two sides of the gap", joined)
	}
	for _, want := range []string{"lowest in May 2023 (0%)", "highest in April 2023 (90%)", "trial limits 0% and 85%", "Flagged as improvement: April 2023.", "Flagged as concern: May 2023.",
		"The ambition of 75% is met in some months and missed in others, by chance.", "Months without releases, which are gaps: 1."} {
		if !strings.Contains(p.Alt, want) {
			t.Errorf("%q is not said: %s", want, p.Alt)
		}
	}
	holds(t, texts(opened(t, p)), "ambition 75%", "Jan", "2023")
}

// A limit below 0% is drawn at 0.
func TestLimitsAreHeldToTheScaleWhenDrawn(t *testing.T) {
	for _, l := range Control(months(4, 3, 5, 4), 0).Lines {
		for _, at := range l.Through {
			if at.Down > fieldTop+fieldHigh+6 || at.Down < 0 {
				t.Errorf("a line leads to %v", at)
			}
		}
	}
}

func TestNewLimitsAreMarked(t *testing.T) {
	c := months(4, 3, 5, 4, 6, 7)
	c.Parts = []continuity.ChartPart{{Last: 2, Points: 3, Centre: 40}, {First: 3, Last: 5, Points: 3, Centre: 57, Change: "allocated"}}
	p := Control(c, 0)
	holds(t, texts(opened(t, p)), "A")
	if !strings.Contains(p.Alt, "Since April 2023: no limits") {
		t.Error(p.Alt)
	}
}

func TestTheCurveRisesOnDaysOfPickUpAndNamesWhoStillWaits(t *testing.T) {
	c := make(continuity.Curve, 93)
	for i := range c {
		c[i] = continuity.CurveDay{AtRisk: 40, Share: 0.2, CI95: &continuity.Bounds{Low: 0.1, High: 0.35}}
		if i >= 21 {
			c[i].AtRisk, c[i].Share = 32, 0.5
		}
	}
	p := Curve(c)
	holds(t, texts(opened(t, p)), "21 days", "0", "92", "40", "32", "50%", "days since release")
	if !strings.Contains(p.Alt, "20% on the day itself, 20% (95% interval 10% to 35%) by day 7, 50%") || !strings.Contains(p.Alt, "Half are picked up by day 21.") {
		t.Error(p.Alt)
	}
	if p := Curve(nil); len(p.Lines) != 0 || !strings.Contains(p.Alt, "nobody") {
		t.Errorf("of nobody: %+v", p)
	}
}

func TestBarsAreAsLongAsTheirCounts(t *testing.T) {
	p := Bars("From referral to pick-up", []Bar{{Name: "Released", Count: 80}, {Name: "Picked up", Count: 20, Share: "(25%)"}})
	if end := p.Areas[3].Edge[1].Across; end != 25 {
		t.Errorf("20 of 80 reaches to %v", end)
	}
	if p.Alt != "From referral to pick-up: Released 80; Picked up 20 (25%)." {
		t.Error(p.Alt)
	}
	holds(t, texts(opened(t, p)), "20  (25%)")
}

// What stands on a page has no style and no script, which the pages' policy would refuse; letters are never small.
func TestADrawingNeedsNoStyleAndHasNoSmallLetters(t *testing.T) {
	for name, p := range map[string]Picture{"rates": Rates(year(), nil, 50), "control": Control(months(4, 3, 5, 4), 75), "bars": Bars("x", []Bar{{Name: "<b>", Count: 1}})} {
		doc := opened(t, p)
		if doc.Find("[style], style, script, b").Length() > 0 {
			t.Errorf("%s: a style, a script, or markup from a name", name)
		}
		doc.Find("text").Each(func(_ int, s *goquery.Selection) {
			if size, err := strconv.ParseFloat(s.AttrOr("font-size", ""), 64); err != nil || size < 14 {
				t.Errorf("%s: %q is %v points high", name, s.Text(), size)
			}
		})
	}
}

func TestAFileStandsAlone(t *testing.T) {
	file := Rates(year(), nil, 50).File(640)
	if err := xml.Unmarshal(file, new(struct{ XMLName xml.Name })); err != nil || !bytes.Contains(file, []byte(`xmlns="http://www.w3.org/2000/svg" width="640"`)) {
		t.Errorf("%v: %.200s", err, file)
	}
}

func TestThePNGIsAsLargeAsAsked(t *testing.T) {
	p := Rates(year(), nil, 50)
	drawn, err := p.PNG(400, 2)
	if err != nil {
		t.Fatal(err)
	}
	size, err := png.DecodeConfig(bytes.NewReader(drawn))
	if err != nil || size.Width != 800 || size.Height != int(2*p.High) {
		t.Errorf("%+v, %v", size, err)
	}
}
