package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/sanarip/sanarip/design"
)

// What is in the making is shown anew without the page: what somebody types beside it
// stays, with the focus. When it has ended, the page comes anew.
func TestWhatIsInTheMakingIsShownAnew(t *testing.T) {
	needE2E(t)
	var asked atomic.Int64
	var ended atomic.Bool
	mux := http.NewServeMux()
	mux.Handle("/assets/", design.Assets())
	mux.HandleFunc("GET /acts", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		making := fmt.Sprintf(`<div id="making" data-live>%d of it</div>`, asked.Add(1))
		if ended.Load() {
			making = "<p>made</p>"
		}
		_, _ = fmt.Fprintf(w, `<!doctype html><title>t</title><body><main>%s<input name="typed"></main><script type="module" src="%s"></script>`, making, design.Asset("app.js"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b := open(t, "reader", 360, "ru")
	b.goTo(server.URL + "/acts")
	b.see("1 of it")
	b.fill("typed", "begun")
	eval[bool](b, `document.querySelector("[name=typed]").focus() ?? true`)
	b.see("3 of it")
	ended.Store(true)
	before := asked.Load()
	b.waitFor(`document.querySelector("[name=typed]").value === "begun" && document.activeElement.name === "typed"`)
	for asked.Load() == before {
		b.see("of it")
	}
	b.see("of it") // somebody types
	eval[bool](b, `document.activeElement.blur() ?? true`)
	b.see("made")
}
