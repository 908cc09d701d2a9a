package identity_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pquerna/otp/totp"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// kept is lines that several write.
type kept struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.Write(p)
}

func (k *kept) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.b.String()
}

// watched is a network that keeps what stands in addresses: those asked for,
// those come from, those led to, and those that pages link.
type watched struct {
	next      http.RoundTripper
	addresses *kept
}

var linked = regexp.MustCompile(`(?:href|action|src)="[^"]*"`)

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	_, _ = fmt.Fprintln(w.addresses, r.Method, r.URL.RequestURI(), r.Header.Get("Referer"), response.Header.Get("Location"))
	for _, address := range linked.FindAll(body, -1) {
		// The QR code of an authenticator is the picture itself, and its link opens an app: no server gets them.
		if !bytes.Contains(address, []byte(`"data:image/`)) && !bytes.HasPrefix(address, []byte(`href="otpauth:`)) {
			_, _ = fmt.Fprintf(w.addresses, "%s\n", address)
		}
	}
	return response, err
}

// secretWays signs in by ID card, cloud signature, passkey and QR code, rightly and
// wrongly, and hides what must stay secret of them.
func (h *house) secretWays(hide func(each ...string)) {
	h.t.Helper()
	o := newOffice(h.t, h)
	h.serve(exchangeapi.Signature, func(p *exchangeapi.Provider) {
		signatureapi.ServeAuthority(p, o)
		signatureapi.ServeCloud(p, cloudService{o})
	})
	for _, p := range []demo.Person{demo.Surgeon, demo.Expert, demo.Head, demo.Nurse} {
		hide(p.PIN, p.FamilyName, strings.TrimPrefix(p.Phone, "+996"), p.Email)
	}

	// A card: of its owner, again with what served already, another's, revoked.
	b, c := h.browser(), o.card(demo.Surgeon, nil)
	b.get(h.cardTab()).must(http.StatusOK)
	asked := b.ask(h.cardTab())
	answer := url.Values{"challenge": {asked.ID}, "pkcs7": {c.sign(h.t, asked.Data)}}
	hide(asked.ID, answer.Get("pkcs7"))
	b.post(h.cardTab(), answer).must(http.StatusOK)
	hide(b.session(h))
	b.post(h.cardTab(), answer).must(http.StatusUnprocessableEntity)
	b = h.browser()
	h.recovering(b, demo.Surgeon.PIN)
	b.read(h.base+"/sign-in/recover/card", o.card(demo.Head, nil)).must(http.StatusUnprocessableEntity)
	o.answered = append(o.answered, c.certificate.SerialNumber)
	h.browser().read(h.cardTab(), c).must(http.StatusUnprocessableEntity, "отозван")
	o.silent = true // the list is kept, and says enough
	h.browser().read(h.cardTab(), o.card(demo.Surgeon, nil)).must(http.StatusOK)
	o.silent = false

	// The cloud signature: a wrong one-time PIN, the right one, once more, a new one.
	o.inCloud(demo.Expert)
	hide("12345678", "87654321", "token-of-"+demo.Expert.PIN)
	b = h.browser()
	b.sign(h, demo.Expert, "87654321").must(http.StatusUnprocessableEntity)
	b.sign(h, demo.Expert, "12345678").must(http.StatusOK)
	hide(b.session(h))
	h.browser().sign(h, demo.Expert, "12345678").must(http.StatusUnprocessableEntity)
	b.post(h.cloudTab()+"/pin", url.Values{"pin": {demo.Expert.PIN}}).must(http.StatusOK)

	// A phone with its PIN lets a screen in: with a wrong PIN, the right one, and not
	// with another number.
	hide(devicePIN)
	phone := h.phone(demo.Nurse)
	hide(phone.session(h))
	approve := func(pin, decision string) {
		screen := h.wait(h.base + "/sign-in")
		hide(screen.code, strings.ReplaceAll(screen.code, "-", ""))
		phone.submit(phone.get(h.base+"/app/scan"), "/app/scan", "code", screen.code)
		phone.post(h.base+"/app/approve", url.Values{"code": {screen.code}, "number": {screen.number}, "pin": {pin}, "decision": {decision}})
		screen.submit(screen.page, "/sign-in/qr")
		if in := screen.session(h) != ""; in != (pin == devicePIN && decision == "approve") {
			h.t.Errorf("%s with %s: in is %v", decision, pin, in)
		} else if in {
			hide(screen.session(h))
		}
	}
	approve("9173", "approve")
	approve(devicePIN, "approve")
	approve(devicePIN, "refuse")

	// A passkey.
	key := h.passkey(phone)
	b = h.browser()
	q := b.question(h.base+"/sign-in/passkey/question", nil)
	by := key.any(h.t, q)
	hide(q.Ticket, q.Options.Challenge)
	b.post(h.base+"/sign-in/passkey", url.Values{"ticket": {q.Ticket}, "answer": {by}}).must(http.StatusOK)
	hide(b.session(h))
	b.post(h.base+"/sign-in/passkey", url.Values{"ticket": {q.Ticket}, "answer": {by}}).must(http.StatusUnprocessableEntity)
}

