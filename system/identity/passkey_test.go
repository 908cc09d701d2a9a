package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/sanarip/sanarip/demo"
)

// passkey is an authenticator that signs whatever a test wants it to.
type passkey struct {
	key      *ecdsa.PrivateKey
	id       []byte
	handle   string
	origin   string
	verified bool // its user
}

// question is what the page's script gets.
type question struct {
	Ticket  string `json:"ticket"`
	Options struct {
		Challenge        string              `json:"challenge"`
		User             struct{ ID string } `json:"user"`
		UserVerification string              `json:"userVerification"`
		AllowCredentials []struct{ ID string }
	} `json:"options"`
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (b *browser) question(address string, values url.Values) question {
	b.t.Helper()
	p := b.post(address, values)
	var q question
	if err := json.Unmarshal([]byte(p.body), &q); err != nil || p.status != http.StatusOK || q.Ticket == "" {
		b.t.Fatalf("%s gave no question: %d %s", address, p.status, p.words())
	}
	return q
}

// signed are the authenticator's data and what the browser says of the page.
func (k *passkey) signed(kind, challenge string, flags byte, more []byte) (client, data []byte) {
	client, _ = json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.origin, "crossOrigin": false})
	rp := sha256.Sum256([]byte("esi.localhost"))
	flags |= 1
	if k.verified {
		flags |= 4
	}
	return client, append(binary.BigEndian.AppendUint32(append(rp[:], flags), 0), more...)
}

// passkey is a key that the person, signed in freshly in the browser, has made.
func (h *house) passkey(b *browser) *passkey {
	h.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	k := &passkey{key: key, id: make([]byte, 32), origin: h.base, verified: true}
	_, _ = rand.Read(k.id)
	q := b.question(h.base+"/security/passkeys/question", url.Values{})
	k.handle = q.Options.User.ID
	point, err := key.PublicKey.Bytes()
	if err != nil {
		h.t.Fatal(err)
	}
	public, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		h.t.Fatal(err)
	}
	more := append(append(binary.BigEndian.AppendUint16(make([]byte, 16), uint16(len(k.id))), k.id...), public...)
	client, data := k.signed("webauthn.create", q.Options.Challenge, 64, more)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		h.t.Fatal(err)
	}
	answer, _ := json.Marshal(map[string]any{
		"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(client), "attestationObject": b64(object), "transports": []string{"internal"}},
	})
	b.submit(b.get(h.base+"/security/passkeys"), "/security/passkeys", "ticket", q.Ticket, "answer", string(answer), "name", "Ключ").
		must(http.StatusOK, "Ключ добавлен")
	return k
}

func (k *passkey) answers(t *testing.T, q question) string {
	t.Helper()
	if q.Options.UserVerification != "required" || len(q.Options.AllowCredentials) == 0 {
		t.Fatalf("a question that needs no owner, or names no key: %+v", q.Options)
	}
	client, data := k.signed("webauthn.get", q.Options.Challenge, 0, nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := json.Marshal(map[string]any{
		"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": k.handle},
	})
	return string(answer)
}

// atHome is a browser with the person in it.
func (h *house) atHome(person demo.Person) *browser {
	h.t.Helper()
	b := h.browser()
	h.signIn(b, b.get(h.base+"/sign-in"), person)
	return b
}

func (h *house) approval(phone *browser, screen waiting) question {
	h.t.Helper()
	return phone.question(h.base+"/app/approve/question", url.Values{"code": {screen.code}})
}

func (h *house) approve(phone *browser, screen waiting, number, ticket, answer string) shown {
	h.t.Helper()
	return phone.post(h.base+"/app/approve", url.Values{
		"code": {screen.code}, "number": {number}, "ticket": {ticket}, "answer": {answer}, "decision": {"passkey"},
	})
}

