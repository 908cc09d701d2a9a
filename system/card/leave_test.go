package card

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// told is НИСУР telling the card that the person's posts changed.
func (h house) told(t *testing.T, pin string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/exchange/"+workforceapi.ServiceChanges+"/posts", strings.NewReader(`{"pin":"`+pin+`"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if h.desk.Mux.ServeHTTP(w, r); w.Code/100 == 2 {
		t.Fatal("anybody may tell whose posts changed")
	}
	if err := h.desk.Sessions.Doubt(t.Context(), pin); err != nil {
		t.Fatal(err)
	}
}

// NR-2: after the leaving is written, and told, no act of the person succeeds;
// those of others do.
func TestWhoLeavesIsOutOnceTheCardIsTold(t *testing.T) {
	h := newHouse(t, nil)
	doctor, nurse := h.signIn(t, doctorPIN), h.signIn(t, nursePIN)
	h.now.Advance(time.Second)
	doctor.get("/ward")
	h.n.Set(func(n *cardtest.Neighbours) { n.PostsOf = n.PostsOf[1:] })
	h.told(t, doctorPIN)
	if status, _, _ := doctor.post("/patients/find", "q", patientPIN); status != http.StatusForbidden {
		t.Errorf("who left looked for a patient: %d", status)
	}
	nurse.get("/ward")
}

// While НИСУР tells of a change and then does not answer, nobody acts on what was
// known before; when it answers that the post is held, the work goes on.
func TestOfAChangedPostNothingIsGuessed(t *testing.T) {
	h := newHouse(t, nil)
	doctor := h.signIn(t, doctorPIN)
	h.now.Advance(time.Second)
	h.told(t, doctorPIN)
	h.n.Set(func(n *cardtest.Neighbours) { n.Away = true })
	if status, _, _ := doctor.send(http.MethodGet, "/ward", nil); status < 500 {
		t.Errorf("guessed: %d", status)
	}
	h.n.Set(func(n *cardtest.Neighbours) { n.Away = false })
	h.now.Advance(time.Second)
	doctor.get("/ward")
	h.n.Set(func(n *cardtest.Neighbours) { n.Away = true })
	h.now.Advance(time.Hour)
	doctor.get("/ward")
}

// NR-2: where the word is lost, no act succeeds a minute after the leaving was
// written, whenever in the time between two questions that was.
func TestWhoLeavesIsOutWithinTheMinuteThoughTheWordIsLost(t *testing.T) {
	for after := time.Duration(0); after <= time.Minute; after += 5 * time.Second {
		h := newHouse(t, nil)
		doctor := h.signIn(t, doctorPIN)
		h.now.Advance(after)
		doctor.get("/ward")
		h.n.Set(func(n *cardtest.Neighbours) { n.PostsOf = n.PostsOf[1:] })
		left, last := h.now.Now(), time.Time{}
		for h.now.Now().Sub(left) <= 2*time.Minute {
			if status, _, _ := doctor.post("/patients/find", "q", patientPIN); status < 400 {
				last = h.now.Now()
			} else {
				break
			}
			h.now.Advance(time.Second)
		}
		if last.Sub(left) >= 60*time.Second-15*time.Second {
			t.Errorf("left %s after signing in, acted %s later", after, last.Sub(left))
		}
	}
}

// The day of leaving that НИСУР told of beforehand ends the work at its midnight,
// also while НИСУР is away.
func TestAPostEndsAtMidnightWhileNisurIsAway(t *testing.T) {
	h := newHouse(t, nil)
	day := clock.DateOf(cardtest.Start)
	midnight := day.Start().AddDate(0, 0, 1)
	h.n.Set(func(n *cardtest.Neighbours) { n.PostsOf[0].Until = clock.DateOf(midnight) })
	h.now.Advance(midnight.Sub(h.now.Now()) - 10*time.Second)
	doctor := h.signIn(t, doctorPIN)
	h.n.Set(func(n *cardtest.Neighbours) { n.Away = true })
	h.now.Advance(9 * time.Second)
	doctor.get("/ward")
	h.now.Advance(time.Second)
	if status, _, _ := doctor.send(http.MethodGet, "/ward", nil); status != http.StatusForbidden {
		t.Errorf("worked on after midnight: %d", status)
	}
}
