package handover

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/identity/identityapi"
)

// esi keeps requests for signatures as ЕСИ does; the test is the person there.
type esi struct {
	mu   sync.Mutex
	away bool
	asks []identityapi.SigningRequest
	made []identityapi.Signing
}

var errAway = errors.New("away")

func (e *esi) Ask(_ context.Context, r identityapi.SigningRequest) (identityapi.Signing, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, known := range e.asks {
		if known.Reference == r.Reference {
			return e.made[i], nil
		}
	}
	id := "r" + r.Reference
	e.asks = append(e.asks, r)
	e.made = append(e.made, identityapi.Signing{ID: id, Address: "http://esi.test/sign/" + id, State: "asked"})
	return e.made[len(e.made)-1], nil
}

func (e *esi) Signing(_ context.Context, id string) (identityapi.Signing, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range e.made {
		if s.ID == id && !e.away {
			return s, nil
		}
	}
	return identityapi.Signing{}, errAway
}

func (e *esi) Check(_ context.Context, c identityapi.SignatureCheck) (identityapi.SignatureVerdict, error) {
	if e.away {
		return identityapi.SignatureVerdict{}, errAway
	}
	if c.Signature.SHA256 != c.SHA256 {
		return identityapi.SignatureVerdict{Reason: "document"}, nil
	}
	return identityapi.SignatureVerdict{Valid: c.Signature.Seal.Value == "genuine", Reason: "signature"}, nil
}

// decide is what becomes of the newest request; change spoils the signature.
func (e *esi) decide(w formtest.World, state string, change func(s *identityapi.SimpleSignature)) {
	i := len(e.made) - 1
	e.made[i].State = state
	if state != "signed" {
		return
	}
	s := identityapi.SimpleSignature{
		ID: e.made[i].ID, PIN: e.asks[i].PIN, Name: formtest.DoctorName, SHA256: e.asks[i].SHA256, ACR: "urn:sanarip:acr:substantial", At: w.Clock.Now(),
	}
	s.Seal.Value = "genuine"
	if change != nil {
		change(&s)
	}
	e.made[i].Signature = &s
}

