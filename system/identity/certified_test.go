package identity_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

type asked struct {
	ID   string `json:"id"`
	Data []byte `json:"data"`
}

// ask gets a challenge for the tab's address.
func (b *browser) ask(address string) asked {
	b.t.Helper()
	u, _ := url.Parse(address)
	u.Path += "/challenge"
	p := b.post(u.String(), nil).must(http.StatusOK)
	var a asked
	if err := json.Unmarshal([]byte(p.body), &a); err != nil {
		b.t.Fatal(err)
	}
	return a
}

// read answers the tab with the card.
func (b *browser) read(address string, c card) shown {
	b.t.Helper()
	a := b.ask(address)
	return b.post(address, url.Values{"challenge": {a.ID}, "pkcs7": {c.sign(b.t, a.Data)}})
}

func (h *house) cardTab() string { return h.base + "/sign-in/card" }

func (h *house) signedIn(b *browser, p demo.Person) bool {
	h.t.Helper()
	return strings.Contains(b.get(h.base+"/").words(), p.FamilyName)
}

var resident = demo.Residents[0] // has no account

func TestACardRegistersAndSignsIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		b := h.browser()
		c := o.card(resident, nil)
		page := b.get(h.cardTab()).must(http.StatusOK, "PIN-код карты")
		if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src 'self' ws://127.0.0.1:6127 wss://127.0.0.1:6127;") || strings.Contains(csp, "unsafe") {
			t.Errorf("the page may connect to: %s", csp)
		}
		if strings.Contains(page.body, `name="pin"`) || strings.Contains(page.body, `name="card-pin"`) {
			t.Error("the card's PIN would be sent")
		}
		page = b.read(h.cardTab(), c).must(http.StatusOK, "Создание аккаунта", resident.Name(), "Прочитать соглашение", "Прочитать политику конфиденциальности")
		b.submit(page, "/sign-in/new").must(http.StatusUnprocessableEntity, "примите соглашение")
		o.away = true
		b.submit(page, "/sign-in/new", "agreement", "1").must(http.StatusServiceUnavailable, "Реестр населения сейчас не отвечает")
		o.away = false
		b.submit(page, "/sign-in/new", "agreement", "1").must(http.StatusOK)
		if !h.signedIn(b, resident) {
			t.Fatal("not signed in")
		}
		d := h.db()
		var level, version, amr, sessionLevel string
		if err := d.Read.QueryRow(`SELECT a.level, g.version, s.amr, s.level FROM account a JOIN agreement g ON g.account_id = a.id JOIN sso_session s ON s.account_id = a.id WHERE a.pin = $1`, resident.PIN).
			Scan(&level, &version, &amr, &sessionLevel); err != nil {
			t.Fatal(err)
		}
		if level != "high" || version == "" || amr != "sc pin user" || sessionLevel != "high" {
			t.Errorf("account %s, agreement %s, session %s %s", level, version, amr, sessionLevel)
		}
		// Another browser: now there is an account. By a bare signature too.
		other := h.browser()
		a := other.ask(h.cardTab())
		sum := sha256.Sum256(a.Data)
		raw, _ := c.key.Sign(rand.Reader, sum[:], crypto.SHA256)
		other.post(h.cardTab(), url.Values{
			"challenge": {a.ID}, "certificate": {base64.StdEncoding.EncodeToString(c.certificate.Raw)}, "signature": {base64.StdEncoding.EncodeToString(raw)},
		}).must(http.StatusOK)
		if !h.signedIn(other, resident) {
			t.Error("not signed in the second time")
		}
		if text := string(a.Data); !strings.Contains(text, "origin: "+h.base) || !strings.Contains(text, "purpose: sign-in") {
			t.Errorf("the challenge does not say who asks and what for:\n%s", text)
		}
		// An RSA card of an account that was proofed well makes it one of level high, and the person is told.
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		doctor := h.browser()
		doctor.read(h.cardTab(), o.cardOf(demo.Doctor, key, nil)).must(http.StatusOK)
		if err := d.Read.QueryRow(`SELECT a.level FROM account a JOIN security_event e ON e.account_id = a.id WHERE a.pin = $1 AND e.kind = 'level_changed'`, demo.Doctor.PIN).Scan(&level); err != nil || level != "high" {
			t.Errorf("level %q, %v", level, err)
		}
		// Into a connected system.
		card := h.browser()
		page = card.get(h.portal.base + "/")
		tab, _ := url.Parse(h.cardTab())
		tab.RawQuery = page.url.RawQuery
		card.read(tab.String(), o.card(demo.Patient, nil)).must(http.StatusOK, "Передача данных")
	})
}

