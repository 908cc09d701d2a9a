package card

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// asksReason says that the answer asks for the reason and keeps where they were going.
func asksReason(stay, path, to string) bool {
	want := desk.ReasonAddress(stay)
	if path != "/stays/"+stay {
		want += "?next=" + url.QueryEscape(path)
	}
	return to == want
}

// A chief physician opens no page of a stay before saying why; the reason is on
// the patient's record, opens that stay alone, and for a working day.
func TestAChiefPhysicianReadsWithAReason(t *testing.T) {
	f := newFilledHospital(t)
	const number = "11112197500901"
	chief := f.staff(t, number, workforceapi.Chief, cardtest.Hospital)
	stay := "/stays/" + f.stay
	for _, route := range pageRoutes(t) {
		method, path := f.path(route)
		if method != http.MethodGet || !strings.HasPrefix(path, stay) || path == stay+"/reason" {
			continue
		}
		status, to, body := chief.send(method, path, nil)
		if status == http.StatusForbidden {
			continue // closed to the role
		}
		if status != http.StatusSeeOther || !asksReason(f.stay, path, to) || strings.Contains(body, "Эрмек") {
			t.Errorf("%s without a reason: %d %s", route, status, to)
		}
	}
	if body := chief.get(stay + "/reason"); strings.Contains(body, "Эрмек") || strings.Contains(body, patientPIN) {
		t.Error("the page that asks for a reason names the patient")
	}
	if status, _, _ := chief.post(stay+"/reason", "reason", "curious"); status != http.StatusUnprocessableEntity {
		t.Errorf("a reason that is none: %d", status)
	}
	if status, to, _ := chief.post(stay+"/reason", "reason", "quality", "note", "По плану"); status != http.StatusSeeOther || to != stay {
		t.Fatalf("%d %s", status, to)
	}
	body := chief.get(stay)
	has(t, body, "Эрмек")
	if strings.Contains(body, "Начните с первичного") || strings.Contains(body, "алгачкы кароону жазыңыз") {
		t.Error("who only reads is told to write")
	}
	for purpose, want := range map[string]int{"oversight.quality": 1, "oversight": 1, "treatment": 0} {
		var n int
		err := f.desk.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM access_record WHERE subject_pin = $1 AND actor_pin = $2 AND purpose = $3`, patientPIN, number, purpose).Scan(&n)
		if err != nil || n != want {
			t.Errorf("%d records of %s, want %d: %v", n, purpose, want, err)
		}
	}
	// They come where they were going, and nowhere outside the stay.
	for next, want := range map[string]string{
		stay + "/history.pdf?part=orders": stay + "/history.pdf?part=orders", stay + "/vitals": stay + "/vitals", "": stay, "/reception": stay,
		"//evil.example" + stay + "/x": stay, stay + "/../../rollout": stay, stay + "x/y": stay, stay + "/reason": stay, "https://evil.example": stay,
	} {
		if _, to, _ := chief.post(stay+"/reason", "reason", "quality", "next", next); to != want {
			t.Errorf("next %q leads to %s", next, to)
		}
	}
	other := f.staff(t, "11112197500902", workforceapi.Chief, elsewhere)
	if status, _, _ := other.post(stay+"/reason", "reason", "quality"); status != http.StatusNotFound {
		t.Errorf("another hospital's chief gives a reason: %d", status)
	}
	if status, to, _ := f.staff(t, "11112197500903", workforceapi.Chief, cardtest.Hospital).send(http.MethodGet, stay, nil); !asksReason(f.stay, stay, to) {
		t.Errorf("another's reason opened it: %d", status)
	}
	f.now.Advance(13 * time.Hour)
	if status, to, _ := f.signIn(t, number).send(http.MethodGet, stay, nil); !asksReason(f.stay, stay, to) {
		t.Errorf("the day after: %d %s", status, to)
	}
	// Management opens none at all.
	manager := f.staff(t, "11112197500904", workforceapi.Manager, cardtest.Hospital)
	for _, path := range []string{stay, stay + "/reason", stay + "/form.pdf", "/reception", "/work", "/merge"} {
		if status, _, _ := manager.send(http.MethodGet, path, nil); status != http.StatusForbidden {
			t.Errorf("management opens %s: %d", path, status)
		}
	}
}
