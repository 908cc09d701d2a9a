package e2e_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
)

// cardAgent is a running `sanarip card-agent` with a card of its own.
type cardAgent struct {
	w    world
	card string // file
	puk  string
	port int
}

func sanarip(t *testing.T, args ...string) string {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(binary, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("sanarip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// newCard has the demo's authority issue a card in place of the one before.
func (a *cardAgent) newCard(t *testing.T, p demo.Person, key string) {
	t.Helper()
	_ = os.Remove(a.card)
	out := sanarip(t, "card-agent", "new", "--pin", p.PIN, "--card-pin", "1234", "--key", key, "--out", a.card, "--site", a.w.site["signature"])
	a.puk = regexp.MustCompile(`PUK (\d{8})`).FindStringSubmatch(out)[1]
}

// start runs the agent, which answers the pages of the origin.
func (a *cardAgent) start(t *testing.T, origin string) {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	said := &lockedBuffer{}
	command := exec.Command(binary, "card-agent", "--card", a.card, "--addr", fmt.Sprintf("127.0.0.1:%d", a.port), "--origins", origin)
	command.Stdout, command.Stderr = said, said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() { _ = command.Process.Kill(); <-ended })
	deadline := time.Now().Add(patience)
	for {
		conn, err := (&net.Dialer{Timeout: time.Second}).Dial("tcp", fmt.Sprintf("127.0.0.1:%d", a.port))
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the agent does not listen: %s", said)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// cardPIN types the card's PIN and presses the button.
func (b *browser) cardPIN(pin string) {
	b.t.Helper()
	b.waitFor(`!!document.querySelector("#card-pin") && document.querySelector("#card-pin").checkVisibility() && !document.querySelector("[data-card-form] button[type=submit]").disabled`)
	eval[bool](b, fmt.Sprintf(`(() => { const f = document.querySelector("#card-pin"); f.value = %q; f.form.requestSubmit(); return true })()`, pin))
}

// register accepts the agreement on the page of the new account.
func (b *browser) register() {
	b.t.Helper()
	b.waitFor(`location.pathname === "/sign-in/new" && !!document.querySelector("[name=agreement]")`)
	b.check("new account")
	b.picture("new-account")
	b.submit("agreement")
	b.see("примите соглашение")
	b.click("[name=agreement]")
	b.submit("agreement")
}

// A person with an ID card and no account registers, signs out, signs in; types
// wrong PINs until the card is blocked, and has it unblocked.
func TestIDCard(t *testing.T) {
	needE2E(t)
	port, agentPort := freePort(t), freePort(t)
	w := world{t: t, site: map[string]string{"start": fmt.Sprintf("http://localhost:%d", port)}}
	for system, host := range hosts {
		w.site[system] = fmt.Sprintf("http://%s.localhost:%d", host, port)
	}
	p := launch(t, port, []string{fmt.Sprintf("SANARIP_IDENTITY_CARD_AGENT=ws://127.0.0.1:%d/tumarcsp/", agentPort)}, "--demo", "--data", t.TempDir(), "--open=false")
	agent := &cardAgent{w: w, card: filepath.Join(t.TempDir(), "card.json"), port: agentPort}
	resident := demo.Residents[0]
	b := open(t, "resident", 360, "ru")

	// Nothing is installed yet.
	b.goTo(w.site["identity"] + "/sign-in/card")
	b.check("card tab")
	b.picture("card")
	b.cardPIN("1234")
	b.see("Программа для чтения карты не найдена")
	b.check("no agent")
	b.picture("no-agent")

	// An agent for another origin is as good as none.
	stranger := &cardAgent{w: w, card: agent.card, port: agentPort}
	t.Run("another origin", func(t *testing.T) {
		stranger.start(t, "http://portal.example")
		b.cardPIN("1234")
		b.see("Программа для чтения карты не найдена")
	})

	agent.start(t, w.site["identity"])
	b.goTo(w.site["identity"] + "/sign-in/card")
	b.cardPIN("1234")
	b.see("В считывателе нет карты")

	agent.newCard(t, resident, "p256")
	b.cardPIN("12")
	b.see("PIN-код состоит из 4 цифр")
	b.cardPIN("1234")
	b.register()
	b.waitFor(`location.pathname !== "/sign-in/new"`)
	b.settled()
	b.goTo(w.site["identity"] + "/sign-out")
	b.see("Выход")
	b.leave(`document.querySelector('main form[action="/sign-out"] button, main form button').click()`)

	// The second time there is an account: with a mistake first.
	b.goTo(w.site["portal"] + "/sign-in")
	b.waitFor(`location.pathname === "/sign-in"`)
	b.press("ID-карта")
	b.cardPIN("4321")
	b.see("Осталось попыток: 2")
	b.check("wrong PIN")
	b.picture("wrong-pin")
	b.cardPIN("1234")
	b.waitFor(`location.pathname !== "/sign-in/card"`)
	b.settled()
	if strings.Contains(b.text(), "Создание аккаунта") {
		t.Errorf("asked to register twice: %s", tail(b.text(), 500))
	}

	// Three wrong ones block it, also for a page opened anew; the PUK opens it.
	other := open(t, "other", 1440, "ky")
	other.goTo(w.site["identity"] + "/sign-in/card")
	other.cardPIN("1111")
	other.see("Калган аракет: 2")
	other.cardPIN("2222")
	other.see("Калган аракет: 1")
	other.cardPIN("3333")
	other.see("Карта бөгөттөлгөн")
	other.check("blocked")
	other.picture("blocked")
	other.goTo(w.site["identity"] + "/sign-in/card")
	other.cardPIN("1234")
	other.see("Карта бөгөттөлгөн")
	sanarip(t, "card-agent", "unblock", "--card", agent.card, "--puk", agent.puk, "--card-pin", "5678")
	other.cardPIN("5678")
	other.waitFor(`location.pathname !== "/sign-in/card"`)

	// An RSA card of somebody who has an account already.
	agent.newCard(t, demo.Expert, "rsa")
	expert := open(t, "expert", 1440, "en")
	expert.goTo(w.site["identity"] + "/sign-in/card?next=/")
	expert.cardPIN("1234")
	expert.waitFor(`location.pathname !== "/sign-in/card"`)
	expert.settled()
	expert.see(demo.Expert.FamilyName)
	p.leaksNothing()
}

// A person signs in with the PIN from the mail; it serves once, and a new one
// comes by itself.
func TestCloudSignature(t *testing.T) {
	needE2E(t)
	w, p := oneProcess(t, "")
	b := open(t, "surgeon", 360, "ru")
	first := w.nextPIN(demo.Surgeon, nil)
	b.goTo(w.site["identity"] + "/sign-in")
	b.press("Облачная подпись")
	b.check("cloud signature tab")
	b.picture("cloud")
	b.fill("pin", demo.Surgeon.PIN)
	b.fill("one_time", othertest.Than(first))
	b.submit("one_time")
	b.see("ПИН или одноразовый PIN-код неверны")
	b.check("wrong one-time PIN")
	b.picture("cloud-wrong")
	seen := w.cloudPINs(demo.Surgeon)
	b.fill("one_time", first)
	b.submit("one_time")
	b.waitFor(`location.pathname !== "/sign-in/signature"`)
	b.settled()
	b.goTo(w.site["identity"] + "/signature/cloud")
	b.see("Моя облачная подпись")
	b.see("Номер сертификата")
	b.check("own signature")
	b.picture("own-signature")

	// It is spent; a new one came by itself.
	second := w.nextPIN(demo.Surgeon, seen)
	other := open(t, "again", 1440, "ru")
	try := func(pin string) {
		other.goTo(w.site["identity"] + "/sign-in/signature")
		other.fill("pin", demo.Surgeon.PIN)
		other.fill("one_time", pin)
		other.submit("one_time")
	}
	try(first)
	other.see("ПИН или одноразовый PIN-код неверны")
	try(second)
	other.waitFor(`location.pathname !== "/sign-in/signature"`)

	// Lost: a new one is mailed; for somebody without a signature the page says the same.
	third := open(t, "lost", 1440, "ru")
	third.goTo(w.site["identity"] + "/sign-in/signature")
	third.askPIN("12345678901234")
	third.see("14")
	for _, person := range []demo.Person{demo.Residents[1], demo.Surgeon} {
		third.goTo(w.site["identity"] + "/sign-in/signature")
		third.askPIN(person.PIN)
		third.see("Если у этого ПИН есть облачная подпись")
	}
	p.leaksNothing()
}

// askPIN presses "send a new code".
func (b *browser) askPIN(pin string) {
	b.t.Helper()
	eval[bool](b, `(() => { document.querySelector("main details").open = true; return true })()`)
	b.leave(fmt.Sprintf(`(() => { const f = document.querySelector("#lost-pin"); f.value = %q; f.form.requestSubmit() })()`, pin))
}

// cloudPINs are the one-time PINs that came to the person, newest first.
func (w world) cloudPINs(p demo.Person) []string {
	w.t.Helper()
	eight := regexp.MustCompile(`\b\d{4} \d{4}\b`)
	var pins []string
	for _, l := range w.inbox() {
		if l.PIN == p.PIN && l.Channel == "email" && eight.MatchString(l.Body) {
			pins = append(pins, eight.FindString(l.Body))
		}
	}
	return pins
}

// nextPIN waits for one that is not among those before.
func (w world) nextPIN(p demo.Person, before []string) string {
	w.t.Helper()
	found := ""
	w.until("a one-time PIN", func() bool {
		for _, each := range w.cloudPINs(p) {
			if !slices.Contains(before, each) {
				found = each
				return true
			}
		}
		return false
	})
	return found
}