func TestCardsThatAreRefused(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		forger := newOffice(t, h) // the same names, other keys
		p := demo.Expert
		now := h.clock.Now()
		listed, answered := o.card(p, nil), o.card(p, nil)
		o.listed, o.answered = []*big.Int{listed.certificate.SerialNumber}, []*big.Int{answered.certificate.SerialNumber}
		stolen := o.card(p, nil)
		stolen.key = p256(t)
		for name, test := range map[string]struct {
			card card
			says string
		}{
			"forged authority":  {forger.card(p, nil), "не государственным удостоверяющим центром"},
			"in the list":       {listed, "отозван"},
			"by OCSP":           {answered, "отозван"},
			"expired":           {o.card(p, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) }), "истёк"},
			"not yet valid":     {o.card(p, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Hour) }), "ещё не вступил"},
			"signature usage":   {o.card(p, func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageContentCommitment, nil }), "не для такого"},
			"no ПИН":            {o.card(p, func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: p.Name()} }), "не государственным"},
			"thirteen digits":   {o.card(p, func(c *x509.Certificate) { c.Subject.SerialNumber = "PNOKG-" + p.PIN[:13] }), "не государственным"},
			"ПИН in groups":     {o.card(p, func(c *x509.Certificate) { c.Subject.SerialNumber = "PNOKG-1 25111990 00088" }), "не государственным"},
			"another country's": {o.card(p, func(c *x509.Certificate) { c.Subject.SerialNumber = "PNOKZ-" + p.PIN }), "не государственным"},
			"another key":       {stolen, "не подошла"},
		} {
			b := h.browser()
			if b.read(h.cardTab(), test.card).must(http.StatusUnprocessableEntity, test.says); h.signedIn(b, p) {
				t.Errorf("%s: signed in", name)
			}
		}
		// Nobody answers: nobody enters.
		o.silent = true
		h.clock.advance(20 * time.Minute)
		b := h.browser()
		if b.read(h.cardTab(), o.card(p, nil)).must(http.StatusServiceUnavailable, "Сейчас нельзя проверить"); h.signedIn(b, p) {
			t.Error("signed in unchecked")
		}
		o.silent = false
		// Refusals stand in the record of the person whose certificate it was.
		var refused int
		if err := h.db().Read.QueryRow(`SELECT COUNT(*) FROM visit v JOIN account a ON a.id = v.account_id WHERE a.pin = $1 AND v.method = 'card' AND v.outcome = 'refused'`, p.PIN).Scan(&refused); err != nil || refused != 3 {
			t.Errorf("%d refusals are known (%v), not 3: listed, by OCSP, expired", refused, err)
		}
		// The register does not know the person, or by another name; or they are dead.
		for name, change := range map[string]func(){
			"unknown": func() { delete(o.register, resident.PIN) },
			"another name": func() {
				person := o.register[demo.Residents[1].PIN]
				person.PIN = resident.PIN
				o.register[resident.PIN] = person
			},
			"deceased": func() {
				person := populationapi.Person{PIN: resident.PIN, FamilyName: resident.FamilyName, GivenName: resident.GivenName, Patronymic: resident.Patronymic, Deceased: true}
				o.register[resident.PIN] = person
			},
		} {
			change()
			b := h.browser()
			page := b.read(h.cardTab(), o.card(resident, nil)).must(http.StatusOK, "Создание аккаунта")
			b.submit(page, "/sign-in/new", "agreement", "1").must(http.StatusUnprocessableEntity, "ЦОН")
			if h.signedIn(b, resident) {
				t.Errorf("%s: an account was made", name)
			}
		}
	})
}