// ID-11: a phone that is no device approves with the person's passkey; the page
// that it lets in is not said to resist phishing.
func TestAPhoneApprovesWithAPasskey(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		phone := h.atHome(demo.Patient)
		if p := phone.submit(phone.get(h.base+"/app/scan"), "/app/scan", "code", h.wait(h.base+"/sign-in").code); p.url.Path != "/app/device" {
			t.Fatalf("a phone with neither PIN nor key came to %s", p.url)
		}
		key := h.passkey(phone)
		screen := h.wait(h.portal.base + "/")
		p := phone.submit(phone.get(h.base+"/app/scan"), "/app/scan", "code", screen.code)
		p.must(http.StatusOK, "Подтвердить вход?", "Подтвердить ключом доступа")
		if strings.Contains(p.body, `name="pin"`) {
			t.Error("a PIN is asked for that there is not")
		}
		q := h.approval(phone, screen)
		answer := key.answers(t, q)
		h.approve(phone, screen, "", q.Ticket, answer).must(http.StatusUnprocessableEntity, "Число на экране")
		// Of eight at once one approves.
		var all sync.WaitGroup
		outcome := make(chan int, 8)
		for range 8 {
			all.Go(func() { outcome <- h.approve(phone.stay(), screen, screen.number, q.Ticket, answer).status })
		}
		all.Wait()
		close(outcome)
		approved := 0
		for status := range outcome {
			if status == http.StatusSeeOther {
				approved++
			}
		}
		if approved != 1 || !strings.Contains(screen.state(), "approved") {
			t.Fatalf("%d approved: %s", approved, screen.state())
		}
		p = screen.submit(screen.page, "/sign-in/qr").must(http.StatusOK, "Передача данных")
		if claims := screen.submit(p, "/consent", "decision", "allow", "agreement", "1").claims(); claims.PIN != demo.Patient.PIN {
			t.Fatalf("%+v", claims)
		}
		var amr string
		if err := h.db().Read.QueryRowContext(t.Context(), `SELECT amr FROM sso_session WHERE method = 'phone'`).Scan(&amr); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(amr, "mca") || strings.Contains(amr, "wk") || strings.Contains(amr, "pin") {
			t.Errorf("the screen's session says %q", amr)
		}
	})
}

// The key's answer serves the request, the session and the person that it was
// asked for, and no other; the number guards it like the PIN.
func TestAPasskeyApprovesNothingElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		phone, second := h.atHome(demo.Patient), h.atHome(demo.Patient)
		key := h.passkey(phone)
		screen := h.wait(h.base + "/sign-in")
		stays := func(what string, p shown, status int) {
			t.Helper()
			if p.status != status || !strings.Contains(screen.state(), "waiting") {
				t.Errorf("%s: %d %s: %s", what, p.status, screen.state(), p.words())
			}
		}
		q := h.approval(phone, screen)
		other := h.wait(h.base + "/sign-in")
		stays("the question of another request", h.approve(phone, screen, screen.number, h.approval(phone, other).Ticket, key.answers(t, q)), http.StatusUnprocessableEntity)
		stays("its answer, too", func() shown {
			q := h.approval(phone, other)
			return h.approve(phone, screen, screen.number, q.Ticket, key.answers(t, q))
		}(), http.StatusUnprocessableEntity)
		stays("another session's question", h.approve(second, screen, screen.number, q.Ticket, key.answers(t, q)), http.StatusUnprocessableEntity)
		stranger := h.atHome(demo.Doctor)
		h.passkey(stranger)
		stays("another person's key", func() shown {
			q := h.approval(stranger, screen)
			return h.approve(stranger, screen, screen.number, q.Ticket, key.answers(t, q))
		}(), http.StatusUnprocessableEntity)
		key.verified = false
		stays("nobody's finger", h.approve(phone, screen, screen.number, q.Ticket, key.answers(t, q)), http.StatusUnprocessableEntity)
		key.verified, key.origin = true, "http://esi.localhost.evil.example"
		q = h.approval(phone, screen)
		stays("a false page", h.approve(phone, screen, screen.number, q.Ticket, key.answers(t, q)), http.StatusUnprocessableEntity)
		key.origin = h.base
		q = h.approval(phone, screen)
		answer := key.answers(t, q)
		// Too many wrong answers: the right one waits as well.
		status := 0
		for range 12 {
			if status = h.approve(phone, screen, screen.number, q.Ticket, "{}").status; status == http.StatusTooManyRequests {
				break
			}
		}
		stays("a right answer after many wrong ones", h.approve(phone, screen, screen.number, h.approval(phone, screen).Ticket, answer), http.StatusTooManyRequests)
		if status != http.StatusTooManyRequests {
			t.Errorf("wrong answers without end: %d", status)
		}
	})
}

// A wrong number refuses the request, and a right key does not save it.
func TestAWrongNumberRefusesDespiteThePasskey(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		phone := h.atHome(demo.Patient)
		key := h.passkey(phone)
		screen := h.wait(h.base + "/sign-in")
		number, err := strconv.Atoi(screen.number)
		if err != nil {
			t.Fatal(err)
		}
		q := h.approval(phone, screen)
		h.approve(phone, screen, fmt.Sprint(10+(number-10+1)%90), q.Ticket, key.answers(t, q)).must(http.StatusForbidden, "Число не совпало")
		if !strings.Contains(screen.state(), "refused") {
			t.Fatal(screen.state())
		}
		if p := phone.post(h.base+"/app/approve/question", url.Values{"code": {screen.code}}); p.status != http.StatusUnprocessableEntity {
			t.Errorf("a question for a refused request: %d", p.status)
		}
	})
}
