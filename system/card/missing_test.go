package card

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// What a decision still lacks stands open beside its error, with what was typed, and
// the summary's link leads to it; the other folds stay shut.
func TestWhatADecisionLacksIsNotFoldedAway(t *testing.T) {
	f := newFilledHospital(t)
	stay, doctor := "/stays/"+f.stay, f.signIn(t, doctorPIN)
	doctor.get("/ward?lang=ru")
	opened := func(body, name, value string) {
		t.Helper()
		if n := strings.Count(body, `<details class="govuk-details" open>`); n != 1 {
			t.Errorf("%s: %d folds are open\n%s", name, n, body)
		}
		has(t, body, `href="#`+name+`"`, `id="`+name+`"`, value)
	}
	for _, whom := range []string{"Хирург", "Кардиолог"} {
		status, to, body := doctor.post(stay+"/requests", "once", id.New(), "item", "other:consultation", "name_other", whom, "question", "Острый живот?")
		done(t, stay+"/requests", status, to, body)
	}
	asked := regexp.MustCompile(`name="cancel" value="([^"]+)"`).FindStringSubmatch(doctor.get(stay + "/requests"))
	if asked == nil {
		t.Fatal("no request can be cancelled")
	}
	status, _, body := doctor.post(stay+"/requests/cancel", "cancel", asked[1], "cancel_reason", "")
	if status != http.StatusUnprocessableEntity {
		t.Fatal(status)
	}
	opened(body, "cancel_reason", asked[1])

	status, to, body := doctor.post(stay+"/transfer", "to", "05", "why", "Острый живот")
	done(t, stay+"/moves", status, to, body)
	const surgeonPIN, nursePIN = "11112197500955", "11112197500956"
	f.n.Set(func(n *cardtest.Neighbours) {
		n.PostsOf = append(n.PostsOf, cardtest.Post(surgeonPIN, "Хирург", workforceapi.Doctor, "05"), cardtest.Post(nursePIN, "Сестра", workforceapi.Nurse, "05"))
	})
	surgeon := f.signIn(t, surgeonPIN)
	board := surgeon.get("/ward?department=05&lang=ru")
	link := regexp.MustCompile(`href="(/ward/transfers/[^"]+)"[^>]*data-begin`).FindStringSubmatch(board)
	if link == nil {
		t.Fatalf("who is to be taken over is not where N leads\n%s", board)
	}
	status, _, body = surgeon.post(link[1], "do", "refused", "decision", "")
	if status != http.StatusUnprocessableEntity {
		t.Fatal(status)
	}
	opened(body, "decision", "Отказать")

	// A nurse sees whom the ward is asked to take, without a link that is closed to her.
	nurse := f.signIn(t, nursePIN)
	if page := nurse.get("/ward?department=05&lang=ru"); !strings.Contains(page, "Острый живот") || strings.Contains(page, link[1]) {
		t.Errorf("the nurse's board\n%s", page)
	}
}
