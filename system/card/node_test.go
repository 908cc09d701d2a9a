package card

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
)

// newNode is a card that is a hospital's own node.
func newNode(t *testing.T) house {
	t.Helper()
	return newHouse(t, func(e *host.Env) { e.Settings = map[string]string{"node": "osh"} })
}

// cut makes the line be known as down.
func (h house) cut(down bool) { h.nodes.Node.Line.Set(down) }

// MC-9: the whole way of who signs in without the line, as their browser sees it:
// the code chosen, wrong codes, the lock, the right code, the end of trust.
func TestSignInWithoutTheLine(t *testing.T) {
	h := newNode(t)
	const code = "840275"
	doctor := h.signIn(t, doctorPIN)
	has(t, doctor.get("/away/code?lang=ru"), "Код для входа без связи")
	if status, _, body := doctor.post("/away/code", "code", "123456", "again", "123456"); status != http.StatusUnprocessableEntity {
		t.Errorf("a plain code: %d", status)
	} else {
		has(t, body, "легко угадать")
	}
	if status, where, _ := doctor.post("/away/code", "code", code, "again", code); status != http.StatusSeeOther || where != "/node" {
		t.Fatalf("chosen: %d %s", status, where)
	}
	h.cut(true)
	someone := &browser{t, h, map[string]string{"lang": "ru"}}
	status, where, _ := someone.send(http.MethodGet, "/sign-in?next=%2Fward", nil)
	if status != http.StatusSeeOther || where != "/away?next=%2Fward" {
		t.Fatalf("without the line: %d %s", status, where)
	}
	has(t, someone.get("/away?next=%2Fward&lang=ru"), `name="next" value="/ward"`, "Вход без связи")
	enter := func(typed string) (int, string) {
		t.Helper()
		status, where, body := someone.send(http.MethodPost, "/away", url.Values{"pin": {doctorPIN}, "code": {typed}, "next": {"/ward"}})
		if strings.Contains(body, typed) {
			t.Error("the page gives the code back")
		}
		return status, where + body
	}
	for range 5 {
		if status, body := enter("111222"); status != http.StatusUnprocessableEntity || !strings.Contains(body, "ПИН или код неверны") {
			t.Fatalf("a wrong code: %d", status)
		}
	}
	if status, body := enter(code); status != http.StatusTooManyRequests || !strings.Contains(body, "через 15 минут") || !strings.Contains(body, `name="pin"`) {
		t.Errorf("the right code after five wrong ones: %d %s", status, body)
	}
	h.now.Advance(15 * time.Minute)
	if status, where := enter(code); status != http.StatusSeeOther || where != "/ward" {
		t.Fatalf("after the lock: %d %s", status, where)
	}
	h.n.Set(func(n *cardtest.Neighbours) { n.Away = true })
	someone.get("/ward")
	h.now.Advance(97 * time.Hour) // НИСУР has been silent for longer than it is believed
	if status, _, _ := someone.send(http.MethodGet, "/ward", nil); status == http.StatusOK {
		t.Error("the session outlives the trust")
	}
	if status, body := enter(code); status != http.StatusForbidden || !strings.Contains(body, "слишком давно") {
		t.Errorf("after the trust has ended: %d %s", status, body)
	}
	h.cut(false)
	if status, body := enter(code); status != http.StatusUnprocessableEntity || !strings.Contains(body, "войдите через ЕСИ") {
		t.Errorf("with the line up: %d %s", status, body)
	}
}

// The roll-out and its monitoring are the centre's affair: a node orders none of
// their jobs and has none of their pages.
func TestTheRollOutStaysAtTheCentre(t *testing.T) {
	for name, h := range map[string]house{"centre": newHouse(t, nil), "node": newNode(t)} {
		if err := h.order(t.Context()); err != nil {
			t.Fatal(err)
		}
		var ordered int
		if err := h.desk.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM job WHERE kind LIKE 'rollout%'`).Scan(&ordered); err != nil {
			t.Fatal(err)
		}
		doctor := h.signIn(t, doctorPIN)
		status, _, _ := doctor.send(http.MethodGet, "/rollout", nil)
		if node := name == "node"; node != (ordered == 0) || node != (status == http.StatusNotFound) {
			t.Errorf("%s: %d jobs of the roll-out, its page answers %d", name, ordered, status)
		}
	}
}

// A list of doctors that НИСУР does not confirm says of when it is; one that there
// is not says what to do.
func TestTheListOfDoctorsSaysOfWhenItIs(t *testing.T) {
	h := newNode(t)
	doctor := h.signIn(t, doctorPIN)
	_, to, _ := doctor.post("/patients/find", "q", patientPIN)
	if body := doctor.get(to + "/admit?lang=ru"); strings.Contains(body, "НИСУР не отвечает") || !strings.Contains(body, doctorPIN) {
		t.Error("the list is not fresh")
	}
	h.n.Set(func(n *cardtest.Neighbours) { n.Away = true })
	h.now.Advance(30 * time.Minute)
	has(t, doctor.get(to+"/admit?lang=ru"), "НИСУР не отвечает: список на", doctorPIN)
	fresh := newNode(t) // never saw НИСУР's list
	doctor = fresh.signIn(t, doctorPIN)
	_, to, _ = doctor.post("/patients/find", "q", patientPIN)
	fresh.n.Set(func(n *cardtest.Neighbours) { n.Away = true })
	has(t, doctor.get(to+"/admit?lang=ru"), "ещё не получен", doctorPIN)
}
