package jobs

import (
	"context"

	"throughgate/internal/appointment"
	"throughgate/internal/audit"
	"throughgate/internal/db"
	"throughgate/internal/referral"
	"throughgate/internal/staff"
)

// scope is as whom jobs look across organisations.
var scope = db.Scope{Part: db.Jobs}

// openSlots opens the days that have come within reach, and gives their places to who waits.
func openSlots(ctx context.Context, d Deps) error {
	var opened int
	err := d.Pool.Act(ctx, scope, func(tx *db.Tx) (err error) {
		now := d.Now()
		if opened, err = appointment.OpenSlots(ctx, tx, now); err != nil || opened == 0 {
			return err
		}
		return audit.Write(ctx, tx, staff.Service.By, now, "slots_opened", "settings", "slots", audit.Detail{"places": opened})
	})
	if err != nil || opened == 0 {
		return err
	}
	d.Log.Info("places opened", "count", opened)
	return allocateWaiting(ctx, d)
}

// allocateWaiting books those who wait for a place, earliest release first: places also open when
// somebody cancels, and then nobody tells this job.
func allocateWaiting(ctx context.Context, d Deps) error {
	var booked int
	err := d.Pool.Act(ctx, scope, func(tx *db.Tx) (err error) {
		now := d.Now()
		if booked, err = referral.AllocateWaiting(ctx, tx, now); err != nil || booked == 0 {
			return err
		}
		return audit.Write(ctx, tx, staff.Service.By, now, "waiting_allocated", "settings", "slots", audit.Detail{"booked": booked})
	})
	if err == nil && booked > 0 {
		d.Log.Info("waiting referrals booked", "count", booked)
	}
	return err
}
