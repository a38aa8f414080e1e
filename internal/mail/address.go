// Package mail is the way out of the service: letters composed, kept in an outbox and handed to the
// mail server once each, to people who asked for them. It never says more than the letter it is given.
package mail

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"throughgate/internal/problem"
)

// Longest address, local part (RFC 5321, 4.5.3.1) and header text that we take.
const (
	maxAddress    = 254
	maxLocal      = 64
	maxHeaderText = 250
)

// atoms is a local part without quoting: the quoted form can hide spaces and commands, and nobody
// who receives the report has one.
var atoms = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

// Address checks a single mailbox, "name@domain", and gives it back with its domain in the form
// that travels (lower case, xn-- for letters beyond ASCII). A display part, a space, a line break,
// a quoted name or an address of digits is refused with a *problem.Invalid that does not repeat it.
func Address(s string) (string, error) {
	local, domain, found := strings.Cut(s, "@")
	if !found || len(local) > maxLocal || !atoms.MatchString(local) {
		return "", badAddress()
	}
	domain, err := asciiDomain(domain)
	if err != nil || len(local)+1+len(domain) > maxAddress {
		return "", badAddress()
	}
	return local + "@" + domain, nil
}

func badAddress() error {
	return problem.Wrong("address", "invalid_address",
		"Enter one email address, like name@example.org, without spaces or a name around it.")
}

var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)

func asciiDomain(s string) (string, error) {
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil || !utf8.ValidString(s) || !domainName.MatchString(ascii) {
		return "", badAddress()
	}
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", badAddress() // letters that no registry takes: what travels could not be read back
	}
	return ascii, nil
}

// OnDomain says whether a checked address lies on one of the domains, exactly: a subdomain is
// another domain, and an empty list allows nobody.
func OnDomain(address string, domains []string) bool {
	_, domain, _ := strings.Cut(address, "@")
	return slices.ContainsFunc(domains, func(allowed string) bool {
		ascii, err := asciiDomain(allowed)
		return err == nil && ascii == domain
	})
}

// AllowedAddress is Address, refused unless it lies on one of the domains.
func AllowedAddress(s string, domains []string) (string, error) {
	address, err := Address(s)
	if err != nil {
		return "", err
	}
	if !OnDomain(address, domains) {
		return "", problem.Wrong("address", "domain_not_allowed",
			"The report is not sent to this domain. An administrator can allow it in the configuration.")
	}
	return address, nil
}

// HeaderText refuses what must never stand in a header: a line break or any other control
// character (it could begin a header of its own), a character that turns the direction of writing
// (it could make one name look like another), broken UTF-8, and more than 250 characters. field is
// the field's name for the person who typed it.
func HeaderText(field, s string) error {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unsafeInHeader) {
		return problem.Wrong(field, "invalid_characters",
			"Remove line breaks and hidden characters.")
	}
	if utf8.RuneCountInString(s) > maxHeaderText {
		return problem.Wrong(field, "too_long", "Use at most 250 characters.")
	}
	return nil
}

func unsafeInHeader(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
}
