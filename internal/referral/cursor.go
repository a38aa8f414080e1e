package referral

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/problem"
)

// cursor is where a list goes on: after this row, in the list's order. Going on by place and not by
// number, a page deep in the list costs what the first one costs, and nobody is shown twice or
// missed because others came in meanwhile.
type cursor struct {
	Rank int       `json:"r"` // of the run
	Key  string    `json:"k"` // a date or a moment
	ID   uuid.UUID `json:"i"`
}

// atStart says that nothing has been read yet.
func (c cursor) atStart() bool { return c.Key == "" }

func (c cursor) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // numbers and text always marshal
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// parseCursor reads a cursor back; "" is the start. One that was tampered with is refused in words.
func parseCursor(text string) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil || c.Rank < 0 || !isPlace(c.Key) {
		return cursor{}, problem.Wrong("cursor", "invalid", "Give the next_cursor of the page before, as it was.")
	}
	return c, nil
}

// isPlace says whether it is a day or a moment as PostgreSQL writes them.
func isPlace(key string) bool {
	_, noDay := time.Parse(time.DateOnly, key)
	_, noMoment := time.Parse("2006-01-02 15:04:05.999999Z07", key)
	return noDay == nil || noMoment == nil
}
