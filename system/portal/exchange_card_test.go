package portal_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

const pregnancy = "0192b5a0-0000-7000-8000-000000000113"

// ownCard is the exchange card of the demo's nurse.
var ownCard = cardapi.OwnCard{
	Card: cardapi.ExchangeCard{
		Pregnancy: pregnancy, Number: "950501-26-00007", ClinicName: text.Words{KY: "Биринчи консультация", RU: "Первая консультация"},
		Mother: cardapi.Mother{PIN: demo.Nurse.PIN, Name: demo.Nurse.Name()}, DatedFrom: clock.Date{Year: 2026, Month: 3, Day: 1}, Expected: clock.Date{Year: 2026, Month: 12, Day: 6},
		Registration: cardapi.Registration{Blood: "A", Rhesus: "negative", Allergies: "Пенициллин"},
		Visits:       []cardapi.SignedVisit{{Visit: cardapi.Visit{Day: clock.Date{Year: 2026, Month: 11, Day: 2}, Weight: 702, Systolic: 120, Diastolic: 75, Presentation: "cephalic", Advice: "Больше <b>пить</b>."}, By: "Врач Консультации"}},
		Results:      []cardapi.SignedResult{{LabResult: cardapi.LabResult{Day: clock.Date{Year: 2026, Month: 10, Day: 5}, Kind: "haemoglobin", Value: "118"}}},
	},
	Days: 38*7 + 1, Code: "ABCDEFGH23456789", Show: "http://card.localhost:8080/maternity?code=ABCDEFGH23456789",
	Opened: []cardapi.CardOpening{{At: start, Organisation: text.Same("Роддом № 2"), Name: "Асанова А. М.", Basis: "admission"}},
}

// OwnCards gives hers to whoever asks: a neighbour that is mistaken.
func (card) OwnCards(context.Context, string) ([]cardapi.OwnCard, error) {
	return []cardapi.OwnCard{ownCard}, nil
}

func (card) OwnCardPaper(_ context.Context, q cardapi.CardPaperQuery) (cardapi.CardPaper, error) {
	if q.PIN != demo.Nurse.PIN || q.Pregnancy != pregnancy {
		return cardapi.CardPaper{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return cardapi.CardPaper{PDF: []byte("%PDF-" + string(q.Lang))}, nil
}

// TestMC3OwnExchangeCard: a woman finds the card in the catalogue and reads it in
// plain words; nobody else is shown it, whatever the card answers; when the card
// is away the page says so.
func TestMC3OwnExchangeCard(t *testing.T) {
	b := open(t, "sqlite:"+t.TempDir())
	woman, man, nobody := b.as(t, &demo.Nurse), b.as(t, &demo.Patient), b.as(t, nil)
	if page := nobody.get(t, "/services/exchange-card").body; !strings.Contains(page, `href="/my/card"`) {
		t.Error("the catalogue does not lead to the card")
	}
	if a := nobody.get(t, "/services/exchange-card/order"); a.code != http.StatusNotFound {
		t.Errorf("an application for what is shown at once is %d", a.code)
	}
	if a := nobody.get(t, "/my/card"); a.code != http.StatusSeeOther {
		t.Errorf("nobody signed in is shown %d", a.code)
	}
	page := woman.get(t, "/my/card").body
	for _, want := range []string{
		"38 недель 1 день", "ABCD EFGH 2345 6789", "Первая консультация", "вес 70,2 кг; давление 120/75; ребёнок лежит головкой вниз",
		"Больше &lt;b&gt;пить", "A (II) Rh−", "Пенициллин", "Гемоглобин", "Роддом № 2", "Вы поступили в эту больницу", "06.12.2026",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, l := range text.Langs {
		woman.lang = l
		woman.get(t, "/my/card")
		woman.get(t, "/services/exchange-card")
	}
	if page := woman.get(t, "/my").body; !strings.Contains(page, `href="/my/card"`) {
		t.Error("her own page does not lead to the card")
	}
	for form, want := range map[string]string{"ru": "%PDF-ru", "ky": "%PDF-ky", "": "%PDF-ky", "en": "%PDF-ky"} {
		if a := woman.get(t, "/my/card/"+pregnancy+"/pdf?form="+form); a.body != want || a.header.Get("Content-Type") != "application/pdf" {
			t.Errorf("the form in %q is %d %.60q", form, a.code, a.body)
		}
	}
	if a := woman.get(t, "/my/card?card="+stay); a.code != http.StatusNotFound {
		t.Errorf("a card that she does not have is %d", a.code)
	}
	if page := man.get(t, "/my/card").body; strings.Contains(page, ownCard.Card.Number) || strings.Contains(page, ownCard.Code) {
		t.Error("another person is shown her card")
	}
	if page := man.get(t, "/my").body; strings.Contains(page, `href="/my/card"`) {
		t.Error("a man's page leads to the card")
	}
	if a := man.get(t, "/my/card/"+pregnancy+"/pdf"); a.code != http.StatusNotFound {
		t.Errorf("her form for another is %d", a.code)
	}
	b.away[exchangeapi.Card].Store(true)
	woman.lang = text.RU
	if a := woman.get(t, "/my/card"); a.code != http.StatusServiceUnavailable || !strings.Contains(a.body, "Медицинская карта не ответила") {
		t.Errorf("with the card away it is %d", a.code)
	}
}
