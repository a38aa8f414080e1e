package referral

import (
	"crypto/rand"
	"strings"
)

// letters cannot be taken for one another when read out or copied by hand: no 0 O, 1 I L, 5 S, U V.
const letters = "2346789ABCDEFGHJKMNPQRTWXYZ"

// newReference draws what people quote to each other, such as TG-7F3K-2Q9D: one of 282 thousand
// million, and it says nothing about the person.
func newReference() string {
	reference := make([]byte, 0, 12)
	reference = append(reference, "TG-"...)
	for len(reference) < cap(reference) {
		if len(reference) == 7 {
			reference = append(reference, '-')
		}
		reference = append(reference, randomLetter())
	}
	return string(reference)
}

func randomLetter() byte {
	most := byte(256 / len(letters) * len(letters)) // above it some letters would come up more often
	for {
		var b [1]byte
		rand.Read(b[:])
		if b[0] < most {
			return letters[int(b[0])%len(letters)]
		}
	}
}

// Reference reads a reference however somebody wrote it down: in small letters, with or without TG and
// hyphens.
func Reference(text string) (reference string, ok bool) {
	bare := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == '\u2013' {
			return -1
		}
		return r
	}, strings.ToUpper(text))
	if len(bare) == 10 {
		bare = strings.TrimPrefix(bare, "TG")
	}
	if len(bare) != 8 || strings.Trim(bare, letters) != "" {
		return "", false
	}
	return "TG-" + bare[:4] + "-" + bare[4:], true
}
