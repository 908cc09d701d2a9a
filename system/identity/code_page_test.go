package identity_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// Whoever is told to ask for a new code sees at once where: the button lies in the
// open, not among the other ways. Where no code is sent there is none.
func TestANewCodeIsAskedForInTheOpen(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	for person, sent := range map[demo.Person]bool{demo.Doctor: true, demo.Head: false} {
		b := h.browser()
		p := b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", person.PIN, "password", demo.Password).must(http.StatusOK, "Код подтверждения")
		before, ways, found := strings.Cut(p.body, "<details")
		if !found || strings.Contains(ways, "Отправить код ещё раз") || strings.Contains(before, "Отправить код ещё раз") != sent {
			t.Errorf("%s: %s", person.FamilyName, p.words())
		}
		if sent {
			b.submit(p, "/sign-in/code/send", "channel", "sms").must(http.StatusOK, "Код подтверждения")
		}
	}
}
