package portal_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/portal/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// esi keeps requests for signatures as ЕСИ does; the test is the person there.
type esi struct {
	mu   sync.Mutex
	asks []identityapi.SigningRequest
	made []identityapi.Signing
}

func (e *esi) Ask(_ context.Context, r identityapi.SigningRequest) (identityapi.Signing, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, known := range e.asks {
		if known.Reference == r.Reference {
			if known.SHA256 != r.SHA256 {
				return identityapi.Signing{}, fail.New(fail.Conflict, "kit.conflict")
			}
			return e.made[i], nil
		}
	}
	name := fmt.Sprintf("request-%d", len(e.asks))
	e.asks = append(e.asks, r)
	e.made = append(e.made, identityapi.Signing{ID: name, Address: "http://esi.localhost:8080/sign/" + name, State: "asked"})
	return e.made[len(e.made)-1], nil
}

func (e *esi) Signing(_ context.Context, id string) (identityapi.Signing, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := slices.IndexFunc(e.made, func(s identityapi.Signing) bool { return s.ID == id })
	if i < 0 {
		return identityapi.Signing{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return e.made[i], nil
}

// Check takes for genuine what bears the value that decide gives.
func (e *esi) Check(_ context.Context, c identityapi.SignatureCheck) (identityapi.SignatureVerdict, error) {
	switch {
	case c.Signature.SHA256 != c.SHA256:
		return identityapi.SignatureVerdict{Reason: "document"}, nil
	case c.Signature.Seal.Value != "genuine":
		return identityapi.SignatureVerdict{Reason: "signature"}, nil
	}
	return identityapi.SignatureVerdict{Valid: true}, nil
}

// last is the newest request.
func (e *esi) last() identityapi.SigningRequest {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asks[len(e.asks)-1]
}

// decide is what becomes of the newest request; change spoils the signature.
func (e *esi) decide(state string, change func(s *identityapi.SimpleSignature)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	i := len(e.made) - 1
	e.made[i].State = state
	if state != "signed" {
		return
	}
	s := identityapi.SimpleSignature{
		ID: e.made[i].ID, PIN: e.asks[i].PIN, Name: demo.Patient.Name(), Title: e.asks[i].Title, SHA256: e.asks[i].SHA256,
		Method: "password", ACR: "urn:sanarip:acr:substantial", AuthAt: start, At: start,
	}
	s.Seal.Value = "genuine"
	if change != nil {
		change(&s)
	}
	e.made[i].Signature = &s
}

// staff is НИСУР: one officer of the Centre.
type staff struct{}

func (staff) Posts(_ context.Context, pin string) ([]workforceapi.Post, error) {
	if pin != demo.Operator.PIN {
		return nil, nil
	}
	return []workforceapi.Post{{ID: "1", PIN: pin, Role: workforceapi.Operator, Title: text.Words{KY: "Кызматкер", RU: "Сотрудник Центра", EN: "Officer"}, From: clock.Date{Year: 2026, Month: 1, Day: 1}}}, nil
}

func (staff) Staff(context.Context, string) ([]workforceapi.Post, error) { return nil, nil }

func (staff) Organisation(context.Context, string) (workforceapi.Organisation, error) {
	return workforceapi.Organisation{}, fail.New(fail.NotFound, "kit.not_found")
}

func (staff) Organisations(context.Context) ([]workforceapi.Organisation, error) { return nil, nil }

// correction fills in the application for a correction and gives its address.
func (br *browser) correction(t *testing.T) string {
	t.Helper()
	const order = "/services/data-correction/order"
	token := find(t, br.get(t, order).body, `name="token" value="([^"]+)"`)
	sent := br.post(t, order, "token", token, "wrong", "Старый <адрес>", "right", "Сокулук, Ленина 5")
	if sent.code != http.StatusSeeOther {
		t.Fatalf("the order is %d: %s", sent.code, sent.body)
	}
	return sent.header.Get("Location")
}

func (a answer) says(t *testing.T, words ...string) answer {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			t.Fatalf("the page lacks %q: %.300s", w, a.body[max(0, strings.Index(a.body, "<main")):])
		}
	}
	return a
}

