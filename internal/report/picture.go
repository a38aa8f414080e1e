package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	fonts "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"throughgate/internal/day"
)

// The picture is nearly square and its letters are large, so that it can still be read when a phone
// shows it 300 points wide.
const (
	pictureWide = 1000
	pictureHigh = 720
)

var (
	ink   = color.RGBA{0x0b, 0x0c, 0x0c, 0xff}
	faint = color.RGBA{0xd8, 0xdb, 0xde, 0xff}
	dim   = color.RGBA{0x50, 0x5a, 0x5f, 0xff}
	blue  = color.RGBA{0x1d, 0x70, 0xb8, 0xff}
	pale  = color.RGBA{0xcd, 0xe0, 0xf2, 0xff} // also tells itself from the line in grey
)

// point is the rolling rate of the window that ends on a day, as far as it may be shown.
type point struct {
	end            day.Date
	shown          bool // false: the numbers are too small, and there is a gap
	rate, low, top float64
}

// mark is a documented change of the pathway, under its letter.
type mark struct {
	Letter string
	On     day.Date
	What   string
}

// drawRates draws the rolling rate with the band of its interval; nil when no point may be shown. It
// is given suppressed figures and so cannot show others.
func drawRates(points []point, marks []mark, target float64) ([]byte, error) {
	if !anyShown(points) {
		return nil, nil
	}
	p := plot.New()
	p.BackgroundColor = color.White
	top := ceiling(points, target)
	axes(p, points, top)
	if err := band(p, points); err != nil {
		return nil, err
	}
	if target > 0 {
		if err := level(p, points, target); err != nil {
			return nil, err
		}
	}
	for _, m := range marks {
		if err := change(p, m, top); err != nil {
			return nil, err
		}
	}
	if err := line(p, points); err != nil {
		return nil, err
	}
	return encode(p)
}

func encode(p *plot.Plot) ([]byte, error) {
	canvas := vgimg.NewWith(vgimg.UseWH(pictureWide, pictureHigh), vgimg.UseDPI(72), vgimg.UseBackgroundColor(color.White))
	p.Draw(draw.Crop(draw.New(canvas), 18, -104, 18, -22))
	var png bytes.Buffer
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(&png)
	return png.Bytes(), err
}

func anyShown(points []point) bool {
	for _, p := range points {
		if p.shown {
			return true
		}
	}
	return false
}

// ceiling is the top of the scale: a multiple of 20 that leaves room for every interval.
func ceiling(points []point, target float64) float64 {
	highest := target + 5
	for _, p := range points {
		if p.shown {
			highest = max(highest, p.top)
		}
	}
	return min(100, max(60, math.Ceil(highest/20)*20))
}

func letters(size font.Length, c color.Color) text.Style {
	return text.Style{
		Color: c, Handler: plot.DefaultTextHandler,
		Font: font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size),
	}
}

func bold(size font.Length, c color.Color) text.Style {
	style := letters(size, c)
	style.Font.Weight = fonts.WeightBold
	return style
}

func axes(p *plot.Plot, points []point, top float64) {
	p.Y.Min, p.Y.Max = 0, top
	p.X.Min, p.X.Max = at(points[0].end)-6, at(points[len(points)-1].end)+6
	var levels, ends plot.ConstantTicks
	for y := 0.0; y <= top; y += 20 {
		levels = append(levels, plot.Tick{Value: y, Label: fmt.Sprintf("%.0f%%", y)})
	}
	for i := len(points) - 1; i >= 0; i -= 6 {
		e := points[i].end
		ends = append(ends, plot.Tick{Value: at(e), Label: fmt.Sprintf("%.3s %d", e.Month(), e.Year())})
	}
	p.Y.Tick.Marker, p.X.Tick.Marker = levels, ends
	p.Y.Tick.LineStyle.Width, p.Y.LineStyle.Width = 0, 0
	p.X.LineStyle = draw.LineStyle{Color: ink, Width: 2}
	p.X.Tick.LineStyle = draw.LineStyle{Color: ink, Width: 2}
	p.X.Tick.Length = 10
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		style := letters(34, ink)
		style.XAlign, style.YAlign = a.Tick.Label.XAlign, a.Tick.Label.YAlign
		a.Tick.Label, a.Padding = style, 6
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal = draw.LineStyle{Color: faint, Width: 2}
	p.Add(grid)
}

