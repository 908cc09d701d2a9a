package consent_test

import (
	"context"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card"
	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// phone takes messages as the patient's phone does.
type phone struct {
	got  []messageapi.Message
	away bool
}

func (p *phone) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	if p.away {
		return messageapi.Receipt{}, errors.New("no route")
	}
	p.got = append(p.got, m)
	return messageapi.Receipt{ID: m.ID}, nil
}

// A code of the patient's own phone signs once, in time, within five tries;
// paper signs at once; what is signed may be withdrawn.
func TestSignedByCodeAndOnPaper(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		w.Desk.Site.Texts = text.MustLoad(design.Texts, card.Texts)
		ctx, mobile := formtest.Doctor(t.Context()), &phone{}
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		in := consent.Asking{Once: id.New(), Kind: "operation", Subject: "Аппендэктомия", Way: consent.Code, Signer: "Жумабеков Эрмек", Relation: "self"}
		parent := in
		parent.Relation = "parent"
		if err := consent.Take(ctx, w.Desk, mobile, stayID, parent); !fail.Is(err, fail.Invalid) {
			t.Fatal("a code for another:", err)
		}
		for range 2 {
			if err := consent.Take(ctx, w.Desk, mobile, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		if len(mobile.got) != 1 || !mobile.got[0].Secret || mobile.got[0].PIN != formtest.PatientPIN {
			t.Fatalf("%+v", mobile.got)
		}
		code := regexp.MustCompile(`\d{6}`).FindString(mobile.got[0].Body.RU)
		if n := w.Int(`SELECT COUNT(*) FROM consent WHERE code_hash = $1 OR state <> 'asked'`, code); code == "" || n != 0 {
			t.Fatal("the code itself is kept, or it signed unasked")
		}
		if err := consent.Confirm(ctx, w.Desk, stayID, in.Once, othertest.Than(code)); !fail.Is(err, fail.Invalid) || w.Int(`SELECT tries FROM consent`) != 1 {
			t.Fatal(err)
		}
		if err := consent.Confirm(ctx, w.Desk, w.Stay(w.Patient(formtest.PIN(2))), in.Once, code); !fail.Is(err, fail.NotFound) {
			t.Fatal("another's stay:", err)
		}
		if err := consent.Confirm(ctx, w.Desk, stayID, in.Once, code); err != nil {
			t.Fatal(err)
		}
		if err := consent.Confirm(ctx, w.Desk, stayID, in.Once, code); !fail.Is(err, fail.Conflict) {
			t.Fatal("signed twice:", err)
		}
		if err := consent.Withdraw(ctx, w.Desk, stayID, in.Once, "Передумал"); err != nil || w.Int(`SELECT COUNT(*) FROM consent WHERE state = 'withdrawn'`) != 1 {
			t.Fatal(err)
		}
		// Five wrong ones, and too late.
		guess, late := in, in
		guess.Once, late.Once = id.New(), id.New()
		for _, one := range []consent.Asking{guess, late} {
			if err := consent.Take(ctx, w.Desk, mobile, stayID, one); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			_ = consent.Confirm(ctx, w.Desk, stayID, guess.Once, "none")
		}
		right := regexp.MustCompile(`\d{6}`).FindString(mobile.got[1].Body.RU)
		if err := consent.Confirm(ctx, w.Desk, stayID, guess.Once, right); !fail.Is(err, fail.Conflict) {
			t.Fatal("after five tries:", err)
		}
		w.Clock.Advance(11 * time.Minute)
		right = regexp.MustCompile(`\d{6}`).FindString(mobile.got[2].Body.RU)
		if err := consent.Confirm(ctx, w.Desk, stayID, late.Once, right); !fail.Is(err, fail.Conflict) {
			t.Fatal("after ten minutes:", err)
		}
		paper := consent.Asking{Once: id.New(), Kind: "refusal", Subject: "Отказ от переливания", Way: consent.Paper, Signer: "Жумабекова А.", Relation: "spouse"}
		if err := consent.Take(ctx, w.Desk, mobile, stayID, paper); err != nil || w.Int(`SELECT COUNT(*) FROM consent WHERE way = 'paper' AND state = 'signed'`) != 1 {
			t.Fatal(err)
		}
		mobile.away = true
		late.Once = id.New()
		if err := consent.Take(ctx, w.Desk, mobile, stayID, late); !fail.Is(err, fail.Conflict) {
			t.Fatal("not sent and not told:", err)
		}
		unknown := w.Stay(w.Patient(""))
		late.Once = id.New()
		if err := consent.Take(ctx, w.Desk, mobile, unknown, late); !fail.Is(err, fail.Invalid) {
			t.Fatal("without a ПИН:", err)
		}
	})
}
