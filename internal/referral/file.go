package referral

import (
	"encoding/json"

	"github.com/google/uuid"

	"throughgate/internal/seal"
)

// NewReference draws a reference for a referral that a file brings; see newReference.
func NewReference() string { return newReference() }

// WithTelephone is a referral's sealed detail with this telephone number in it, all else kept. The
// same number again leaves it as it is.
func WithTelephone(k *seal.Keys, id uuid.UUID, sealed []byte, telephone string) ([]byte, error) {
	d := detail{}
	if len(sealed) > 0 {
		plain, err := k.Open(sealedDetail, id.String(), sealed)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &d); err != nil {
			return nil, err
		}
	}
	if d.Telephone == Text(telephone) {
		return sealed, nil
	}
	d.Telephone = Text(telephone)
	plain, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return k.Seal(sealedDetail, id.String(), plain)
}
