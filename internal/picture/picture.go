// Package picture draws what the report's figures look like: the rate over time, the control chart, the way from referral
// to pick-up. Each picture is described once, and written as SVG for pages and as PNG for emails. It counts nothing.
package picture

import (
	"html/template"
	"strconv"
	"strings"
)

// Picture is shapes, painted in the order of its fields. Across, places are in per cent of the breadth between the margins,
// so that one drawing fits a phone and a wide screen; down, and for the size of letters, in points, which never shrink with
// the screen.
type Picture struct {
	Alt    string // what is to be seen, for who does not see it
	High   float64
	Scaled bool // it has a scale, whose words stand in the margins
	Areas  []Area
	Lines  []Line
	Dots   []Dot
	Words  []Words
}

// At is a place in a picture.
type At struct{ Across, Down float64 }

// Area is a filled shape.
type Area struct {
	Edge []At
	Ink  Ink
}

// Line leads from place to place. Dash is lengths of stroke and gap, "" for one that is not broken.
type Line struct {
	Through []At
	Ink     Ink
	Width   float64
	Dash    string
}

// Dot is a mark at a place. What it means is told by its shape as well as by its colour.
type Dot struct {
	At
	Shape Shape
	Ink   Ink
	Size  float64 // half of its breadth, in points
}

// Words are a line of text, moved to the right by Right points.
type Words struct {
	At
	Right  float64
	Text   string
	Size   float64
	Ink    Ink
	Bold   bool
	Anchor Anchor
}

// Anchor says which part of a text stands at its place.
type Anchor string

// The anchors, as SVG calls them.
const (
	Start  Anchor = "start"
	Middle Anchor = "middle"
	End    Anchor = "end"
)

// Shape is the form of a dot.
type Shape string

// The shapes.
const (
	Round Shape = "round"
	Up    Shape = "up"   // a triangle that points up
	Down  Shape = "down" // and one that points down
)

// Ink is a colour, as #rrggbb.
type Ink string

// The inks. Blue, orange and grey are Making Data Count's for improvement, concern and common cause.
const (
	Black  Ink = "#0b0c0c"
	Dim    Ink = "#505a5f"
	Faint  Ink = "#d8dbde"
	White  Ink = "#ffffff"
	Strong Ink = "#1d70b8"
	Pale   Ink = "#cde0f2" // tells itself from Strong in grey too
	Blue   Ink = "#289de0"
	Orange Ink = "#fab428"
	Grey   Ink = "#7b7d7d"
)

// letters are the sizes of text: none is smaller, whatever the screen.
const (
	letters = 15
	large   = 20
)

// The margins of a picture with a scale, in points: the left one holds the scale's numbers, the right one half of a year.
const (
	leftMargin  = 42.0
	rightMargin = 22.0
)

// drawing is a picture with what depends on where it is shown.
type drawing struct {
	Picture
	Wide float64 // points; 0 takes the breadth of the page
}

// Left is the left margin, Inner what is between the margins. As part of a page that is told by the style sheet (app-field);
// where it is not heeded, 77% fits the narrowest phone.
func (d drawing) Left() float64 {
	if d.Scaled {
		return leftMargin
	}
	return 0
}

func (d drawing) Inner() string {
	switch {
	case d.Scaled && d.Wide > 0:
		return short(d.Wide - leftMargin - rightMargin)
	case d.Scaled:
		return "77%"
	}
	return "100%"
}

// SVG is the picture as part of a page, as broad as its place there. It has no style and no script in it.
func (p Picture) SVG() template.HTML { return p.written(0) }

// File is the picture as a file of its own, so many points broad.
func (p Picture) File(wide float64) []byte { return []byte(p.written(wide)) }

func (p Picture) written(wide float64) template.HTML {
	var out strings.Builder
	if err := asSVG.Execute(&out, drawing{p, wide}); err != nil {
		panic(err) // it is written into memory, by a template of ours
	}
	return template.HTML(out.String())
}

// The shapes that keep to the breadth of the page lie in a box that is stretched to it; their strokes are not stretched.
var asSVG = template.Must(template.New("svg").Funcs(template.FuncMap{"n": short, "points": points, "outline": outline}).Parse(
	`<svg {{if .Wide}}xmlns="http://www.w3.org/2000/svg" width="{{n .Wide}}"{{else}}class="app-picture" width="100%"{{end}} height="{{n .High}}" role="img" aria-label="{{.Alt}}" font-family="Arial, Helvetica, sans-serif">
{{- if .Wide}}<rect width="100%" height="100%" fill="#ffffff"/>{{end -}}
<svg{{if .Scaled}} class="app-field"{{end}} x="{{n .Left}}" width="{{.Inner}}" height="{{n .High}}" overflow="visible">
<svg width="100%" height="{{n .High}}" viewBox="0 0 100 {{n .High}}" preserveAspectRatio="none" overflow="visible">
{{range .Areas}}<polygon points="{{points .Edge}}" fill="{{.Ink}}"/>
{{end}}{{range .Lines}}<polyline points="{{points .Through}}" fill="none" stroke="{{.Ink}}" stroke-width="{{n .Width}}"{{with .Dash}} stroke-dasharray="{{.}}"{{end}} vector-effect="non-scaling-stroke"/>
{{end}}</svg>
{{range .Dots}}<svg x="{{n .Across}}%" y="{{n .Down}}" overflow="visible"><path d="{{outline .Shape .Size}}" fill="{{.Ink}}" stroke="#0b0c0c"/></svg>
{{end}}{{range .Words}}<text x="{{n .Across}}%" y="{{n .Down}}"{{if .Right}} dx="{{n .Right}}"{{end}} font-size="{{n .Size}}" text-anchor="{{.Anchor}}" fill="{{.Ink}}"{{if .Bold}} font-weight="bold"{{end}} stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke">{{.Text}}</text>
{{end}}</svg></svg>`))

// short is a number to two decimals, without the ones that say nothing.
func short(x float64) string {
	text := strings.TrimRight(strconv.FormatFloat(x, 'f', 2, 64), "0")
	return strings.TrimSuffix(text, ".")
}

func points(places []At) string {
	var list []string
	for _, p := range places {
		list = append(list, short(p.Across)+","+short(p.Down))
	}
	return strings.Join(list, " ")
}

// outline is a dot's shape around the origin.
func outline(s Shape, size float64) string {
	r := short(size)
	switch s {
	case Up:
		return "M0 -" + r + "L" + r + " " + r + "H-" + r + "Z"
	case Down:
		return "M0 " + r + "L" + r + " -" + r + "H-" + r + "Z"
	}
	return "M-" + r + " 0a" + r + " " + r + " 0 1 0 " + short(2*size) + " 0a" + r + " " + r + " 0 1 0 -" + short(2*size) + " 0Z"
}
