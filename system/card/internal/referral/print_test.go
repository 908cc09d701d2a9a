package referral

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// A conclusion stands on the paper under the name of who gave it, with place and
// moment, not under the signature of who asked.
func TestAConclusionBearsItsDoctorsName(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	each(t, func(t *testing.T, w world) {
		in := w.writing()
		in.Kind = Form028 + "/" + Consultation
		r := w.send(in)
		w.clock.Advance(3 * time.Hour)
		if err := Conclude(w.receiver(), w.desk, Acting{r.ID, 1}, "Сердечной недостаточности нет."); err != nil {
			t.Fatal(err)
		}
		pdf, err := PDF(w.sender(), w.desk, w.get(r.ID))
		if err != nil {
			t.Fatal(err)
		}
		command := exec.CommandContext(t.Context(), tool, "-layout", "-", "-") //nolint:gosec // found by its name
		command.Stdin = bytes.NewReader(pdf)
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		asked, concluded, _ := strings.Cut(string(out), "Сердечной недостаточности нет.")
		if !strings.Contains(asked, "Асанова") || strings.Contains(concluded, "Асанова") {
			t.Errorf("who asked signs the conclusion:\n%s", out)
		}
		for _, said := range []string{"Кененсариев", "Больница " + second, text.Moment(w.clock.Now())} {
			if !strings.Contains(concluded, said) {
				t.Errorf("the conclusion does not say %q:\n%s", said, out)
			}
		}
	})
}

// The paper is set in both languages, the same bytes each time; whoever holds it
// may check it without an account, and learns nothing of the illness.
func TestThePaperAndItsCheck(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		r := w.send(w.writing())
		if err := Accept(w.receiver(), w.desk, Acting{r.ID, 1}, w.clock.Now().Add(48*time.Hour), ""); err != nil {
			t.Fatal(err)
		}
		r = w.get(r.ID)
		w.desk.BaseURL = "http://card.localhost:8080"
		var papers [][]byte
		for _, lang := range []text.Lang{text.KY, text.RU, text.KY} {
			pdf, err := PDF(text.With(w.sender(), w.desk.Site.Texts, lang), w.desk, r)
			if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
				t.Fatalf("%s: %v", lang, err)
			}
			papers = append(papers, pdf)
			if folder := os.Getenv("SANARIP_TEST_PAPERS"); folder != "" {
				_ = os.WriteFile(folder+"/057-"+string(lang)+".pdf", pdf, 0o600)
			}
		}
		if bytes.Equal(papers[0], papers[1]) || !bytes.Equal(papers[0], papers[2]) {
			t.Error("the languages are alike, or the same paper is not")
		}
		w.desk.Site.ErrorPage = design.ErrorPage
		w.desk.Site.TitleKey = "card.title"
		w.desk.Site.Handle(w.desk.Mux, "GET /check/referral/{code}", page.Handler(func(rw http.ResponseWriter, q *http.Request) error { return checkPage(rw, q, w.desk) }))
		ask := func(code string) (int, string) {
			answer := httptest.NewRecorder()
			w.desk.Mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/check/referral/"+code+"?lang=ru", http.NoBody))
			return answer.Code, answer.Body.String()
		}
		status, said := ask(r.CheckCode)
		if status != http.StatusOK || !strings.Contains(said, Grouped(r.Number)) || !strings.Contains(said, "Ж. Э.") {
			t.Fatalf("%d\n%s", status, said)
		}
		said = strings.ReplaceAll(said, r.CheckCode, "") // its letters may be any
		for _, secret := range []string{"J18", "невмони", "Жумабеков", patientPIN, r.Reason, r.ID, "Терапия"} {
			if strings.Contains(said, secret) {
				t.Errorf("anybody learns %q", secret)
			}
		}
		for _, code := range []string{"x", strings.Repeat("a", 43), strings.Repeat("a", 4000)} {
			if status, _ := ask(code); status != http.StatusNotFound {
				t.Errorf("%.10s: %d", code, status)
			}
		}
	})
}
