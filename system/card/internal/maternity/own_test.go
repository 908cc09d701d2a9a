package maternity

import (
	"bytes"
	"os"
	"testing"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
)

// A woman is shown her own card: the code while it opens something, who opened
// it, and what the hospital returned; each answer is recorded. Nobody is shown
// another's, and what a doctor asked her alone is in the form only.
func TestAWomanReadsHerOwnCard(t *testing.T) {
	each(t, 33, func(w *world) {
		cardapi.ServeOwnCards(w.card, exchangecard.Own{Desk: w.d})
		w.d.Site = &page.Site{Texts: text.MustLoad(design.Texts, os.DirFS("../.."))}
		portal := cardapi.Client{Exchange: w.d.Exchange}
		own := func() cardapi.OwnCard {
			all, err := portal.OwnCards(w.Context(), womanPIN)
			w.must(err)
			if len(all) != 1 || all[0].Card.Mother.PIN != womanPIN {
				t.Fatalf("she has %+v", all)
			}
			return all[0]
		}
		w.must(antenatal.CorrectRegistration(w.clinic, w.d, w.pregnancy, antenatal.Writing{Once: id.New(), Root: w.pregnancy, Seen: 1, Reason: "Опрос"},
			func() cardapi.Registration {
				r, err := antenatal.Read(w.clinic, w.d, w.pregnancy)
				w.must(err)
				r.Registration.Body.Risks, r.Registration.Body.RiskNote = []string{"violence"}, "Муж"
				return r.Registration.Body
			}()))
		c := own()
		if c.Code != w.code() || c.Outcome != "" || c.TearOff != nil || len(c.Opened) != 0 || c.Days/7 != 33 {
			t.Errorf("before the birth: %+v", c)
		}
		if len(c.Card.Registration.Risks) != 0 || c.Card.Registration.RiskNote != "" {
			t.Errorf("her page says %v %q", c.Card.Registration.Risks, c.Card.Registration.RiskNote)
		}
		for _, lang := range []text.Lang{text.KY, text.RU} {
			paper, err := portal.OwnCardPaper(w.Context(), cardapi.CardPaperQuery{PIN: womanPIN, Pregnancy: w.pregnancy, Lang: lang})
			w.must(err)
			if !bytes.HasPrefix(paper.PDF, []byte("%PDF-")) {
				t.Errorf("the form in %s is %.20q", lang, paper.PDF)
			}
		}
		w.must(OpenCard(w.hospital, w.d, w.cards(w.doctor()), w.stayID, ""))
		w.must(WriteBirth(w.hospital, w.d, w.stayID, antenatal.Writing{Once: id.New()}, w.birth()))
		w.child(1, 1, true)
		w.must(SignTearOff(w.hospital, w.d, w.stayID, cardapi.TearOffMother, "", clinicCode, ""))
		w.deliver(cardapi.TearOffMother, "", 1)
		c = own()
		if c.Code != "" || c.Outcome != "live_birth" || c.TearOff == nil || len(c.TearOff.Newborns) != 1 || len(c.Opened) != 1 || c.Opened[0].Basis != cardapi.BasisAdmission {
			t.Errorf("after the birth: %+v", c)
		}
		if n := w.count(`SELECT COUNT(*) FROM access_record WHERE subject_pin = $1 AND purpose = 'own-request'`, womanPIN); n != 4 {
			t.Errorf("%d of 4 answers are recorded", n)
		}
		if all, err := portal.OwnCards(w.Context(), strangePIN); err != nil || len(all) != 0 {
			t.Errorf("a stranger is told %v, %v", all, err)
		}
		if _, err := portal.OwnCardPaper(w.Context(), cardapi.CardPaperQuery{PIN: strangePIN, Pregnancy: w.pregnancy, Lang: text.RU}); !fail.Is(err, fail.NotFound) {
			t.Errorf("a stranger's form: %v", err)
		}
	})
}
