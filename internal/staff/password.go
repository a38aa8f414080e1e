package staff

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"throughgate/internal/problem"
)

// Cost of argon2id: OWASP's smallest recommended setting, about 20 ms on this class of machine.
const (
	argonPasses  = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonSalt    = 16
	argonLength  = 32
)

// HashPassword makes what is stored of a password.
func HashPassword(password string) string {
	salt := random(argonSalt)
	return encodedHash(salt, argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, argonThreads, argonLength))
}

func random(n int) []byte {
	drawn := make([]byte, n)
	rand.Read(drawn)
	return drawn
}

func encodedHash(salt, hash []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonPasses, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(hash))
}

// passwordFits compares in constant time; a hash that cannot be read fits nothing.
func passwordFits(stored, password string) bool {
	var version, memory, passes, threads int
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &passes, &threads); err != nil {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) == 0 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, uint32(passes), uint32(memory), uint8(threads), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

// nobodys is a hash that no password fits: an unknown account takes as long to refuse as a known one. It is drawn, not
// made of a password: that would cost every start of the program 20 ms and 19 MiB.
var nobodys = encodedHash(random(argonSalt), random(argonLength))

// checkPassword says what is wrong with a new password: its length, and whether everybody who guesses
// would try it, or everybody who knows its owner's own words. Nothing is asked about figures and signs: long ones are what
// helps.
func checkPassword(c *problem.Corrections, field, password string, own []string) {
	switch n := utf8.RuneCountInString(password); {
	case n == 0:
		c.Add(field, "required", "Enter a password")
	case n < 12:
		c.Add(field, "too_short", "Your password must have at least 12 characters")
	case n > 128:
		c.Add(field, "too_long", "Your password must have at most 128 characters")
	case mostlyOwn(password, own):
		c.Add(field, "own_words", "Choose another password: your name, your email address and your organisation are what somebody who knows you guesses first. Three words that do not belong together are hard to guess")
	case isCommon(password):
		c.Add(field, "common", "Choose another password: this one is among the first that anybody guesses. Three words that do not belong together are hard to guess")
	}
}
