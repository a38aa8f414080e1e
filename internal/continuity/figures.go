package continuity

// figures turns the finished tallies into what is shown.
func (c *count) figures() *Figures {
	f := &Figures{Measure: Version, DataThrough: c.ask.DataThrough, Partnership: c.rules.Partnership.Name}
	for _, w := range c.windows {
		f.Windows = append(f.Windows, c.window(w))
	}
	return f
}

func (c *count) window(w *tally) Window {
	whole := w.rolling()
	if c.ask.LastWhole && w != c.last() {
		whole.Supporting.S12 = c.completeness(w)
		return whole
	}
	whole.M1.People = whole.M1.Releases - w.twice
	whole.M2Adjusted = w.adjusted()
	whole.BySubstanceGroup = c.groups(w, substanceGroup)
	whole.ByPrison = c.groups(w, prison)
	whole.BySex = c.groups(w, sex)
	whole.ByAgeBand = c.groups(w, ageBand)
	whole.ByNotice = c.groups(w, notice)
	whole.Supporting = c.supporting(w)
	return whole
}

// rolling is the window with M1 and M2 alone; who was released twice is not told from people.
func (w *tally) rolling() Window {
	all := w.all
	return Window{Start: w.start, End: w.end,
		M1: M1{Releases: all.Releases, PickedUp: all.PickedUp, Share: ShareOf(all.PickedUp, all.Releases), FirstThreeWeeks: all.YoungWaiting},
		M2: M2{Releases: all.Mature, PickedUp: all.PickedUpInTime, Share: ShareOf(all.PickedUpInTime, all.Mature), Awaiting: all.Releases - all.Mature},
	}
}

func (w *tally) adjusted() Adjusted {
	a := w.adjust
	releases := w.all.Mature - a.Removed.Died - a.Removed.ReturnedToCustody - a.Removed.MovedArea
	pickedUp := w.all.PickedUpInTime - a.RemovedPickedUp + a.Elsewhere
	return Adjusted{Releases: releases, PickedUp: pickedUp, Share: ShareOf(pickedUp, releases),
		PickedUpElsewhere: a.Elsewhere, Removed: a.Removed}
}

// groups are the breakdown's groups, those without releases too: all windows show the same ones.
func (c *count) groups(w *tally, kind int) Groups {
	groups := Groups{}
	for at, name := range c.values[kind] {
		s := w.group(kind, at)
		groups = append(groups, Group{name, s.m1(), s.m2()})
	}
	return groups
}