// Somebody registers, sets up, signs in in several ways and wrongly, connects a
// system, recovers, disowns, comes in by card, cloud, phone and passkey: no password, no code, no token, no cookie, no secret
// of a client, no ПИН, no passport, no contact stands in the log or an address.
func TestNoSecretInALogOrAnAddress(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.populate(&residents{})
		addresses := &kept{}
		h.through = watched{h.network, addresses}
		browser := h.browser
		secrets := []string{
			newcomer.PIN, newcomer.Passport[2:], demo.Doctor.PIN, strings.TrimPrefix(newPhone, "+996"), newEmail, demo.Doctor.Email, strings.TrimPrefix(demo.Doctor.Phone, "+996"),
			fresh, demo.Password, "Wrong-pass-1", secret, secretOf("card"), exchangeKey, newcomer.FamilyName, demo.Doctor.FamilyName,
		}
		hide := func(each ...string) {
			t.Helper()
			for _, s := range each {
				if len(s) < 6 && s != devicePIN {
					t.Fatalf("no secret: %q", s)
				}
			}
			secrets = append(secrets, each...)
		}

		// Registration and set-up.
		b := browser()
		b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", "ID7654321")
		p := b.submit(b.get(h.base+"/register/passport"), "/register/passport", "pin", newcomer.PIN, "passport", newcomer.Passport)
		p = h.toReview(b, p)
		b.submit(p, "/register/review").must(http.StatusOK)
		p = b.get(h.base+"/set-up").must(http.StatusOK, "Придумайте пароль")
		b.submit(p, "/set-up/password", "password", "Wrong-pass-1")
		p = b.submit(p, "/set-up/password", "password", fresh).must(http.StatusOK, "Как Вы будете подтверждать вход")
		app := b.get(h.base+"/security/totp").must(http.StatusOK, "отсканируйте")
		key := strings.ReplaceAll(totpSecret.FindStringSubmatch(app.body)[1], " ", "")
		code, err := totp.GenerateCode(key, h.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		hide(key, code)
		b.submit(app, "/security/totp", "code", othertest.Than(code))
		b.submit(app, "/security/totp", "code", code)
		p = b.submit(p, "/set-up/factor").must(http.StatusOK, "Сохраните резервные коды")
		p.must(http.StatusOK, "только один раз")
		for _, each := range backupCode.FindAllStringSubmatch(p.body, -1) {
			hide(each[1])
		}
		b.submit(p, "/set-up/done", "kept", "1").must(http.StatusOK)
		hide(b.session(h))
		b.post(h.base+"/sign-out", nil)

		// Signing in: wrongly, and by a backup code that serves once.
		backup := secrets[len(secrets)-2]
		for range 2 {
			b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", newcomer.PIN, "password", "Wrong-pass-1").must(http.StatusUnprocessableEntity)
			p = b.submit(b.get(h.base+"/sign-in"), "/sign-in", "pin", newcomer.PIN, "password", fresh).must(http.StatusOK)
			p = b.submit(p, "/sign-in/code/send", "channel", "backup")
			if b.submit(p, "/sign-in/code", "code", backup); b.session(h) != "" { // not the second time
				hide(b.session(h))
			}
			b.post(h.base+"/sign-out", nil)
		}

		// A system of the house, and one that uses the protocol wrongly too.
		b = browser()
		h.enter(b, h.card, demo.Doctor)
		hide(b.session(h))
		b.get(h.card.base + "/sign-out")
		b.post(h.card.base+"/sign-out", nil)
		answer := h.code(b, demo.Doctor, "scope", "openid profile offline_access")
		h.redeem(answer.Get("code"), "code_verifier", "x")
		h.token(basic("conformance", "Wrong-pass-1"), "grant_type", "authorization_code", "code", answer.Get("code"))
		got := h.redeem(b.stay().answerOf(b.stay().get(h.request("scope", "openid profile offline_access"))).Get("code"))
		again := h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", got.Refresh)
		hide(got.Access, got.Refresh, got.ID, again.Access, again.Refresh, again.ID)
		h.userInfo(again.Access)
		h.userInfo(again.Access + "x")
		h.ask("/connect/introspect", basic("conformance", secret), "token", again.Access)
		h.ask("/connect/revocation", basic("conformance", secret), "token", again.Refresh)
		h.token(basic("conformance", secret), "grant_type", "refresh_token", "refresh_token", again.Refresh)
		b.post(h.base+"/sign-out", nil)

		// Recovery, and "this was not me".
		b = browser()
		h.recovering(b, demo.Doctor.PIN)
		p, code = h.sent(b, "sms", demo.Doctor.Phone)
		b.submit(p, "/sign-in/recover/code/sms", "code", othertest.Than(code))
		b.submit(p, "/sign-in/recover/code/sms", "code", code).must(http.StatusOK, "Подтверждено")
		p, code = h.sent(b, "email", demo.Doctor.Email)
		p = b.submit(p, "/sign-in/recover/code/email", "code", code).must(http.StatusOK, "Новый пароль")
		b.submit(p, "/sign-in/recover/password", "password", fresh, "again", fresh).must(http.StatusOK, "Новый пароль сохранён")
		link := h.inbox.link(t, demo.Doctor.Email)
		_, proof, _ := strings.Cut(link, "#")
		b.post(h.base+"/not-me", url.Values{"link": {link}}).must(http.StatusOK)
		b.post(h.base+"/not-me/confirm", url.Values{"link": {link + "x"}})
		b.post(h.base+"/not-me/confirm", url.Values{"link": {link}}).must(http.StatusOK, "Аккаунт защищён")
		hide(proof)
		h.secretWays(hide)
		h.through = nil
		// What is wrong is logged without the address and the form that were wrong.
		h.browser().get(h.base + "/nowhere/" + demo.Doctor.PIN + "?code=" + fresh).must(http.StatusNotFound)
		h.browser().post(h.base+"/device/answer?code="+fresh, url.Values{"user_code": {proof}, "pin": {demo.Doctor.PIN}, "password": {demo.Password}}).must(http.StatusBadRequest)
		h.inbox.mu.Lock()
		codes := 0
		for _, m := range h.inbox.ever {
			if m.Secret {
				hide(sixDigits.FindString(m.Body.RU))
				codes++
			}
		}
		h.inbox.mu.Unlock()
		if codes < 5 {
			t.Fatalf("only %d codes were sent", codes)
		}

		said, asked := h.said.String(), addresses.String()
		if strings.Count(said, "\n") < 3 || strings.Count(asked, "\n") < 200 {
			t.Fatalf("nothing was watched:\n%s", said)
		}
		slices.Sort(secrets)
		for _, each := range slices.Compact(secrets) {
			leak := regexp.MustCompile(`(?:^|[^0-9A-Za-z])(` + regexp.QuoteMeta(each) + `|` + regexp.QuoteMeta(url.QueryEscape(each)) + `)(?:[^0-9A-Za-z]|$)`)
			for where, text := range map[string]string{"the log": said, "an address": asked} {
				if at := leak.FindStringIndex(text); at != nil {
					t.Errorf("%q stands in %s: …%s…", each, where, text[max(0, at[0]-150):min(len(text), at[1]+50)])
				}
			}
		}
	})
}
