package referral

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"

	"throughgate/config"
	"throughgate/internal/day"
	"throughgate/internal/db"
	"throughgate/internal/staff"
)

// Same compares a referral with what was first sent under the same sender's reference. differing
// names the fields; id is zero when nothing was sent under it. What came in a file, or was corrected
// to this reference, differs in sender_reference alone, for there is no content to compare.
func Same(ctx context.Context, tx *db.Tx, who staff.Who, senderReference string, d Draft) (same bool, id uuid.UUID, differing []string, err error) {
	c := checking{}
	r := &Referral{}
	err = tx.Get(ctx, r, `
		SELECT r.id, r.prison, r.received_at, r.detail_sealed
		FROM referral r
		WHERE r.prison = $1
		  AND r.sender_reference_bix = $2
		  AND r.moved_from IS NULL`,
		who.Organisation(), senderIndex(tx, Text(c.word("sender_reference", senderReference))))
	switch {
	case errors.Is(err, db.ErrNone):
		return false, uuid.Nil, nil, nil
	case err != nil:
		return false, uuid.Nil, nil, err
	}
	first, err := r.openDetail(tx)
	if err != nil {
		return false, uuid.Nil, nil, err
	}
	if first.Sent == nil {
		return false, r.ID, []string{"sender_reference"}, nil
	}
	differing, err = differences(r.asKept(tx.Rules, *first.Sent, d))
	return err == nil && len(differing) == 0, r.ID, differing, err
}

// asKept are two drafts as they would have been kept on the day of the first, so that what is only spelt otherwise, such as
// a number with spaces or a name composed in another way, is the same. Where one of them could not be kept, both stay as
// they were typed. The sender's reference, by which they met, is none of the content.
func (r *Referral) asKept(rules *config.Config, first, second Draft) (a, b Draft) {
	typed := []Draft{first, second}
	kept := slices.Clone(typed)
	for i, d := range typed {
		as, wrong := checked(d, r.Prison, day.Of(r.ReceivedAt), rules)
		if len(wrong) > 0 {
			kept = typed
			break
		}
		kept[i] = as.draft()
		kept[i].ReleaseDateCertainty = d.ReleaseDateCertainty // which a correction, for which drafts are made, leaves alone
	}
	a, b = kept[0], kept[1]
	a.SenderReference, b.SenderReference = "", ""
	return a, b
}

// differences names the fields of two drafts that differ. Null, "" and left out are the same.
func differences(a, b Draft) ([]string, error) {
	x, err := fields(a)
	if err != nil {
		return nil, err
	}
	y, err := fields(b)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for name := range maps.Keys(x) {
		names[name] = x[name] != y[name]
	}
	for name := range maps.Keys(y) {
		names[name] = x[name] != y[name]
	}
	maps.DeleteFunc(names, func(_ string, differs bool) bool { return !differs })
	return slices.Sorted(maps.Keys(names)), nil
}

// fields are a draft's values by the names that the API gives them: "person.nhs_number".
func fields(d Draft) (map[string]string, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	flat := map[string]string{}
	return flat, flatten(flat, "", tree)
}

func flatten(flat map[string]string, prefix string, tree map[string]any) error {
	for name, value := range tree {
		if inner, ok := value.(map[string]any); ok {
			if err := flatten(flat, prefix+name+".", inner); err != nil {
				return err
			}
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if said := string(text); said != "null" && said != `""` && said != "[]" {
			flat[prefix+name] = said
		}
	}
	return nil
}
