package reconcile

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"throughgate/internal/db"
	"throughgate/internal/staff"
	"throughgate/internal/timeline"
)

// standAgain judges every release of a file again under today's settings. Of a release's facts only
// the destination is held against a setting: those are found by what they would change. It answers
// which releases have come to count.
func standAgain(ctx context.Context, tx *db.Tx, who staff.Who, in intake) (map[uuid.UUID]bool, error) {
	var records []*kept
	err := tx.Select(ctx, &records, `
		SELECT `+keptColumns+`
		FROM referral
		WHERE destination IS NOT NULL
		  AND withdrawn_on IS NULL
		  AND (upper(destination) = ANY (SELECT upper(code) FROM unnest($1::text[]) AS code)) = (set_aside IS NOT DISTINCT FROM 'other partnership')
		  AND (set_aside IS NULL OR set_aside IN ('other partnership', 'under 18', 'no consent', 'no referral made'))
		FOR NO KEY UPDATE`, pq.Array(in.datCodes))
	if err != nil {
		return nil, err
	}
	counts := map[uuid.UUID]bool{}
	var events []timeline.Event
	for _, k := range records {
		if _, err := k.change(func() error {
			k.stand(k.asRow(k.bornBefore()).Standing(in.datCodes), in.provider)
			return nil
		}); err != nil {
			return nil, err
		}
		if k.changed {
			counts[k.ID] = k.SetAside == ""
			events = append(events, k.events()...)
		}
	}
	records = slices.DeleteFunc(records, func(k *kept) bool { return !k.changed })
	if err := updateReleases(ctx, tx, in.now, records); err != nil {
		return nil, err
	}
	if err := timeline.Record(ctx, tx, who, in.now, events...); err != nil {
		return nil, err
	}
	for _, k := range records {
		if err := k.arrange(ctx, tx, staff.Service, in.now, in.today); err != nil {
			return nil, err
		}
	}
	return counts, nil
}
