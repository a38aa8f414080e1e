package continuity

import "strings"

// withheld is what the footer says when Guard hid something.
const withheld = " More is hidden here than this rule asks, because with the other figures, or with earlier reports, a small number could have been worked out."

// hide takes one cell out of the report, with everything in words that repeats it.
func (o *Outgoing) hide(cell string) {
	if !o.Withheld {
		o.Withheld, o.Footer = true, o.Footer+withheld
	}
	switch kind, name, _ := strings.Cut(cell, " "); {
	case cell == cellM1:
		o.hideM1()
	case cell == cellM2:
		o.hideM2()
	case cell == cellAdjusted:
		o.M2Adjusted = notShown
	case cell == cellAwaiting:
		o.Awaiting = Shown{hidden: true}
	case kind+" " == cellPoint:
		o.hidePoint(name)
	case kind+" " == cellFunnel:
		hideLine(o.Funnel, name)
	case kind+" " == cellDays:
		hideLine(o.TimeToPickUp, name)
	case kind+" " == cellFigure:
		o.hideFigure(name)
	case kind+" " == cellGroup:
		o.hidePart(strings.Split(name, "\x00"))
	}
}

var notShown = ShownRate{of: Shown{hidden: true}, says: tooSmall}

func (o *Outgoing) hideM1() {
	o.M1 = notShown
	o.Headline = headlineOf(*o)
	o.Comparisons.LocalTarget = ""
	o.hidePast()
	o.hideTrend(o.End.String())
}

func (o *Outgoing) hidePast() {
	o.Comparisons.OwnPast, o.Comparisons.Past, o.Comparisons.Change = "", nil, nil
}

// hideM2 hides the adjusted rate as well: it is mostly made of the same releases.
func (o *Outgoing) hideM2() {
	o.M2, o.M2Adjusted = notShown, notShown
	o.Comparisons.England, o.Comparisons.Ambition, o.Comparisons.Definition = "", "", ""
}

// hidePoint hides the rate of the window to a day, wherever it stands.
func (o *Outgoing) hidePoint(end string) {
	if past := o.Comparisons.Past; past != nil && past.End.String() == end {
		o.hidePast()
	}
	if o.hideTrend(end); o.End.String() == end && !o.M1.of.hidden {
		o.hideM1()
	}
}

func (o *Outgoing) hideTrend(end string) {
	for i := range o.Trend {
		if o.Trend[i].End.String() == end {
			o.Trend[i].Rate = notShown
		}
	}
}

func hideLine(lines []Line, name string) {
	for i := range lines {
		if lines[i].Name == name {
			lines[i].Count = Shown{hidden: true}
		}
	}
}

func (o *Outgoing) hideFigure(id string) {
	for i := range o.Supporting {
		if f := &o.Supporting[i]; f.ID == id {
			f.hide()
		}
	}
}

// hidePart hides one group's share in one measure; the totals are those of what is left.
func (o *Outgoing) hidePart(of []string) {
	for i := range o.Breakdowns {
		b := &o.Breakdowns[i]
		if b.Name != of[0] {
			continue
		}
		for j := range b.Rows {
			part := &b.Rows[j].M1
			if of[2] == cellM2 {
				part = &b.Rows[j].M2
			}
			if b.Rows[j].Name == of[1] {
				*part = ShownPart{Shown{hidden: true}, Shown{hidden: true}, notShown}
			}
		}
		b.M1, b.M2 = b.totals(func(g ShownGroup) ShownPart { return g.M1 }), b.totals(func(g ShownGroup) ShownPart { return g.M2 })
	}
}

func (b *Breakdown) totals(of func(ShownGroup) ShownPart) ShownTotal {
	var releases, pickedUp []Shown
	for _, g := range b.Rows {
		releases, pickedUp = append(releases, of(g).Releases), append(pickedUp, of(g).PickedUp)
	}
	return ShownTotal{total(releases), total(pickedUp)}
}
