package page_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// TestAPaperKeepsTheLanguageOfThePages: who reads a paper in Kyrgyz goes on in
// the language that they had; other cookies stay.
func TestAPaperKeepsTheLanguageOfThePages(t *testing.T) {
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "lang", Value: "ky"})
	http.SetCookie(w, &http.Cookie{Name: "session", Value: "s"})
	if err := page.ShowPDF(w, "003-ky.pdf", []byte("%PDF")); err != nil {
		t.Fatal(err)
	}
	if got := w.Header().Values("Set-Cookie"); len(got) != 1 || !strings.HasPrefix(got[0], "session=") {
		t.Errorf("cookies %q", got)
	}
	if got := w.Header().Get("Content-Disposition"); got != "inline; filename=003-ky.pdf" {
		t.Error(got)
	}
	if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
		t.Error(got)
	}
}

func TestANameOfAFileBreaksNoHeader(t *testing.T) {
	for name, want := range map[string]string{
		"forms.csv":       `attachment; filename=forms.csv`,
		`a"; b=c.pdf`:     `attachment; filename="a\"; b=c.pdf"`,
		"акт.xlsx":        `attachment; filename*=utf-8''%D0%B0%D0%BA%D1%82.xlsx`,
		"a\r\nX-Evil: 1.": `attachment; filename*=utf-8''a%0D%0AX-Evil%3A%201.`,
	} {
		w := httptest.NewRecorder()
		if err := page.Attach(w, "text/plain", name, nil); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Content-Disposition"); got != want {
			t.Errorf("%q: %s", name, got)
		}
	}
}

func TestAPaperIsInOneOfTheStatesLanguages(t *testing.T) {
	texts, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[text.Lang]text.Lang{text.KY: text.KY, text.RU: text.RU, text.EN: text.RU} {
		if got := page.PaperLang(text.With(t.Context(), texts, lang)); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
}
