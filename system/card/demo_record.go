package card

import (
	"context"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/order"
	"github.com/sanarip/sanarip/system/card/internal/request"
	"github.com/sanarip/sanarip/system/card/internal/template"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// demoRecord writes the record of the demo's patient with pneumonia, four days
// long, with the use cases of the pages. A stay in which somebody has written
// already is left alone.
func (s *System) demoRecord(ctx context.Context) error {
	stayID, ok, err := untouchedStay(ctx, s.desk.DB.Read, demo.Residents[0].PIN)
	if err != nil || !ok {
		return err
	}
	w := demoWriter{
		s: s, stay: stayID, now: s.env.Clock.Now(),
		doctor: s.acting(ctx, demo.Doctor, workforceapi.Doctor, demo.Therapy),
		nurse:  s.acting(ctx, demo.Nurse, workforceapi.Nurse, demo.Therapy),
		head:   s.acting(ctx, demo.Head, workforceapi.Head, demo.Therapy),
	}
	for _, write := range []func() error{w.entries, w.orders, w.vitals, w.requests, w.rest} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

type demoWriter struct {
	s                   *System
	stay                string
	now                 time.Time
	doctor, nurse, head context.Context
}

func (w demoWriter) entries() error {
	first := history.Writing{
		Once: id.New(), Kind: history.Examination, At: w.now.Add(-4*day - 2*time.Hour),
		Body: "Жалобы на кашель с мокротой, одышку, температуру до 38,9 °C.\nСостояние средней тяжести. Справа в нижних отделах дыхание ослаблено, влажные хрипы.\nТоны сердца ясные, ритмичные. Живот мягкий, безболезненный.",
	}
	reasoning := history.Writing{
		Once: id.New(), Kind: history.Reasoning, At: w.now.Add(-3*day - 20*time.Hour),
		Body: "На основании жалоб, данных осмотра и рентгенографии: внебольничная пневмония нижней доли справа, средней тяжести.",
	}
	diary := history.Writing{
		Once: id.New(), Kind: history.Diary, At: w.now.Add(-3 * day),
		Body: "Кашель реже, мокрота слизистая.\nСостояние средней тяжести.\nХрипы справа сохраняются.",
	}
	next := history.Writing{
		Once: id.New(), Kind: history.Diary, At: w.now.Add(-2 * day), CopiedFrom: diary.Once,
		Body: "Кашель реже, мокрота слизистая.\nСостояние ближе к удовлетворительному.\nХрипы справа единичные.",
	}
	for _, in := range []history.Writing{first, reasoning, diary, next} {
		if err := history.Write(w.doctor, w.s.writtenAt(in.At.Add(demoDelay)), w.stay, in); err != nil {
			return err
		}
	}
	templates := []template.Saving{
		{Kind: history.Diary, Name: "Обход терапевта", Body: "{день}-й день. Жалоб нет. Состояние удовлетворительное.\n{показатели}\nДыхание везикулярное, хрипов нет. Живот мягкий.\nЛечение продолжить."},
		{Kind: history.Diary, Name: "Терапевттин кароосу", Body: "{күн}-күн. Даттануусу жок. Абалы канааттандырарлык.\n{көрсөткүчтөр}\nДем алуусу везикулярдуу, кырылдоо жок. Ичи жумшак.\nДарылоо улантылсын."},
		{Kind: history.Examination, Name: "Осмотр при поступлении", Body: "Жалобы: \nАнамнез: \nАллергия: \n{показатели}\nСостояние: \nДиагноз: {диагноз}"},
	}
	for _, t := range templates {
		t.Once, t.Department = id.New(), true
		if err := template.Save(w.head, w.s.desk, history.Kinds, t); err != nil {
			return err
		}
	}
	return nil
}

func (w demoWriter) orders() error {
	from := w.now.Add(-4*day - time.Hour)
	for _, in := range []order.Ordering{
		{Kind: "drug", Text: "Левофлоксацин", Dose: "500 мг в/в", Times: "1 раз в день", From: from},
		{Kind: "drug", Text: "Амброксол", Dose: "30 мг", Times: "3 раза в день", From: from},
		{Kind: "regime", Text: "Палатный режим", From: from},
		{Kind: "diet", Text: "Стол № 15", From: from},
	} {
		in.Once = id.New()
		if err := order.Prescribe(w.doctor, w.s.desk, w.stay, in); err != nil {
			return err
		}
	}
	return nil
}

func (w demoWriter) vitals() error {
	lines := []string{
		"38,9 104 120/75 24 93", "38,4 98 118/74 22 94", "38,6 100 120/76 22 94", "37,9 92 - 20 95",
		"37,8 90 122/78 20 95", "37,4 86 - 19 96", "37,2 82 124/80 18 96", "36,9 78 122/78 17 97", "36,7 76 120/80 16 98",
	}
	for i, line := range lines {
		v, _ := observation.Parse(line)
		in := observation.Measuring{Once: id.New(), Vitals: v, At: w.now.Add(-4*day + time.Duration(i)*11*time.Hour)}
		if err := observation.Measure(w.nurse, w.s.desk, w.stay, in); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
	}
	return nil
}

func (w demoWriter) requests() error {
	d := w.s.desk
	blood := request.Asking{Once: id.New(), Kind: request.Laboratory, Code: "cbc", Name: "Общий анализ крови"}
	xray := request.Asking{Once: id.New(), Kind: request.Imaging, Code: "chest_xray", Name: "Рентгенография органов грудной клетки", Question: "Пневмония?"}
	waits := request.Asking{Once: id.New(), Kind: request.Consultation, Code: "cardiologist", Name: "Кардиолог", Question: "Одышка при нагрузке: исключить сердечную недостаточность."}
	for _, in := range []request.Asking{blood, xray, waits} {
		if err := request.Ask(w.doctor, d, w.stay, in); err != nil {
			return err
		}
	}
	err := request.Reply(w.nurse, d, w.stay, request.Answering{
		Once: id.New(), Request: blood.Once, At: w.now.Add(-3*day - 22*time.Hour),
		Findings: []request.Finding{
			{Name: "Гемоглобин", Value: "128", Unit: "г/л", Low: 120, High: 140},
			{Name: "Лейкоциты", Value: "13,4", Unit: "10⁹/л", Low: 4, High: 9},
			{Name: "СОЭ", Value: "38", Unit: "мм/ч", Low: 2, High: 15},
			{Name: "Тромбоциты", Value: "245", Unit: "10⁹/л", Low: 180, High: 320},
		},
	})
	if err != nil {
		return err
	}
	return request.Reply(w.doctor, d, w.stay, request.Answering{
		Once: id.New(), Request: xray.Once, At: w.now.Add(-3*day - 21*time.Hour), Conclusion: "Инфильтрация нижней доли правого лёгкого. Синусы свободны.",
	})
}

// rest is a consent, a question to another department and a reserved bed. What
// visitors have changed meanwhile is left as it is.
func (w demoWriter) rest() error {
	d := w.s.desk
	err := consent.Take(w.doctor, d, nil, w.stay, consent.Asking{
		Once: id.New(), Kind: "treatment", Subject: "Разъяснены план обследования и лечения, возможные осложнения.", Way: consent.Paper,
		Signer: demo.Residents[0].Name(), Relation: "self",
	})
	if err != nil {
		return err
	}
	heart, ok, err := untouchedStay(w.doctor, d.DB.Read, demo.Residents[1].PIN)
	if err == nil && ok {
		err = ward.AskTransfer(w.doctor, d, heart, demo.Cardiology, "Нестабильная гемодинамика, нужен кардиолог")
	}
	if err == nil {
		_, err = ward.Reserve(w.nurse, d, demoBed(demo.Therapy, 203, 2), demo.Residents[2].Name(), w.now.Add(8*time.Hour))
	}
	if fail.Is(err, fail.Conflict) || fail.Is(err, fail.NotFound) {
		return nil
	}
	return err
}
