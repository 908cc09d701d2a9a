package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// errorPages are those that a healthy product does not show when asked: they are
// the pages of every system, on a site of the test's own.
func errorPages(t *testing.T) {
	texts, err := text.Load(design.Texts)
	if err != nil {
		t.Fatal(err)
	}
	site := &page.Site{
		System: "errors", TitleKey: "design.example_title", Texts: texts, Demo: true,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), ErrorPage: design.ErrorPage,
	}
	mux := http.NewServeMux()
	design.Mount(mux)
	kinds := map[fail.Kind]string{
		fail.SignedOut: "kit.signed_out", fail.Forbidden: "kit.forbidden", fail.Conflict: "kit.conflict",
		fail.TooMany: "kit.too_many", fail.Internal: "kit.internal", fail.Unavailable: "kit.unavailable", fail.Gone: "kit.gone",
	}
	for kind, key := range kinds {
		site.Handle(mux, "GET /"+string(kind), func(http.ResponseWriter, *http.Request) error { return fail.New(kind, key) })
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	g := open(t, "errors", 360, "ky").gallery(server.URL)
	for kind := range kinds {
		g.visit("/"+string(kind), kind.Status())
	}
}

// cardsPages are those of somebody who comes with an ID card: nothing installed,
// no card, a wrong PIN, a new account.
func cardsPages(t *testing.T, w world, agentPort int) {
	g := open(t, "card", 360, "ky").gallery(w.site["identity"])
	g.goTo(g.site + "/sign-in/card?lang=ky")
	g.cardPIN("1234")
	g.waitFor(`document.querySelector("[data-card-error]").innerText.trim() !== ""`)
	g.showHere("no_agent", "ky", 200)
	g.axe("no agent")
	agent := &cardAgent{w: w, card: filepath.Join(t.TempDir(), "card.json"), port: agentPort}
	agent.newCard(t, demo.Residents[0], "p256")
	agent.start(t, g.site)
	g.goTo(g.site + "/sign-in/card?lang=ky")
	g.cardPIN("4321")
	g.waitFor(`document.querySelector("[data-card-error]").innerText.includes("2")`)
	g.showHere("wrong_card_pin", "ky", 200)
	g.cardPIN("1234")
	g.waitFor(`location.pathname === "/sign-in/new"`)
	g.settled()
	g.show("", 200)
	g.submit("agreement")
	g.showHere("no_agreement", "ky", 422)
	g.axe("no agreement")
	g.click("[name=agreement]")
	g.submit("agreement")
	g.waitFor(`location.pathname !== "/sign-in/new"`)
	g.settled()
	g.show("after_the_card", 200)
}

// signPages are a document that the portal asks the citizen to sign: before and after.
func signPages(g *gallery, w world) {
	g.t.Helper()
	g.goTo(w.site["portal"] + "/services/data-correction/order?lang=ky")
	g.fill("wrong", "Дарегим эски жазылган")
	g.fill("right", "Сокулук айылы, Ленин көчөсү, 5")
	g.leave(`document.querySelector('main form[action$="/order"]').requestSubmit()`)
	g.waitFor(`!!document.querySelector('main form[action$="/sign"]')`)
	g.leave(`document.querySelector('main form[action$="/sign"]').requestSubmit()`)
	g.waitFor(`location.pathname.startsWith("/sign/")`)
	document := g.where()
	g.show("a_document_to_sign", 200)
	g.leave(`document.querySelector('main button[value="sign"]').click()`)
	g.waitFor(`location.origin === "` + w.site["portal"] + `"`)
	g.settled()
	g.goTo(document)
	g.show("a_signed_document", 200)
}

// devicePages are the code of a device without a keyboard, and the answers to it.
func devicePages(g *gallery) {
	g.t.Helper()
	g.goTo(g.site + "/systems/new?lang=ky")
	g.choose("kind", "device")
	g.fill("name", "Экран")
	g.submit("name")
	client := eval[string](g.browser, `[...document.querySelectorAll("dt")].find(e => e.innerText.trim() === "client_id").nextElementSibling.innerText.trim()`)
	address := func() string {
		response, err := local.PostForm(g.site+"/connect/deviceauthorization", url.Values{"client_id": {client}, "scope": {"openid profile"}})
		if err != nil {
			g.t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var answer struct {
			Address string `json:"verification_uri_complete"`
		}
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Address == "" {
			g.t.Fatalf("%d %v %+v", response.StatusCode, err, answer)
		}
		return answer.Address
	}
	g.goTo(g.site + "/device?user_code=BCDF-GHJK&lang=ky")
	g.showHere("an_unknown_device", "ky", 422)
	first := address()
	g.goTo(first)
	g.show("a_device_asks", 200)
	g.leave(`document.querySelector('main button[value="deny"]').click()`)
	g.showHere("a_device_refused", "ky", 200)
	g.goTo(address())
	g.leave(`document.querySelector('main button[value="mine"]').click()`)
	g.waitFor(`location.pathname === "/consent"`)
	g.consent()
	g.showHere("a_device_connected", "ky", 200)
	g.axe("a device connected")
}

// disownedPages are what follows "this was not me".
func disownedPages(g *gallery) {
	g.t.Helper()
	g.leave(`document.querySelector('main form[action="/security/events/not-me"]').requestSubmit()`)
	g.showHere("stopped", "ky", 200)
	g.axe("stopped")
}

// incidentPages are an incident that waits for an operator.
func incidentPages(g *gallery) {
	g.t.Helper()
	g.goTo(g.site + "/console/incidents?lang=ky")
	link := eval[string](g.browser, `document.querySelector('main td a[href^="/console/incidents/"]')?.getAttribute("href") || ""`)
	if link == "" {
		g.t.Fatalf("no open incident:\n%s", tail(g.text(), 1500))
	}
	g.goTo(g.site + link)
	g.show("an_open_incident", 200)
	g.leave(`document.querySelector('main form[action="` + strings.Split(link, "?")[0] + `"]').requestSubmit()`)
	g.showHere("an_incident_without_a_note", "ky", 422)
}

// withAgent starts everything in one process that looks for card agents at the port.
func withAgent(t *testing.T) (w world, agentPort int) {
	t.Helper()
	port, agentPort := freePort(t), freePort(t)
	w = world{t: t, site: map[string]string{"start": fmt.Sprintf("http://localhost:%d", port)}}
	for system, host := range hosts {
		w.site[system] = fmt.Sprintf("http://%s.localhost:%d", host, port)
	}
	launch(t, port, []string{fmt.Sprintf("SANARIP_IDENTITY_CARD_AGENT=ws://127.0.0.1:%d/tumarcsp/", agentPort)}, "--demo", "--data", t.TempDir(), "--open=false")
	return w, agentPort
}