// PT-5, SG-1: a person sees what they sign, signs it at ЕСИ, and the executor
// answers what is signed and holds.
func TestAnApplicationIsSignedAndAnswered(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient, officer := b.as(t, &demo.Patient), b.as(t, &demo.Operator)
		application := patient.correction(t)
		if got := patient.get(t, application).body; strings.Contains(got, "подана и зарегистрирована") || !strings.Contains(got, "нужна подпись") {
			t.Error("what is not signed is said to be filed")
		}
		patient.get(t, application).says(t, "Подпишите заявление", "Старый &lt;адрес&gt;", "Ждёт подписи")
		paper := patient.get(t, application+"/application.pdf").body
		sum := sha256.Sum256([]byte(paper))
		if !strings.HasPrefix(paper, "%PDF-") || !strings.Contains(patient.get(t, application).body, hex.EncodeToString(sum[:])) {
			t.Error("the page does not show the hash of what is signed")
		}
		officer.get(t, "/desk").says(t, "Заявлений на исполнение нет")
		id := application[strings.LastIndex(application, "/")+1:]
		if got := officer.get(t, "/desk/"+id); got.code != http.StatusNotFound {
			t.Errorf("the executor opens what is not signed: %d", got.code)
		}
		var all sync.WaitGroup
		for range 4 { // pressed again and again
			all.Go(func() {
				if got := patient.post(t, application+"/sign").header.Get("Location"); got != "http://esi.localhost:8080/sign/request-0" {
					t.Errorf("the person is led to %q", got)
				}
			})
		}
		all.Wait()
		asked := b.esi.last()
		if asked.SHA256 != hex.EncodeToString(sum[:]) || asked.PIN != demo.Patient.PIN || asked.ReturnTo != "http://portal.localhost:8080"+application+"/signed" ||
			!strings.HasSuffix(asked.Document, application+"/application.pdf") || !strings.Contains(asked.Title.RU, "A2026-0000001") {
			t.Errorf("%+v", asked)
		}
		patient.get(t, application+"/signed")
		patient.get(t, application).says(t, "Ждёт подписи") // came back without deciding
		b.esi.decide("signed", nil)
		if got := patient.get(t, application+"/signed"); got.header.Get("Location") != application {
			t.Errorf("back from ЕСИ: %d %s", got.code, got.body)
		}
		patient.get(t, application).says(t, "Проверено: подпись подлинная", "существенный", "На рассмотрении", "Заявление подписано простой электронной подписью", "Заявка подана и зарегистрирована")
		var proof identityapi.SimpleSignature
		if err := json.Unmarshal([]byte(patient.get(t, application+"/signature.json").body), &proof); err != nil || proof.SHA256 != asked.SHA256 {
			t.Errorf("the file of the signature: %v %+v", err, proof)
		}
		eventually(t, "the person was not told", func() bool { return len(b.messages()) == 1 })
		if got := patient.post(t, application+"/take-back"); got.code != http.StatusConflict {
			t.Errorf("a signed application is taken back: %d", got.code)
		}
		// The executor, and nobody else.
		if menu := `href="/desk"`; !strings.Contains(officer.get(t, "/my").body, menu) || strings.Contains(patient.get(t, "/my").body, menu) {
			t.Error("the menu does not lead the executor, and the executor alone, to the list")
		}
		for _, path := range []string{"/desk", "/desk/" + id, "/desk/" + id + "/application.pdf"} {
			if got := patient.get(t, path); got.code != http.StatusForbidden {
				t.Errorf("a citizen at %s: %d", path, got.code)
			}
		}
		for _, path := range []string{application, application + "/application.pdf", application + "/signature.json", application + "/signed"} {
			if got := b.as(t, &demo.Doctor).get(t, path); got.code != http.StatusNotFound {
				t.Errorf("another person at %s: %d", path, got.code)
			}
		}
		for _, l := range text.Langs {
			officer.lang, patient.lang = l, l
			officer.get(t, "/desk")
			officer.get(t, "/desk/"+id)
			patient.get(t, application)
		}
		officer.lang, patient.lang = text.RU, text.RU
		officer.get(t, "/desk").says(t, "A2026-0000001", "Жумабеков")
		officer.get(t, "/desk/"+id).says(t, "Проверено: подпись подлинная", "Жумабеков Эрмек", "существенный", "Старый &lt;адрес&gt;")
		if got := officer.get(t, "/desk/"+id+"/application.pdf"); got.body != paper {
			t.Error("the executor reads another document than was signed")
		}
		if got := officer.post(t, "/desk/"+id, "answer", "done"); got.code != http.StatusUnprocessableEntity {
			t.Errorf("an answer without words is %d", got.code)
		}
		if got := officer.post(t, "/desk/"+id, "answer", "done", "note", "Адрес исправлен."); got.code != http.StatusSeeOther {
			t.Fatalf("the answer is %d: %s", got.code, got.body)
		}
		if got := officer.post(t, "/desk/"+id, "answer", "refused", "note", "Нет."); got.code != http.StatusUnprocessableEntity && got.code != http.StatusConflict {
			t.Errorf("a second answer is %d", got.code)
		}
		patient.get(t, application).says(t, "Заявление исполнено", "Адрес исправлен.", "Сотрудник Центра")
		eventually(t, "the person was not told of the answer", func() bool { return len(b.messages()) == 2 })
		records, err := audit.Of(t.Context(), dbtest.Open(t, b.env.Database, "portal", migration.Sets...).Read, demo.Patient.PIN, 50)
		if err != nil || !slices.ContainsFunc(records, func(r audit.Record) bool { return r.Action == "execute-open" && r.ActorPIN == demo.Operator.PIN }) {
			t.Errorf("who looked is not recorded: %v", err)
		}
	})
}

