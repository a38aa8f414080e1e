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
	all := w.all
	return Window{
		Start: w.start,
		End:   w.end,
		M1: M1{Releases: all.releases, People: all.releases - w.twice, PickedUp: all.pickedUp,
			Share: ShareOf(all.pickedUp, all.releases), FirstThreeWeeks: all.youngWaiting},
		M2: M2{Releases: all.mature, PickedUp: all.pickedUpInTime,
			Share: ShareOf(all.pickedUpInTime, all.mature), Awaiting: all.releases - all.mature},
		M2Adjusted:       w.adjusted(),
		BySubstanceGroup: c.groups(w, substanceGroup),
		ByPrison:         c.groups(w, prison),
		BySex:            c.groups(w, sex),
		ByAgeBand:        c.groups(w, ageBand),
		ByNotice:         c.groups(w, notice),
		Supporting:       c.supporting(w),
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
