// Package seal keeps personal fields unreadable to whoever holds the database without the key.
// A sealed field is opened only by the program; an equal value is found again by its blind index.
package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Master is the key that wraps all others. It lives in a file or the environment, never in the database.
type Master struct{ key []byte }

const masterBytes = 32

// NewMaster draws a fresh key.
func NewMaster() Master {
	key := make([]byte, masterBytes)
	rand.Read(key)
	return Master{key}
}

// ParseMaster reads a key as Master.String writes it.
func ParseMaster(text string) (Master, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != masterBytes {
		return Master{}, fmt.Errorf("the key must be %d bytes in base64: make one with 'openssl rand -base64 %d'", masterBytes, masterBytes)
	}
	return Master{key}, nil
}

// String is the key in base64, for the key file only.
func (m Master) String() string { return base64.StdEncoding.EncodeToString(m.key) }

// Zero says that no key was given.
func (m Master) Zero() bool { return len(m.key) == 0 }

// ReadMaster reads the key file, which nobody but its owner may be able to read.
func ReadMaster(file string) (Master, error) {
	info, err := os.Stat(file)
	if err != nil {
		return Master{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Master{}, fmt.Errorf("others can read the key file %s: mend it with 'chmod 600 %s'", file, file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Master{}, err
	}
	return ParseMaster(string(text))
}

// ReadOrMakeMaster is ReadMaster, making the file on the first start of a private cluster. Two
// starts at once agree on one key: the file appears whole or not at all.
func ReadOrMakeMaster(file string) (Master, error) {
	m, err := ReadMaster(file)
	if !errors.Is(err, os.ErrNotExist) {
		return m, err
	}
	draft, err := os.CreateTemp(filepath.Dir(file), ".key-*") // made with 0600
	if err != nil {
		return Master{}, err
	}
	defer os.Remove(draft.Name())
	if _, err = draft.WriteString(NewMaster().String() + "\n"); err != nil {
		return Master{}, err
	}
	if err = errors.Join(draft.Sync(), draft.Close()); err != nil {
		return Master{}, err
	}
	if err = os.Link(draft.Name(), file); err != nil && !errors.Is(err, os.ErrExist) {
		return Master{}, err
	}
	return ReadMaster(file)
}

// Keys seal and open fields, and make blind indexes.
type Keys struct {
	aead tink.AEAD
	prf  *prf.Set
}

// Wrapped are the two keysets as the database keeps them, readable only with the master key.
type Wrapped struct{ AEAD, PRF []byte }

// Generate makes fresh keysets, wrapped by the master key.
func Generate(m Master) (Wrapped, error) {
	sealing, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return Wrapped{}, err
	}
	finding, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return Wrapped{}, err
	}
	var w Wrapped
	if w.AEAD, err = m.wrap(sealing); err != nil {
		return Wrapped{}, err
	}
	w.PRF, err = m.wrap(finding)
	return w, err
}

// Open unwraps the keysets.
func Open(m Master, w Wrapped) (*Keys, error) {
	sealing, err := m.unwrap(w.AEAD)
	if err != nil {
		return nil, err
	}
	finding, err := m.unwrap(w.PRF)
	if err != nil {
		return nil, err
	}
	k := &Keys{}
	if k.aead, err = aead.New(sealing); err != nil {
		return nil, err
	}
	k.prf, err = prf.NewPRFSet(finding)
	return k, err
}

func (m Master) wrap(h *keyset.Handle) ([]byte, error) {
	box, err := subtle.NewAESGCM(m.key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = h.Write(keyset.NewBinaryWriter(&out), box)
	return out.Bytes(), err
}

// ErrWrongKey means that the master key given is not the one that this database was sealed with.
var ErrWrongKey = errors.New("the key given does not open this database: give the key it was made with (losing it loses the names)")

func (m Master) unwrap(wrapped []byte) (*keyset.Handle, error) {
	box, err := subtle.NewAESGCM(m.key)
	if err != nil {
		return nil, err
	}
	h, err := keyset.Read(keyset.NewBinaryReader(bytes.NewReader(wrapped)), box)
	if err != nil {
		return nil, ErrWrongKey
	}
	return h, nil
}

// Seal encrypts one field. place ("person.identity") and row tie it to where it stands, so that a
// sealed field copied to another row does not open. Nothing sealed is nil.
func (k *Keys) Seal(place, row string, plain []byte) ([]byte, error) {
	if plain == nil {
		return nil, nil
	}
	return k.aead.Encrypt(plain, []byte(place+"|"+row))
}

// Open decrypts one field; a nil field is nil.
func (k *Keys) Open(place, row string, sealed []byte) ([]byte, error) {
	if sealed == nil {
		return nil, nil
	}
	plain, err := k.aead.Decrypt(sealed, []byte(place+"|"+row))
	if err != nil {
		return nil, fmt.Errorf("%s does not open: it was altered, moved or sealed with another key", place)
	}
	return plain, nil
}

// blindBytes make a chance collision among a billion values rarer than one in 10^20.
const blindBytes = 16

// Blind is the keyed index of a value: equal values of one kind have equal indexes, and without
// the key nothing else can be learned from it. An empty value has none.
func (k *Keys) Blind(kind, value string) []byte {
	if value == "" {
		return nil
	}
	index, err := k.prf.ComputePrimaryPRF([]byte(kind+"\x00"+value), blindBytes)
	if err != nil {
		panic(err) // only a keyset without a primary key fails, and Open has refused that
	}
	return index
}