// What the person declines or leaves lying is not filed; they may sign it later
// or take it back.
func TestAnApplicationThatIsNotSigned(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient, officer := b.as(t, &demo.Patient), b.as(t, &demo.Operator)
		application := patient.correction(t)
		patient.post(t, application+"/sign")
		b.esi.decide("refused", nil)
		patient.get(t, application+"/signed")
		patient.get(t, application).says(t, "Вы не подписали заявление", "Подписать в ЕСИ")
		if got := patient.post(t, application+"/sign").header.Get("Location"); got != "http://esi.localhost:8080/sign/request-1" {
			t.Fatalf("after a refusal the person is led to %q", got)
		}
		b.esi.decide("expired", nil)
		b.advance(t, 8*24*time.Hour) // they never came back: the job sees it
		eventually(t, "nobody was told that the time ran out", func() bool { return len(b.messages()) == 1 })
		patient = b.as(t, &demo.Patient)
		patient.get(t, application).says(t, "Срок подписания истёк")
		patient.post(t, application+"/sign")
		b.advance(t, time.Hour) // signed, and the browser was closed
		b.esi.decide("signed", nil)
		b.advance(t, 24*time.Hour)
		eventually(t, "the signature was not learnt of", func() bool { return len(b.messages()) == 2 })
		b.as(t, &demo.Operator).get(t, "/desk").says(t, "A2026-0000001")
		_ = officer
		patient = b.as(t, &demo.Patient)
		second := patient.correction(t)
		if got := patient.post(t, second+"/take-back"); got.code != http.StatusSeeOther {
			t.Fatal(got.code)
		}
		patient.get(t, second).says(t, "Заявление отозвано")
		if got := patient.post(t, second+"/sign"); got.code != http.StatusConflict {
			t.Errorf("what was taken back is signed: %d", got.code)
		}
	})
}

