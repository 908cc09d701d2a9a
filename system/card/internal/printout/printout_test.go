package printout_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/printout"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// words is the text of the PDF as a reader gets it.
func words(t *testing.T, pdf []byte) string {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed")
	}
	c := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
	c.Stdin = bytes.NewReader(pdf)
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Form 003/у is printed whole, by parts and by entry, in both languages.
func TestPrintWholeAndByPart(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		w.Diagnosis(stayID, "clinical", "main", "I21.0")
		ctx := formtest.Doctor(t.Context())
		var root string
		for i := range 60 {
			root = id.New()
			in := history.Writing{Once: root, Kind: history.Diary, Body: fmt.Sprintf("Запись номер %d.\nСостояние стабильное.", i), At: now.Add(time.Duration(i-60) * 30 * time.Minute)}
			if err := history.Write(ctx, w.Desk, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		m := observation.Measuring{Once: id.New(), At: now, Vitals: observation.Vitals{Temperature: 377, Systolic: 120, Diastolic: 80}}
		if err := observation.Measure(ctx, w.Desk, stayID, m); err != nil {
			t.Fatal(err)
		}
		catalogue := text.MustLoad(design.Texts, card.Texts)
		for lang, title := range map[text.Lang]string{text.RU: "Медицинская карта стационарного больного", text.KY: "Стационардык бейтаптын медициналык картасы"} {
			ctx := text.With(ctx, catalogue, lang)
			view, err := stay.Find(ctx, w.Desk, stayID)
			if err != nil {
				t.Fatal(err)
			}
			print := func(part, entry string) string {
				pdf, err := printout.PDF(ctx, w.Desk, view, printout.Which{Part: part, Entry: entry})
				if err != nil {
					t.Fatal(err)
				}
				return words(t, pdf)
			}
			whole := print("", "")
			for _, part := range []string{title, "Жумабеков", "I21.0", "Запись номер 0.", "Запись номер 59.", "37,7", "120/80"} {
				if !strings.Contains(whole, part) {
					t.Errorf("%s: the form has no %q", lang, part)
				}
			}
			if first, last := strings.Index(whole, "номер 0."), strings.Index(whole, "номер 59."); first > last {
				t.Error("the diaries are not in their order")
			}
			for _, part := range printout.Parts {
				if print(part, "") == "" {
					t.Errorf("%s is empty", part)
				}
			}
			if sheet := print("vitals", ""); strings.Contains(sheet, "Запись номер") || !strings.Contains(sheet, "37,7") {
				t.Error("the sheet alone:", sheet)
			}
			for i, page := range strings.Split(strings.TrimSuffix(whole, "\f"), "\f") {
				if !strings.Contains(page, "003/у") || !strings.Contains(page, "Жумабеков") {
					t.Errorf("%s: page %d does not say which form it is and whose:\n%s", lang, i+1, page)
				}
			}
			empty := map[text.Lang]string{text.RU: "В этой части записей нет.", text.KY: "Бул бөлүктө жазуу жок."}[lang]
			for part, none := range map[string]bool{"operations": true, "epicrisis": true, "consents": true, "requests": true, "diaries": false} {
				if strings.Contains(print(part, ""), empty) != none {
					t.Errorf("%s: %s is empty, and the paper does not say it, or the other way round", lang, part)
				}
			}
			country := map[text.Lang]string{text.RU: "Кыргызстан", text.KY: "Кыргызстан"}[lang]
			stamp := map[text.Lang]string{text.RU: "М. П.", text.KY: "М. О."}[lang]
			for _, part := range []string{"ID1000217", country, "Токтогулов Бакыт", stamp} {
				if sheet := print("title", ""); !strings.Contains(sheet, part) || strings.Count(sheet, "\f") != 1 {
					t.Errorf("%s: the title page has no %q, or is not one:\n%s", lang, part, sheet)
				}
			}
			if one := print("", root); !strings.Contains(one, "номер 59.") || strings.Contains(one, "номер 58.") {
				t.Error("one entry alone:", one)
			}
		}
	})
}

// An operation is printed with its side, its end and the course of the anaesthesia
// under its own name, and with lines for those who operated; a sheet that is not the
// whole says whose it is.
func TestAnOperationAloneOnPaper(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		ctx := text.With(formtest.Doctor(t.Context()), text.MustLoad(design.Texts, card.Texts), text.RU)
		roots := []string{id.New(), id.New()}
		for i, name := range []string{"Герниопластика", "Аппендэктомия"} {
			if err := operation.Operate(ctx, w.Desk, stayID, operation.Operating{Once: roots[i], Operation: operation.Operation{
				At: now.Add(-2 * time.Hour), EndedAt: now.Add(-time.Hour), Code: "A16.30.001", Name: name, Side: "left", Anaesthesia: "spinal",
				Protocol: "Доступ срединный.", AnaesthesiaRecord: "Пункция без особенностей.", Anaesthetist: "Абдыраев Алмаз",
				SurgeonPIN: formtest.DoctorPIN, SurgeonName: formtest.DoctorName,
			}}); err != nil {
				t.Fatal(err)
			}
		}
		view, err := stay.Find(ctx, w.Desk, stayID)
		if err != nil {
			t.Fatal(err)
		}
		print := func(which printout.Which) string {
			pdf, err := printout.PDF(ctx, w.Desk, view, which)
			if err != nil {
				t.Fatal(err)
			}
			return words(t, pdf)
		}
		for what, which := range map[string]printout.Which{"alone": {Operation: roots[0]}, "all": {Part: "operations"}, "whole": {}} {
			paper := print(which)
			wanted := []string{"Герниопластика, слева", "Протокол операции", "Течение анестезии", text.Moment(now.Add(-time.Hour)), "2 12091960 00217", text.Date(view.Patient.BirthDate)}
			for _, part := range wanted {
				if !strings.Contains(paper, part) {
					t.Errorf("%s: no %q:\n%s", what, part, paper)
				}
			}
			if signed := strings.Count(paper, "М. П."); signed != map[string]int{"alone": 1, "all": 2}[what] {
				t.Errorf("%s: %d places to sign:\n%s", what, signed, paper)
			}
			if strings.Contains(paper, "Аппендэктомия") != (what != "alone") {
				t.Errorf("%s: the other operation:\n%s", what, paper)
			}
		}
		for _, part := range printout.Parts {
			if sheet := print(printout.Which{Part: part}); !strings.Contains(sheet, text.Date(view.Patient.BirthDate)) {
				t.Errorf("%s alone does not say whose it is:\n%s", part, sheet)
			}
		}
		if _, err := printout.PDF(ctx, w.Desk, view, printout.Which{Operation: id.New()}); !fail.Is(err, fail.NotFound) {
			t.Errorf("an operation that nobody did: %v", err)
		}
	})
}