func TestAnAnswerServesOnceWhereItWasAsked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		p := demo.Expert
		c := o.card(p, nil)
		gone := "слишком поздно или уже был использован"
		b := h.browser()
		b.get(h.cardTab())
		answer := func(a asked, content []byte) url.Values {
			return url.Values{"challenge": {a.ID}, "pkcs7": {c.sign(t, content)}}
		}
		// Another browser's.
		a := b.ask(h.cardTab())
		thief := h.browser()
		thief.get(h.cardTab())
		thief.post(h.cardTab(), answer(a, a.Data)).must(http.StatusUnprocessableEntity, gone)
		if h.signedIn(thief, p) {
			t.Fatal("another browser signed in")
		}
		b.post(h.cardTab(), answer(a, a.Data)).must(http.StatusUnprocessableEntity, gone) // and it is spent
		// For another target.
		a = b.ask(h.cardTab())
		b.post(h.cardTab()+"?next=%2Fsecurity", answer(a, a.Data)).must(http.StatusUnprocessableEntity, gone)
		// Over other bytes; an answer that was wrong ends its challenge.
		a = b.ask(h.cardTab())
		b.post(h.cardTab(), answer(a, append(slices.Clone(a.Data), '!'))).must(http.StatusUnprocessableEntity, "не подошла")
		b.post(h.cardTab(), answer(a, a.Data)).must(http.StatusUnprocessableEntity, gone)
		// Another challenge's bytes.
		a, second := b.ask(h.cardTab()), b.ask(h.cardTab())
		b.post(h.cardTab(), url.Values{"challenge": {second.ID}, "pkcs7": {c.sign(t, a.Data)}}).must(http.StatusUnprocessableEntity, "не подошла")
		// Too late.
		a = b.ask(h.cardTab())
		h.clock.advance(2*time.Minute + time.Second)
		b.post(h.cardTab(), answer(a, a.Data)).must(http.StatusUnprocessableEntity, gone)
		// Garbage and floods.
		for name, values := range map[string]url.Values{
			"nothing":      {},
			"no base64":    {"challenge": {b.ask(h.cardTab()).ID}, "pkcs7": {"?"}},
			"no message":   {"challenge": {b.ask(h.cardTab()).ID}, "pkcs7": {"MIIB"}},
			"huge message": {"challenge": {b.ask(h.cardTab()).ID}, "pkcs7": {strings.Repeat("A", 200_000)}},
			"huge nonce":   {"challenge": {strings.Repeat("A", 100_000)}, "pkcs7": {"AAAA"}},
			"nothing else": {"challenge": {b.ask(h.cardTab()).ID}},
		} {
			if page := b.post(h.cardTab(), values); page.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", name, page.status)
			}
		}
		b.post(h.cardTab(), url.Values{"pkcs7": {strings.Repeat("A", 2<<20)}}).must(http.StatusRequestEntityTooLarge)
		if h.signedIn(b, p) {
			t.Fatal("signed in")
		}
		// Eight uses of one answer at once: one session.
		a = b.ask(h.cardTab())
		values := answer(a, a.Data)
		var entered sync.Map
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				if page := b.stay().post(h.cardTab(), values); page.status == http.StatusSeeOther {
					entered.Store(i, true)
				}
			})
		}
		all.Wait()
		count := 0
		entered.Range(func(any, any) bool { count++; return true })
		var sessions int
		if err := h.db().Read.QueryRow(`SELECT COUNT(*) FROM sso_session s JOIN account a ON a.id = s.account_id WHERE a.pin = $1`, p.PIN).Scan(&sessions); err != nil || count != 1 || sessions != 1 {
			t.Errorf("%d entered, %d sessions (%v)", count, sessions, err)
		}
	})
}

func (o *office) inCloud(p demo.Person) *cloudKey {
	o.t.Helper()
	c := o.card(p, func(c *x509.Certificate) { c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageContentCommitment, nil })
	k := &cloudKey{p, c.certificate, c.key, "12345678"}
	o.cloud[p.PIN] = k
	return k
}

func (h *house) cloudTab() string { return h.base + "/sign-in/signature" }

func (b *browser) sign(h *house, p demo.Person, oneTime string) shown {
	b.t.Helper()
	return b.post(h.cloudTab(), url.Values{"pin": {p.PIN}, "one_time": {oneTime}})
}

func TestTheCloudSignatureRegistersAndSignsIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		o.inCloud(resident)
		b := h.browser()
		b.get(h.cloudTab()).must(http.StatusOK, "Одноразовый PIN-код")
		page := b.sign(h, resident, "12345678").must(http.StatusOK, "Создание аккаунта", resident.Name())
		b.submit(page, "/sign-in/new", "agreement", "1").must(http.StatusOK)
		var level, amr, sessionLevel string
		if err := h.db().Read.QueryRow(`SELECT a.level, s.amr, s.level FROM account a JOIN sso_session s ON s.account_id = a.id WHERE a.pin = $1`, resident.PIN).Scan(&level, &amr, &sessionLevel); err != nil {
			t.Fatal(err)
		}
		if level != "substantial" || sessionLevel != "substantial" || amr != "otp pop" {
			t.Errorf("account %s, session %s %s", level, sessionLevel, amr)
		}
		// It is spent; and wrong and unknown look alike.
		wrong := h.browser().sign(h, resident, "12345678").must(http.StatusUnprocessableEntity, "ПИН или одноразовый PIN-код неверны")
		unknown := h.browser().sign(h, demo.Residents[1], "12345678").must(http.StatusUnprocessableEntity, "ПИН или одноразовый PIN-код неверны")
		if a, b := strings.ReplaceAll(wrong.words(), resident.PIN, ""), strings.ReplaceAll(unknown.words(), demo.Residents[1].PIN, ""); a != b {
			t.Errorf("wrong and unknown differ:\n%s\n%s", a, b)
		}
		// A new one by mail, alike for both.
		for _, p := range []demo.Person{resident, demo.Residents[1]} {
			h.browser().post(h.cloudTab()+"/pin", url.Values{"pin": {p.PIN}}).must(http.StatusOK, "Если у этого ПИН есть облачная подпись")
		}
		if len(o.mailed) != 2 {
			t.Errorf("asked for %v", o.mailed)
		}
		h.browser().post(h.cloudTab()+"/pin", url.Values{"pin": {"123"}}).must(http.StatusUnprocessableEntity, "14")
	})
}

