package epicrisis_test

import (
	"context"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card"
	"github.com/sanarip/sanarip/system/card/internal/epicrisis"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/order"
	"github.com/sanarip/sanarip/system/card/internal/request"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// The draft of an epicrisis says what the record holds, in both languages.
func TestComposeFromTheRecord(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		w.Diagnosis(stayID, "clinical", "main", "I21.0")
		w.Diagnosis(stayID, "clinical", "comorbid", "I10")
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ask := request.Asking{Once: id.New(), Kind: request.Laboratory, Name: "ОАК"}
		with := func(ctx context.Context) {
			must(history.Write(ctx, w.Desk, stayID, history.Writing{Once: id.New(), Kind: history.Examination, Body: "Тоны приглушены.\nХрипов нет.", At: now}))
			must(order.Prescribe(ctx, w.Desk, stayID, order.Ordering{Once: id.New(), Kind: "drug", Text: "Аспирин", Dose: "75 мг", Times: "1 раз в день", From: now}))
			must(request.Ask(ctx, w.Desk, stayID, ask))
			must(request.Reply(ctx, w.Desk, stayID, request.Answering{Once: id.New(), Request: ask.Once, At: now, Findings: []request.Finding{{Name: "Гемоглобин", Value: "90", Unit: "г/л", Low: 130, High: 160}}}))
			must(observation.Measure(ctx, w.Desk, stayID, observation.Measuring{Once: id.New(), At: now, Vitals: observation.Vitals{Temperature: 366, Pulse: 72}}))
		}
		with(formtest.Doctor(t.Context()))
		words := text.MustLoad(design.Texts, card.Texts)
		for lang, more := range map[text.Lang]string{text.RU: "пульс 72 в минуту", text.KY: "пульс мүнөтүнө 72"} {
			ctx := text.With(formtest.Doctor(t.Context()), words, lang)
			view, err := stay.Read(ctx, w.Desk, stayID)
			must(err)
			body, err := epicrisis.Compose(ctx, w.Desk, view, history.DischargeEpicrisis)
			must(err)
			for _, part := range []string{"I21.0", "I10", "Тоны приглушены. Хрипов нет.", "Аспирин 75 мг", "Гемоглобин 90 г/л ↓", "36,6", more, "Жумабеков"} {
				if !strings.Contains(body, part) {
					t.Errorf("%s: no %q in\n%s", lang, part, body)
				}
			}
			for _, kind := range history.Kinds {
				if part, err := epicrisis.Compose(ctx, w.Desk, view, kind); err != nil || part == "" || strings.Contains(part, "[card.") {
					t.Errorf("%s %s: %q %v", lang, kind, part, err)
				}
			}
		}
	})
}