// at is where a day lies on the scale.
func at(d day.Date) float64 { return float64(d.Sub(day.New(2000, 1, 1))) }

// stretches are the runs of points between two gaps.
func stretches(points []point) (all [][]point) {
	var run []point
	for _, p := range points {
		if p.shown {
			run = append(run, p)
		} else if len(run) > 0 {
			all, run = append(all, run), nil
		}
	}
	if len(run) > 0 {
		all = append(all, run)
	}
	return all
}

func band(p *plot.Plot, points []point) error {
	for _, run := range stretches(points) {
		if len(run) == 1 { // a lone point's band would have no width
			run = []point{run[0], run[0]}
			run[0].end, run[1].end = run[0].end.Add(-3), run[1].end.Add(3)
		}
		var edge plotter.XYs
		for _, one := range run {
			edge = append(edge, plotter.XY{X: at(one.end), Y: one.top})
		}
		for i := len(run) - 1; i >= 0; i-- {
			edge = append(edge, plotter.XY{X: at(run[i].end), Y: run[i].low})
		}
		area, err := plotter.NewPolygon(edge)
		if err != nil {
			return err
		}
		area.Color, area.LineStyle.Width = pale, 0
		p.Add(area)
	}
	return nil
}

func line(p *plot.Plot, points []point) error {
	for _, run := range stretches(points) {
		var xys plotter.XYs
		for _, one := range run {
			xys = append(xys, plotter.XY{X: at(one.end), Y: one.rate})
		}
		through, dots, err := plotter.NewLinePoints(xys)
		if err != nil {
			return err
		}
		through.LineStyle = draw.LineStyle{Color: blue, Width: 5}
		dots.GlyphStyle = draw.GlyphStyle{Color: blue, Radius: 7, Shape: draw.CircleGlyph{}}
		p.Add(through, dots)
	}
	if last := points[len(points)-1]; last.shown {
		return label(p, at(last.end), last.rate, vg.Point{X: 16, Y: -14}, fmt.Sprintf("%.0f%%", last.rate), bold(44, blue))
	}
	return nil
}

// level is the local target, a broken line across.
func level(p *plot.Plot, points []point, target float64) error {
	from, to := at(points[0].end)-6, at(points[len(points)-1].end)+6
	across, err := plotter.NewLine(plotter.XYs{{X: from, Y: target}, {X: to, Y: target}})
	if err != nil {
		return err
	}
	across.LineStyle = draw.LineStyle{Color: dim, Width: 3, Dashes: []vg.Length{14, 8}}
	p.Add(across)
	return label(p, from, target, vg.Point{X: 8, Y: 8}, fmt.Sprintf("local target %.0f%%", target), letters(30, dim))
}

// change is a pathway change, a dotted line upright under its letter.
func change(p *plot.Plot, m mark, top float64) error {
	upright, err := plotter.NewLine(plotter.XYs{{X: at(m.On), Y: 0}, {X: at(m.On), Y: top}})
	if err != nil {
		return err
	}
	upright.LineStyle = draw.LineStyle{Color: ink, Width: 3, Dashes: []vg.Length{4, 7}}
	p.Add(upright)
	return label(p, at(m.On), top, vg.Point{X: 10, Y: -30}, m.Letter, bold(36, ink))
}

// label writes words at a place of the scale, moved by so many picture points.
func label(p *plot.Plot, x, y float64, offset vg.Point, words string, style text.Style) error {
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: x, Y: y}}, Labels: []string{words}})
	if err != nil {
		return err
	}
	labels.TextStyle[0], labels.Offset = style, offset
	p.Add(labels)
	return nil
}