func TestTheCloudsWordAloneLetsNobodyIn(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		p := demo.Expert
		k := o.inCloud(p)
		another := o.inCloud(demo.Head)
		forger := *k
		forger.key = p256(t)
		authentication := o.card(p, nil)
		wrongUse := &cloudKey{p, authentication.certificate, authentication.key, ""}
		b := h.browser()
		try := func(name, says string) {
			t.Helper()
			k.pin = "12345678"
			if b.sign(h, p, "12345678").must(http.StatusUnprocessableEntity, says); h.signedIn(b, p) {
				t.Errorf("%s: signed in", name)
			}
		}
		o.signAs = func(*cloudKey) *cloudKey { return another }
		try("another's key", "не государственным")
		o.signAs = func(*cloudKey) *cloudKey { return &forger }
		try("a forged signature", "не подошла")
		o.signAs = func(*cloudKey) *cloudKey { return wrongUse }
		try("an authentication key", "не для такого")
		o.signAs = nil
		o.signOther = true
		try("another document", "не подошла")
		o.signOther = false
		o.answered = []*big.Int{k.certificate.SerialNumber}
		try("revoked", "отозван")
		o.answered = nil
		k.pin = "12345678"
		b.sign(h, p, "12345678").must(http.StatusOK)
		if !h.signedIn(b, p) {
			t.Error("not signed in")
		}
	})
}

// Who guesses elsewhere locks nobody out of the browser they are known in.
func TestGuessesAtTheCloudSignature(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		p := demo.Expert
		k := o.inCloud(p)
		home := h.browser()
		home.sign(h, p, "12345678").must(http.StatusOK)
		thief := h.browser()
		locked := false
		for range 8 {
			locked = thief.sign(h, p, "00000000").status == http.StatusTooManyRequests
		}
		if !locked {
			t.Error("eight guesses and no lock")
		}
		k.pin = "87654321"
		thief.sign(h, p, "87654321").must(http.StatusTooManyRequests)
		home.sign(h, p, "87654321").must(http.StatusOK)
	})
}

func TestAPersonGetsACloudSignature(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o := opened(t, h)
		b := h.browser()
		p := h.signIn(b, b.get(h.base+"/signature/cloud"), demo.Surgeon)
		p.must(http.StatusOK, "Моя облачная подпись")
		b.submit(p, "/signature/cloud").must(http.StatusOK, "Облачная подпись готова")
		if len(o.enrolled) != 1 || o.enrolled[0].PIN != demo.Surgeon.PIN || o.enrolled[0].Email != demo.Surgeon.Email || o.enrolled[0].Level != "substantial" {
			t.Errorf("%+v", o.enrolled)
		}
		// A sign-in of a while ago is not enough; nor is an account without e-mail.
		h.clock.advance(11 * time.Minute)
		b.post(h.base+"/signature/cloud", nil).must(http.StatusOK, "Вход")
		if len(o.enrolled) != 1 {
			t.Error("given without a fresh sign-in")
		}
		d := h.db()
		h.exec(d, `UPDATE account SET email = '', email_verified = 0 WHERE pin = $1`, demo.Nurse.PIN)
		nurse := h.browser()
		h.signIn(nurse, nurse.get(h.base+"/signature/cloud"), demo.Nurse).must(http.StatusOK, "Сначала добавьте")
		nurse.post(h.base+"/signature/cloud", nil).must(http.StatusUnprocessableEntity, "Сначала добавьте")
		if len(o.enrolled) != 1 {
			t.Error("given without an e-mail")
		}
	})
}
