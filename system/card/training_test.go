package card

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// ЦЭЗ's reviewer chooses whose staff is invited, and is told when nobody was chosen;
// who came can be said of a session that is over, not before.
func TestATrainingAsksWhatItCanKeep(t *testing.T) {
	h, _, _, _ := newHospital(t)
	const reviewerPIN = "11112198000123"
	h.n.Set(func(n *cardtest.Neighbours) {
		n.Orgs = append(n.Orgs, workforceapi.Organisation{Code: "900010", Kind: "operator"})
		post := cardtest.Post(reviewerPIN, "Сотрудник ЦЭЗ", workforceapi.Operator, "")
		post.Organisation = "900010"
		n.PostsOf = append(n.PostsOf, post)
	})
	if _, err := h.desk.Directory.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	reviewer := h.signIn(t, reviewerPIN)
	reviewer.get("/rollout/trainings?lang=ru")
	status, training, body := reviewer.post("/rollout/trainings", "once", id.New(), "topic", "Дневники", "at", "2026-12-20T10:00",
		"format", "online", "place", "https://example.kg/room", "trainer", "Сотрудник ЦЭЗ", "line", "")
	done(t, "/rollout/trainings/", status, training, body)

	for _, nobody := range []string{"", "999999"} {
		status, to, body := reviewer.post(training+"/invite", "organisation", nobody)
		if status != http.StatusUnprocessableEntity || to != "" {
			t.Fatalf("organisation %q: %d %s", nobody, status, to)
		}
		has(t, body, `href="#organisation"`, "Выберите один из вариантов")
	}
	status, to, body := reviewer.post(training+"/invite", "organisation", cardtest.Hospital)
	done(t, training, status, to, body)
	if waits := reviewer.get(training); strings.Contains(waits, `name="came"`) || !strings.Contains(waits, "Занятие ещё не прошло") {
		t.Errorf("attendance of a session to come\n%s", waits)
	}
	h.now.Advance(40 * 24 * time.Hour)
	if over := h.signIn(t, reviewerPIN).get(training + "?lang=ru"); !strings.Contains(over, `name="came"`) {
		t.Errorf("nobody's attendance can be said of a session that is over\n%s", over)
	}
}
