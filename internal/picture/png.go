package picture

import (
	"bytes"
	"image/color"
	"image/png"
	"strconv"
	"strings"

	fonts "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// canvas is a picture being painted, y upwards as vg has it.
type canvas struct {
	draw.Canvas
	Picture
	left, inner float64 // margin, and breadth between the margins, in points
	fine        float64 // dots for each point
}

// PNG is the picture as dots: so many points broad, with so many dots for each point.
func (p Picture) PNG(wide, fine float64) ([]byte, error) {
	image := vgimg.NewWith(vgimg.UseWH(vg.Length(wide*fine), vg.Length(p.High*fine)), vgimg.UseDPI(72), vgimg.UseBackgroundColor(color.White))
	c := canvas{draw.New(image), p, 0, wide, fine}
	if p.Scaled {
		c.left, c.inner = leftMargin, wide-leftMargin-rightMargin
	}
	for _, a := range p.Areas {
		c.FillPolygon(a.Ink.rgba(), c.places(a.Edge))
	}
	for _, l := range p.Lines {
		c.StrokeLines(draw.LineStyle{Color: l.Ink.rgba(), Width: vg.Length(l.Width * fine), Dashes: c.dashes(l.Dash)}, c.places(l.Through))
	}
	for _, d := range p.Dots {
		c.dot(d)
	}
	for _, w := range p.Words {
		c.words(w)
	}
	var drawn bytes.Buffer
	quick := png.Encoder{CompressionLevel: png.BestSpeed} // a twentieth larger, in half the time
	err := quick.Encode(&drawn, image.Image())
	return drawn.Bytes(), err
}

func (c canvas) dot(d Dot) {
	at, r := c.place(d.At), vg.Length(d.Size*c.fine)
	switch d.Shape {
	case Up:
		c.FillPolygon(d.Ink.rgba(), []vg.Point{{X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y - r}, {X: at.X - r, Y: at.Y - r}})
	case Down:
		c.FillPolygon(d.Ink.rgba(), []vg.Point{{X: at.X, Y: at.Y - r}, {X: at.X + r, Y: at.Y + r}, {X: at.X - r, Y: at.Y + r}})
	default:
		c.DrawGlyph(draw.GlyphStyle{Color: d.Ink.rgba(), Radius: r, Shape: draw.CircleGlyph{}}, at)
	}
}

func (c canvas) place(at At) vg.Point {
	return vg.Point{X: vg.Length((c.left + at.Across/100*c.inner) * c.fine), Y: vg.Length((c.High - at.Down) * c.fine)}
}

func (c canvas) places(all []At) (points []vg.Point) {
	for _, at := range all {
		points = append(points, c.place(at))
	}
	return points
}

func (c canvas) dashes(lengths string) (all []vg.Length) {
	for _, one := range strings.Fields(lengths) {
		length, err := strconv.ParseFloat(one, 64)
		if err == nil {
			all = append(all, vg.Length(length*c.fine))
		}
	}
	return all
}

var anchors = map[Anchor]text.XAlignment{Start: text.XLeft, Middle: text.XCenter, End: text.XRight}

func (c canvas) words(w Words) {
	face := font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Length(w.Size*c.fine))
	if w.Bold {
		face.Weight = fonts.WeightBold
	}
	at := c.place(w.At)
	at.X += vg.Length(w.Right * c.fine)
	c.FillText(text.Style{Color: w.Ink.rgba(), Font: face, XAlign: anchors[w.Anchor], YAlign: text.YBottom, Handler: plot.DefaultTextHandler}, at, w.Text)
}

func (i Ink) rgba() color.RGBA {
	n, err := strconv.ParseUint(strings.TrimPrefix(string(i), "#"), 16, 24)
	if err != nil {
		panic("not a colour: " + string(i)) // they are all above
	}
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 0xff}
}
