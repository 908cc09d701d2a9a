package form_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

// The paper has the number at the top and every field of form 066/у, in Kyrgyz
// and in Russian; the same sheet gives the same bytes.
func TestPDF(t *testing.T) {
	words, err := text.Load(design.Texts, os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		r, err := form.Load(t.Context(), w.Desk.DB.Read, w.Ready(formtest.PatientPIN), formtest.Hospital, "")
		if err != nil {
			t.Fatal(err)
		}
		end := form.Ending{At: w.Clock.Now(), Outcome: "transferred", Result: "improved", TransferredTo: "НЦКТ имени М. Миррахимова"}
		sheet := r.Sheet(r.Case("00000011895017426", 1, "", end), end, w.Clock.Now())
		for lang, wanted := range map[text.Lang][]string{
			text.KY: {"0000001 18 950174 26", "№ 066/у формасы", "Улуттук оорукана", "Жумабеков", "Асанович", "2 12091960 00217", "Койка-күн", "1-барагы", "Бөлүм башчысы", "М. О.", "Кыргызстан", "Токтогулов"},
			text.RU: {
				"0000001 18 950174 26", "Форма № 066/у", "Жумабеков", "мужской", "12.09.1960", "ID1000217", "Сокулук", "села", "ОМС-1234567", "Экстренная", "скорая",
				"ЦСМ №5", "впервые", "I21.0", "Заключительный", "НЦКТ", "Улучшение", "Койко-дней", "Страница 1 из", "М. П.", "Кыргызстан", "Лечащий врач", "Асанова Айгүл",
			},
		} {
			ctx := text.With(t.Context(), words, lang)
			pdf, err := sheet.PDF(ctx, form.Issued{State: "valid"})
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(plainText(t, pdf), "\f"); n != 1 {
				t.Errorf("%s: the signatures went to a page of their own: %d pages", lang, n)
			}
			again, err := sheet.PDF(ctx, form.Issued{State: "valid"})
			if err != nil || string(again) != string(pdf) {
				t.Error("the same sheet gives other bytes", err)
			}
			for _, want := range wanted {
				if got := plainText(t, pdf); !strings.Contains(got, want) {
					t.Errorf("%s: the paper has no %q in\n%s", lang, want, got)
				}
			}
			voided, err := sheet.PDF(ctx, form.Issued{State: "voided", VoidReason: "Ошибка", VoidedAt: w.Clock.Now().Add(time.Hour)})
			if err != nil || !strings.Contains(plainText(t, voided), "Ошибка") {
				t.Error("a voided form looks valid", err)
			}
		}
	})
}

// plainText reads the PDF with poppler where it is installed.
func plainText(t *testing.T, pdf []byte) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed: the text of the paper cannot be read back")
	}
	file := filepath.Join(t.TempDir(), "form.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "-layout", file, "-").Output() //nolint:gosec // a file of the test's own
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
