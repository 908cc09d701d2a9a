package card

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A round is sent in one go: each dose ticked by itself, one that is wrong holds up
// none of the others.
func TestARoundIsSentInOneGo(t *testing.T) {
	h, _, doctor, stayPath := newHospital(t)
	for _, drug := range []string{"Фуросемид", "Спиронолактон", "Бисопролол"} {
		status, to, page := doctor.fill(stayPath+"/orders", stayPath+"/orders", "kind", "drug", "text", drug, "dose", "1 таб.", "hours", "14", "from", "2026-11-22T13:40")
		done(t, stayPath+"/orders", status, to, page)
	}
	nurse := h.signIn(t, nursePIN)
	const path = "/ward/round?department=18&all=1&lang=ru"
	doses := func(page string) (rows []string) {
		for _, m := range regexp.MustCompile(`name="dose" value="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			rows = append(rows, m[1])
		}
		return rows
	}
	key := func(dose string) string {
		parts := strings.Split(dose, "|")
		return parts[2] + "." + parts[3]
	}
	send := func(rows []string, pairs ...string) (int, string) {
		form := url.Values{"department": {"18"}, "all": {"1"}, "dose": rows}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		status, _, page := nurse.send(http.MethodPost, "/ward/round", form)
		return status, page
	}
	rows := doses(nurse.get(path))
	if len(rows) != 3 {
		t.Fatal(rows)
	}
	if status, page := send(rows); status != http.StatusUnprocessableEntity {
		t.Fatal("nothing was marked:", status)
	} else {
		has(t, page, "Ничего не отмечено")
	}
	status, page := send(rows, "given-"+key(rows[0]), "1", "given-"+key(rows[1]), "1", "reason-"+key(rows[1]), "рвота")
	if status != http.StatusUnprocessableEntity {
		t.Fatal(status)
	}
	has(t, page, "оставьте одно", `value="рвота"`)
	if left := doses(page); len(left) != 2 {
		t.Fatalf("the first is written, the second is not: %v", left)
	}
	// Another nurse has marked the first meanwhile: the rest is written, and that is said.
	status, page = send(rows, "given-"+key(rows[0]), "1", "reason-"+key(rows[1]), "рвота", "given-"+key(rows[2]), "1")
	if status != http.StatusSeeOther {
		// The first was sent by this very page: sent twice is no error.
		t.Fatal(status, page)
	}
	has(t, nurse.get(path), "Отмечено: 3", "рвота")
	other := strings.Replace(rows[0], rows[0][:8], "00000000", 1)
	status, page = send([]string{other}, "given-"+key(other), "1")
	if status != http.StatusUnprocessableEntity {
		t.Fatal(status)
	}
	has(t, page, "уже отмет")
	for _, wrong := range []string{"x", "a|b|c", strings.Replace(rows[0], "T14:00", "Tnoon", 1)} {
		if status, _ := send([]string{wrong}, "given-"+key(rows[0]), "1"); status != http.StatusBadRequest {
			t.Errorf("%q: %d", wrong, status)
		}
	}
}
