package referral

import (
	"encoding/base64"
	"encoding/json"

	"github.com/google/uuid"

	"throughgate/internal/problem"
)

// cursor is where a list goes on: after this row, in the list's order. Going on by place and not by
// number, a page deep in the list costs what the first one costs, and nobody is shown twice or
// missed because others came in meanwhile.
type cursor struct {
	Rank int       `json:"r"`
	Key  string    `json:"k"` // a date or a moment
	ID   uuid.UUID `json:"i"`
}

// start is before every row.
var start = cursor{Rank: -1, Key: "-infinity"}

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // numbers and text always marshal
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseCursor(text string) (c cursor, err error) {
	if text == "" {
		return start, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil {
		return c, problem.Wrong("cursor", "invalid", "Give the next_cursor of the page before, as it was.")
	}
	return c, nil
}
