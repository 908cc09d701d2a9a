package exchangecard_test

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
)

// The code that opens the card stands on the part that the woman keeps: a
// tear-off goes to a clinic. Every page says which form it is and whose; a blank
// tear-off names her and leaves the rest for the pen.
func TestPagesOfTheExchangeCard(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed")
	}
	her := cardapi.Mother{PIN: "11204199600217", Name: "Садыкова Нургүл Таалайбековна", BirthDate: clock.Date{Year: 1996, Month: 4, Day: 12}, Address: "Ош ш."}
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	catalogue := text.MustLoad(design.Texts, card.Texts)
	reason := "Салмагы кайра таразаланды: 3 450 г"
	child := cardapi.TearOff{Kind: cardapi.TearOffNewborn, Mother: her, Doctor: "Мамбетова А.", SignedAt: now, Version: 2, Reason: reason, Newborns: []cardapi.Newborn{{Sex: "female", State: "alive"}}}
	mother := child
	mother.Kind, mother.Birth = cardapi.TearOffMother, cardapi.Birth{Ending: exchangecard.EndingBirth}
	first := child
	first.Version, first.Reason = 1, ""
	given := &cardapi.ExchangeCard{Number: "950501-26-00001", Clinic: "950501", Mother: her}
	for _, lang := range []text.Lang{text.RU, text.KY} {
		ctx := text.With(t.Context(), catalogue, lang)
		code := text.T(ctx, "card.antenatal.qr")
		for name, p := range map[string]exchangecard.Paper{
			"with a card":    {Card: given, Show: "http://card.localhost/x", Issuer: "Роддом", At: now},
			"without a card": {Woman: her, Issuer: "Роддом", At: now},
		} {
			pdf, err := p.PDF(ctx, "")
			if err != nil {
				t.Fatal(err)
			}
			out := pagesOf(t, pdf)
			pages := strings.Split(strings.TrimSuffix(out, "\f"), "\f")
			for i, page := range pages {
				if !strings.Contains(page, "113/у") || !strings.Contains(page, "Садыкова Нургүл") {
					t.Errorf("%s, %s: page %d does not say which form it is and whose:\n%s", lang, name, i+1, page)
				}
				if shown := strings.Contains(page, code); shown && i >= len(pages)-2 {
					t.Errorf("%s, %s: the code stands on a tear-off", lang, name)
				}
			}
			if p.Show != "" && !strings.Contains(out, code) {
				t.Errorf("%s: no code", lang)
			}
			for _, blank := range pages[len(pages)-2:] {
				if strings.Contains(blank, "—") || !strings.Contains(blank, "1 12041996 00217") || !strings.Contains(blank, text.T(ctx, "card.print.stamp")) {
					t.Errorf("%s, %s: a blank tear-off:\n%s", lang, name, blank)
				}
			}
		}
	}
	// The code stands under the signature of the part that the woman keeps: it takes
	// no page of its own, and with few visits none at all.
	visited := *given
	visited.DatedFrom, visited.DatedBy = clock.Date{Year: 2026, Month: 3, Day: 3}, "last_period"
	visited.Registration = cardapi.Registration{HeightCM: 165, WeightBefore: 585, Fetuses: 1, Gravida: 1}
	for n := range 12 {
		day := clock.DateOf(now.AddDate(0, 0, 7*(n-11)))
		visited.Visits = append(visited.Visits, cardapi.SignedVisit{Visit: cardapi.Visit{Day: day, Weight: 650 + 5*n, Systolic: 120, Diastolic: 80, Fundal: 260 + 7*n}})
		for _, lang := range text.Langs {
			ctx := text.With(t.Context(), catalogue, lang)
			pdf, err := exchangecard.Paper{Card: &visited, Show: "http://card.localhost/x", Issuer: "ЦСМ", At: now}.PDF(ctx, "1")
			if err != nil {
				t.Fatal(err)
			}
			pages := strings.Split(strings.TrimSuffix(pagesOf(t, pdf), "\f"), "\f")
			last := pages[len(pages)-1]
			if !strings.Contains(last, text.T(ctx, "card.antenatal.qr")) || !strings.Contains(last, text.T(ctx, "card.print.stamp")) {
				t.Errorf("%s, %d visits: the code stands on a page by itself:\n%s", lang, n+1, last)
			}
			if n < 2 && len(pages) != 2 {
				t.Errorf("%s, %d visits: %d pages", lang, n+1, len(pages))
			}
		}
	}
	for part, p := range map[string]exchangecard.Paper{
		"2": {Card: given, Mother: &mother, At: now},
		"3": {Card: given, Newborns: []cardapi.TearOff{first, child}, At: now},
	} {
		pdf, err := p.PDF(text.With(t.Context(), catalogue, text.KY), part)
		if err != nil {
			t.Fatal(err)
		}
		if said := strings.Count(pagesOf(t, pdf), reason); said != 1 {
			t.Errorf("part %s says %d times why it was corrected", part, said)
		}
	}
}

func pagesOf(t *testing.T, pdf []byte) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
	c.Stdin = bytes.NewReader(pdf)
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
