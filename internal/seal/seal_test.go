package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func keys(t *testing.T) *Keys {
	t.Helper()
	m := NewMaster()
	w, err := Generate(m)
	if err != nil {
		t.Fatal(err)
	}
	k, err := Open(m, w)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestASealedFieldOpensOnlyWhereItStands(t *testing.T) {
	k, other := keys(t), keys(t)
	sealed, err := k.Seal("person.identity", "row-1", []byte("Siân"))
	if err != nil || bytes.Contains(sealed, []byte("Siân")) {
		t.Fatalf("sealed as %q, %v", sealed, err)
	}
	if plain, err := k.Open("person.identity", "row-1", sealed); err != nil || string(plain) != "Siân" {
		t.Fatalf("opened as %q, %v", plain, err)
	}
	spoilt := append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1)
	for name, try := range map[string]func() ([]byte, error){
		"another row":   func() ([]byte, error) { return k.Open("person.identity", "row-2", sealed) },
		"another field": func() ([]byte, error) { return k.Open("referral.detail", "row-1", sealed) },
		"another key":   func() ([]byte, error) { return other.Open("person.identity", "row-1", sealed) },
		"altered":       func() ([]byte, error) { return k.Open("person.identity", "row-1", spoilt) },
	} {
		if plain, err := try(); err == nil {
			t.Errorf("%s: opened as %q", name, plain)
		}
	}
}

func TestABlindIndexFindsEqualValuesOfOneKindOnly(t *testing.T) {
	k, other := keys(t), keys(t)
	one := k.Blind("number", "A1234BC")
	if !bytes.Equal(one, k.Blind("number", "A1234BC")) {
		t.Error("equal values differ")
	}
	for name, index := range map[string][]byte{
		"another value": k.Blind("number", "A1234BD"), "another kind": k.Blind("name", "A1234BC"),
		"another key": other.Blind("number", "A1234BC"),
	} {
		if bytes.Equal(one, index) {
			t.Errorf("%s has the same index", name)
		}
	}
	if k.Blind("number", "") != nil {
		t.Error("an empty value can be found")
	}
}

func TestTheWrongMasterKeyIsSaidPlainly(t *testing.T) {
	w, err := Generate(NewMaster())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(NewMaster(), w); !errors.Is(err, ErrWrongKey) {
		t.Errorf("got %v", err)
	}
}

func TestManyFirstStartsAgreeOnOneKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	made := make([]string, 16)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			m, err := ReadOrMakeMaster(file)
			if err != nil {
				t.Error(err)
			}
			made[i] = m.String()
		})
	}
	all.Wait()
	for _, m := range made {
		if m != made[0] {
			t.Fatal("two starts hold different keys")
		}
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadMaster(file); err == nil {
		t.Error("a key file that others can read was taken")
	}
}
