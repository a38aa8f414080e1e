package reconcile

import (
	"bytes"
	"testing"
)

// FuzzSheet: whatever is sent as a file, it is refused in words or every row of it can be read, and
// its result can be written and read again.
func FuzzSheet(f *testing.F) {
	rows := table(ProviderPickups(), goodPickup(), with(goodPickup(), wordNotes, "two\nlines, \"quoted\""))
	for _, separator := range []string{",", ";", "\t"} {
		f.Add(csvAs(rows, separator, "\r\n"))
	}
	f.Add(windows1252(f, csvAs(rows, ",", "\r")))
	f.Add(bookOf(f, rows))
	f.Add([]byte("Surname,First name,Date of birth,Sex,Structured treatment start\n\"a,\"b\n,,,,\n"))
	f.Fuzz(func(t *testing.T, received []byte) {
		s, err := ReadSheet("file", received, ProviderPickups())
		if err != nil {
			if !isRefusal(err) {
				t.Fatalf("not a refusal in words: %v", err)
			}
			return
		}
		n := 0
		for row, err := range s.Each() {
			if err != nil {
				t.Fatalf("the second reading differs from the first: %v", err)
			}
			p, found := ReadProviderRow(row, words, today)
			if len(found.Refused) == 0 && (p.GivenName == "" || p.FamilyName == "" || p.BornOn.IsZero()) {
				t.Fatalf("a row without a person is taken: %+v", p)
			}
			n++
		}
		if n != s.Rows {
			t.Fatalf("%d rows were counted, %d read", s.Rows, n)
		}
		if s.text != nil {
			rewritten(t, s)
		}
	})
}

func rewritten(t *testing.T, s *Sheet) {
	var out bytes.Buffer
	if err := WriteResult(&out, s, nil); err != nil {
		t.Fatalf("the result cannot be written: %v", err)
	}
}