// A signature that is another's, or under another document, is not taken; one
// under a document that was changed later is shown as such, and not acted upon.
func TestSignaturesThatDoNotHold(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		patient, officer := b.as(t, &demo.Patient), b.as(t, &demo.Operator)
		for what, change := range map[string]func(s *identityapi.SimpleSignature){
			"another person":   func(s *identityapi.SimpleSignature) { s.PIN = demo.Doctor.PIN },
			"another document": func(s *identityapi.SimpleSignature) { s.SHA256 = strings.Repeat("0", 64) },
			"another request":  func(s *identityapi.SimpleSignature) { s.ID = "x" },
			"a forged seal":    func(s *identityapi.SimpleSignature) { s.Seal.Value = "forged" },
		} {
			application := patient.correction(t)
			patient.post(t, application+"/sign")
			b.esi.decide("signed", change)
			if got := patient.get(t, application+"/signed"); got.code < 400 {
				t.Errorf("%s: %d", what, got.code)
			}
			patient.get(t, application).says(t, "Ждёт подписи")
		}
		application := patient.correction(t)
		id := application[strings.LastIndex(application, "/")+1:]
		patient.post(t, application+"/sign")
		b.esi.decide("signed", nil)
		patient.get(t, application+"/signed")
		b.away[exchangeapi.Identity].Store(true)
		officer.get(t, "/desk/"+id).says(t, "ЕСИ не отвечает")
		if got := officer.post(t, "/desk/"+id, "answer", "done", "note", "x"); got.code != http.StatusServiceUnavailable {
			t.Errorf("acted upon unchecked: %d", got.code)
		}
		b.away[exchangeapi.Identity].Store(false)
		err := dbtest.Open(t, b.env.Database, "portal", migration.Sets...).Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE application_signature SET document = $1`, []byte("%PDF-1.7 another"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range []answer{officer.get(t, "/desk/"+id), patient.get(t, application)} {
			who.says(t, "Документ изменён после подписания", "Не исполняйте")
		}
		if got := officer.post(t, "/desk/"+id, "answer", "done", "note", "x"); got.code < 400 {
			t.Errorf("a changed application is carried out: %d", got.code)
		}
		if got := officer.post(t, "/desk/"+id, "answer", "refused", "note", "Подпись не подходит."); got.code != http.StatusSeeOther {
			t.Errorf("it cannot be refused either: %d", got.code)
		}
		unsigned := patient.correction(t)
		patient.get(t, unsigned)
		err = dbtest.Open(t, b.env.Database, "portal", migration.Sets...).Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE application_signature SET document = $1 WHERE state = 'unsigned'`, []byte("%PDF-1.7 another"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := patient.post(t, unsigned+"/sign"); got.code != http.StatusConflict {
			t.Errorf("a changed document is put before the person: %d", got.code)
		}
	})
}

func TestApplicationsToSignThatAreHostile(t *testing.T) {
	b := open(t, "sqlite:"+t.TempDir())
	patient := b.as(t, &demo.Patient)
	const order = "/services/data-correction/order"
	for what, form := range map[string][]string{
		"nothing":  {"token", "0192b5a0-0000-7000-8000-00000000001a"},
		"too long": {"token", "0192b5a0-0000-7000-8000-00000000001b", "wrong", strings.Repeat("ы", 1001), "right", "x"},
		"no token": {"wrong", "x", "right", "y"},
	} {
		if got := patient.post(t, order, form...); got.code < 400 || got.code > 499 {
			t.Errorf("%s is %d", what, got.code)
		}
	}
	nobody := b.as(t, nil)
	for _, path := range []string{"/desk", "/desk/x", "/my/applications/0192b5a0-0000-7000-8000-00000000001a/application.pdf"} {
		if got := nobody.get(t, path); got.code != http.StatusSeeOther {
			t.Errorf("nobody at %s: %d", path, got.code)
		}
	}
	summary := patient.order(t, "discharge-summary")
	for _, path := range []string{"/application.pdf", "/signature.json", "/signed"} {
		if got := patient.get(t, summary+path); got.code != http.StatusNotFound {
			t.Errorf("%s of an application without a signature: %d", path, got.code)
		}
	}
	if got := patient.post(t, summary+"/sign"); got.code != http.StatusNotFound {
		t.Errorf("a service that asks for no signature: %d", got.code)
	}
}