// SG-1: the attending doctor and the head of department sign the form they have
// in hand; nothing waits for them, and what does not hold is never marked.
func TestDoctorAndHeadSignTheForm(t *testing.T) {
	words, err := text.Load(design.Texts, os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		_, _, stayID, n := setUp(t, w)
		w.Desk.Site.FormHosts, w.Desk.BaseURL, w.Desk.Site.Texts = []string{"http://esi.test"}, "http://card.test", words
		e := &esi{}
		signing := form.Signing{Desk: w.Desk, API: e}
		say := func(ctx context.Context) context.Context { return text.With(ctx, words, text.RU) }
		doctor, head := say(formtest.Doctor(t.Context())), say(formtest.Head(t.Context()))
		sheet, err := form.SheetOf(t.Context(), w.Desk.DB.Read, form.Ref{Number: n.String(), Revision: 1})
		if err != nil {
			t.Fatal(err)
		}
		look := func() (as map[string]form.Signature, marks string) {
			t.Helper()
			all, err := signing.Of(doctor, sheet)
			if err != nil || len(all) != 2 {
				t.Fatal(len(all), err)
			}
			return map[string]form.Signature{all[0].Role: all[0], all[1].Role: all[1]}, strings.Join(signing.Marks(doctor, all), "\n")
		}
		if as, marks := look(); as[form.AsDoctor].State != "" || marks != "" {
			t.Errorf("%+v %q", as, marks)
		}
		// What is printed before both have signed says whose signature it lacks.
		draft := func(lacks ...string) {
			t.Helper()
			all, err := signing.Of(doctor, sheet)
			if err != nil {
				t.Fatal(err)
			}
			said := signing.Draft(doctor, all)
			for _, role := range []string{"Лечащий врач", "Заведующий отделением"} {
				if strings.Contains(said, role) != slices.Contains(lacks, role) {
					t.Errorf("lacking %q the paper says %q", lacks, said)
				}
			}
			if (said == "") != (len(lacks) == 0) || said != "" && !strings.Contains(said, "ЧЕРНОВИК") {
				t.Errorf("lacking %q the paper says %q", lacks, said)
			}
		}
		draft("Лечащий врач", "Заведующий отделением")
		if _, err := signing.Ask(say(formtest.Nurse(t.Context())), stayID); !fail.Is(err, fail.Forbidden) {
			t.Errorf("a nurse signs: %v", err)
		}
		if _, err := signing.Ask(doctor, "nothing"); !fail.Is(err, fail.NotFound) {
			t.Error(err)
		}
		ask := func(ctx context.Context) string {
			t.Helper()
			address, err := signing.Ask(ctx, stayID)
			if err != nil {
				t.Fatal(err)
			}
			return address
		}
		first := ask(doctor)
		if again := ask(doctor); again != first || len(e.asks) != 1 {
			t.Errorf("asked twice: %s, %s", first, again)
		}
		r := e.asks[0]
		if r.PIN != formtest.DoctorPIN || !strings.HasPrefix(first, "http://esi.test/") || r.ReturnTo != "http://card.test/stays/"+stayID+"/form/signed" || strings.Contains(r.Reference+r.Title.RU, formtest.PatientPIN) {
			t.Errorf("%+v", r)
		}
		e.decide(w, "refused", nil)
		if as, marks := look(); as[form.AsDoctor].State != "refused" || marks != "" {
			t.Errorf("%+v", as)
		}
		ask(doctor)
		for what, change := range map[string]func(s *identityapi.SimpleSignature){
			"another person":   func(s *identityapi.SimpleSignature) { s.PIN = formtest.NursePIN },
			"another document": func(s *identityapi.SimpleSignature) { s.SHA256 = strings.Repeat("0", 64) },
			"another request":  func(s *identityapi.SimpleSignature) { s.ID = "x" },
			"a forged seal":    func(s *identityapi.SimpleSignature) { s.Seal.Value = "x" },
		} {
			e.decide(w, "signed", change)
			if as, marks := look(); as[form.AsDoctor].Proof != nil || marks != "" {
				t.Errorf("%s is taken", what)
			}
		}
		e.decide(w, "signed", nil)
		as, marks := look()
		if as[form.AsDoctor].State != form.SignSigned || !as[form.AsDoctor].Check.Valid || !strings.Contains(marks, formtest.DoctorName) || !strings.Contains(marks, "http://esi.test/signature") {
			t.Fatalf("%+v %q", as, marks)
		}
		if _, err := signing.Ask(doctor, stayID); !fail.Is(err, fail.Forbidden) {
			t.Errorf("signed twice: %v", err)
		}
		draft("Заведующий отделением")
		ask(head) // the same document
		if last := e.asks[len(e.asks)-1]; last.SHA256 != r.SHA256 || last.PIN != formtest.HeadPIN {
			t.Errorf("the head signs another document: %+v", last)
		}
		e.decide(w, "expired", nil)
		if as, _ := look(); as[form.AsHead].State != "expired" || as[form.AsDoctor].State != form.SignSigned {
			t.Errorf("%+v", as)
		}
		ask(head)
		e.decide(w, "signed", nil)
		draft()
		e.away = true
		if as, marks := look(); !as[form.AsDoctor].Check.Away || marks != "" {
			t.Errorf("marked unchecked: %q", marks)
		}
		e.away = false
		w.Exec(`UPDATE form_document SET pdf = $1`, []byte("%PDF-1.7 another"))
		if as, marks := look(); as[form.AsDoctor].Check.Valid || as[form.AsDoctor].Check.Reason != "document" || marks != "" {
			t.Errorf("a changed document is marked: %+v", as)
		}
	})
}
