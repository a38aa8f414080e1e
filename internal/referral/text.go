package referral

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// Text is a word that may be missing: "" is NULL in the database and null in JSON.
type Text string

func (t Text) String() string { return string(t) }

// MarshalJSON writes a missing word as null.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// Value hands the word to PostgreSQL.
func (t Text) Value() (driver.Value, error) {
	if t == "" {
		return nil, nil
	}
	return string(t), nil
}

// Scan takes a word from PostgreSQL.
func (t *Text) Scan(from any) error {
	switch v := from.(type) {
	case nil:
		*t = ""
	case string:
		*t = Text(v)
	case []byte:
		*t = Text(v)
	default:
		return fmt.Errorf("a word cannot be read from a %T", from)
	}
	return nil
}
