package picture

import (
	"html/template"
	"strings"

	"throughgate/internal/continuity"
)

// icon is a ring with a letter in it, after Making Data Count's. It stands beside its words and says nothing alone.
type icon struct {
	Ring   Ink
	Letter string
	Path   string // what is drawn in the ring
}

var asIcon = template.Must(template.New("icon").Parse(
	`<svg class="app-icon" width="56" height="56" viewBox="0 0 56 56" aria-hidden="true" font-family="Arial, Helvetica, sans-serif">` +
		`<circle cx="28" cy="28" r="24" fill="#ffffff" stroke="{{.Ring}}" stroke-width="6"/>` +
		`{{with .Path}}<path d="{{.}}" fill="none" stroke="#505a5f" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/>{{end}}` +
		`{{with .Letter}}<text x="28" y="28" font-size="20" font-weight="bold" text-anchor="middle" fill="#0b0c0c">{{.}}</text>{{end}}</svg>`))

const (
	rising  = "M14 42L22 38L28 40L36 34L42 33"
	falling = "M14 33L20 34L28 39L34 38L42 42"
	wave    = "M12 30L18 24L24 33L30 24L37 33L44 27"
	across  = "M12 38H44"
)

// Variation is the icon for what the latest month shows: H for high and improving, L for low and of concern.
func Variation(v continuity.Variation) template.HTML {
	return map[continuity.Variation]icon{
		continuity.Improving: {Blue, "H", rising},
		continuity.Worsening: {Orange, "L", falling},
		continuity.ByChance:  {Grey, "", wave},
		continuity.Unjudged:  {Faint, "", across},
	}[v].svg()
}

// Assurance is the icon for how the limits lie to a target: P for pass, F for fail, ? for either by chance.
func Assurance(a continuity.Assurance) template.HTML {
	return map[continuity.Assurance]icon{
		continuity.Passing:  {Blue, "P", across},
		continuity.Failing:  {Orange, "F", across},
		continuity.HitMiss:  {Grey, "?", across},
		continuity.NoAnswer: {Faint, "", across},
	}[a].svg()
}

func (i icon) svg() template.HTML {
	var out strings.Builder
	if err := asIcon.Execute(&out, i); err != nil {
		panic(err) // it is written into memory, by a template of ours
	}
	return template.HTML(out.String())
}

// KeyLine is a line of the control chart as it is explained beside the picture: the mean, or a limit.
func KeyLine(broken bool) template.HTML {
	dash := ""
	if broken {
		dash = ` stroke-dasharray="5 4"`
	}
	return template.HTML(`<svg class="app-key" width="32" height="16" viewBox="0 0 32 16" aria-hidden="true"><path d="M0 8H32" stroke="#0b0c0c" stroke-width="1.5"` + dash + `/></svg>`)
}

// Key is a dot as it is explained beside the picture.
func Key(s continuity.Signal) template.HTML {
	shape, ink := Meaning(s)
	p := Picture{Dots: []Dot{{At{}, shape, ink, 6}}}
	return template.HTML(`<svg class="app-key" width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true"><path d="` +
		outline(p.Dots[0].Shape, p.Dots[0].Size) + `" fill="` + string(p.Dots[0].Ink) + `" stroke="#0b0c0c"/></svg>`)
}
