package reconcile

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"throughgate/internal/db"
	"throughgate/internal/problem"
	"throughgate/internal/staff"
)

func (h *house) preview(who staff.Who, file []byte) uuid.UUID {
	h.t.Helper()
	id, err := Preview(h.t.Context(), h.pool, who, h.now, "releases.csv", file)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *house) file(who staff.Who, id uuid.UUID) (f *File, err error) {
	return f, h.pool.Act(h.t.Context(), who.Scope(), func(tx *db.Tx) (err error) {
		f, err = FileOf(h.t.Context(), tx, who, id)
		return err
	})
}

func TestAFileIsLookedAtBeforeItIsStored(t *testing.T) {
	h, exeter := open(t), as(staff.Prison, "EXI")
	id := h.preview(exeter, releases(plain()))
	if n := h.one(`SELECT count(*) FROM referral`); n != "0" {
		t.Errorf("looking stored %s releases", n)
	}
	f, err := h.file(exeter, id)
	if err != nil || !f.Waiting || f.Answer.Accepted != 1 || f.Result.Answers[2].Answer != Accepted {
		t.Fatalf("%+v %v", f, err)
	}
	for i, want := range []string{"", "already_recorded"} {
		err := StoreWaiting(t.Context(), h.pool, exeter, h.now, id)
		var stands *problem.Conflict
		if want == "" && err != nil || want != "" && (!errors.As(err, &stands) || stands.Code != want) {
			t.Errorf("stored for the time %d: %v", i+1, err)
		}
	}
	if n := h.one(`SELECT count(*) FROM referral`) + h.one(`SELECT count(*) FROM received_file`) + h.one(`SELECT count(*) FROM waiting_file`); n != "110" {
		t.Errorf("releases, files and files that wait: %s", n)
	}
	if f, err = h.file(exeter, id); err != nil || f.Waiting || f.Result.Answers[2].Answer != Accepted {
		t.Errorf("%+v %v", f, err)
	}
}

func TestAFileIsItsSendersAlone(t *testing.T) {
	h, exeter := open(t), as(staff.Prison, "EXI")
	colleague := exeter
	colleague.By.Actor = "staff:colleague"
	id := h.preview(exeter, releases(plain()))
	var none *problem.NotFound
	for name, who := range map[string]staff.Who{"another prison": as(staff.Prison, "CWI"), "the provider": as(staff.Provider, "HARBOUR"), "a colleague, before it is stored": colleague} {
		if _, err := h.file(who, id); !errors.As(err, &none) {
			t.Errorf("%s sees it: %v", name, err)
		}
		if err := StoreWaiting(t.Context(), h.pool, who, h.now, id); !errors.As(err, &none) {
			t.Errorf("%s stores it: %v", name, err)
		}
	}
	if err := StoreWaiting(t.Context(), h.pool, exeter, h.now, id); err != nil {
		t.Fatal(err)
	}
	if _, err := h.file(colleague, id); err != nil {
		t.Errorf("a colleague, once it is stored: %v", err)
	}
	if _, err := h.file(as(staff.Prison, "CWI"), id); !errors.As(err, &none) {
		t.Errorf("another prison, once it is stored: %v", err)
	}
}

func TestAStoredFileComesBackWithItsAnswersAndIsAudited(t *testing.T) {
	h, exeter := open(t), as(staff.Prison, "EXI")
	h.prison("EXI", releases(plain()))
	var list []File
	var back bytes.Buffer
	err := h.pool.Act(t.Context(), exeter.Scope(), func(tx *db.Tx) (err error) {
		if list, err = Files(t.Context(), tx, exeter); err != nil || len(list) != 1 {
			return errors.Join(err, errors.New("not one file"))
		}
		f, err := FileOf(t.Context(), tx, exeter, list[0].ID)
		if err != nil {
			return err
		}
		return f.WriteAnswered(t.Context(), tx, exeter, h.now, &back)
	})
	if err != nil || !strings.Contains(back.String(), ",Answer,Why") || !strings.Contains(back.String(), "accepted") {
		t.Errorf("%v %s", err, back.String())
	}
	if list[0].Name != "releases.csv" || !list[0].Kept || list[0].Answer.Accepted != 1 {
		t.Errorf("the list says %+v", list[0])
	}
	if got := h.one(`SELECT string_agg(act || ' ' || kind, ', ' ORDER BY id) FROM audit WHERE act IN ('exported', 'shown')`); got != "exported file, shown person" {
		t.Errorf("audited is %s", got)
	}
}

func TestAFileThatNobodyStoresIsForgottenInADay(t *testing.T) {
	h := open(t)
	h.preview(as(staff.Prison, "EXI"), releases(plain()))
	for _, c := range []struct{ hours, gone int }{{24, 0}, {25, 1}} {
		h.act(func(tx *db.Tx) error {
			n, err := PurgeWaiting(t.Context(), tx, h.now.Add(time.Duration(c.hours)*time.Hour))
			if n != c.gone {
				t.Errorf("after %d hours: %d", c.hours, n)
			}
			return err
		})
		if n := h.one(`SELECT count(*)::text FROM audit WHERE act = 'purged' AND kind = 'file' AND actor = 'service'`); n != strconv.Itoa(c.gone) {
			t.Errorf("after %d hours: %s rows in the trail", c.hours, n)
		}
	}
}
