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
	if c.ask.LastWhole && w != c.windows[len(c.windows)-1] {
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
		M1: M1{Releases: all.releases, PickedUp: all.pickedUp, Share: ShareOf(all.pickedUp, all.releases), FirstThreeWeeks: all.youngWaiting},
		M2: M2{Releases: all.mature, PickedUp: all.pickedUpInTime, Share: ShareOf(all.pickedUpInTime, all.mature), Awaiting: all.releases - all.mature},
	}
}

func (w *tally) adjusted() Adjusted {
	a := w.adjust
	releases := w.all.mature - a.removed.Died - a.removed.ReturnedToCustody - a.removed.MovedArea
	pickedUp := w.all.pickedUpInTime - a.removedPickedUp + a.elsewhere
	return Adjusted{Releases: releases, PickedUp: pickedUp, Share: ShareOf(pickedUp, releases),
		PickedUpElsewhere: a.elsewhere, Removed: a.removed}
}

// groups are the breakdown's groups, those without releases too: all windows show the same ones.
func (c *count) groups(w *tally, kind int) Groups {
	groups := Groups{}
	for at, name := range c.values[kind] {
		var s sums
		if at < len(w.inGroup[kind]) {
			s = w.inGroup[kind][at]
		}
		groups = append(groups, Group{name, s.m1(), s.m2()})
	}
	return groups
}
