package page_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

const words = `{
 "kit.internal": {"ky": "Биздин ката", "ru": "Ошибка у нас", "en": "Our fault"},
 "kit.too_large": {"ky": "Өтө чоң", "ru": "Слишком много", "en": "Too large"},
 "kit.too_large_form": {"ky": "Форма өтө чоң", "ru": "Форма слишком велика", "en": "The form is too large"},
"kit.not_found": {"ky": "Табылган жок", "ru": "Не найдено", "en": "Not found"},
 "kit.bad_request": {"ky": "Туура эмес", "ru": "Неверный запрос", "en": "Bad request"},
 "kit.cross_origin": {"ky": "Башка сайттан", "ru": "С другого сайта", "en": "From another site"},
 "kit.field.required": {"ky": "Толтуруңуз", "ru": "Заполните", "en": "Fill in"},
 "saved": {"ky": "Сакталды", "ru": "Сохранено", "en": "Saved"}
}`

func site(t *testing.T, log *bytes.Buffer) *page.Site {
	t.Helper()
	texts, err := text.Load(fstest.MapFS{"text/a.json": {Data: []byte(words)}})
	if err != nil {
		t.Fatal(err)
	}
	return &page.Site{
		System: "test", Texts: texts, Log: slog.New(slog.NewTextHandler(log, nil)),
		ErrorPage: func(v page.ErrorView) templ.Component {
			return templ.Raw(fmt.Sprintf("%d %s #%s", v.Status, v.Message, v.Incident))
		},
	}
}

func answer(h http.Handler, r *http.Request) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestErrorsAreToldInTheReadersLanguageWithoutInternals(t *testing.T) {
	var log bytes.Buffer
	s := site(t, &log)
	broken := s.Wrap(func(http.ResponseWriter, *http.Request) error { return errors.New("dial tcp 10.0.0.7: secret") })
	for accept, want := range map[string]string{"ky": "Биздин ката", "ru": "Ошибка у нас", "en": "Our fault"} {
		r := httptest.NewRequest(http.MethodGet, "/patients/7?pin=21209196000217", nil)
		r.Header.Set("Accept-Language", accept)
		code, body := answer(broken, r)
		if code != 500 || !strings.Contains(body, want) || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %s", accept, code, body)
		}
		incident := body[strings.LastIndex(body, "#")+1:]
		if incident == "" || !strings.Contains(log.String(), incident) {
			t.Errorf("the incident %q is not in the log", incident)
		}
	}
	if strings.Contains(log.String(), "21209196000217") {
		t.Error("the query is in the log")
	}
}

func TestAPanicIsAnErrorPage(t *testing.T) {
	var log bytes.Buffer
	code, body := answer(site(t, &log).Wrap(func(http.ResponseWriter, *http.Request) error { panic("boom") }), httptest.NewRequest(http.MethodGet, "/", nil))
	if code != 500 || strings.Contains(body, "boom") || !strings.Contains(log.String(), "boom") {
		t.Errorf("%d %s\n%s", code, body, log.String())
	}
}

func TestAHalfRenderedPageIsNotShown(t *testing.T) {
	var log bytes.Buffer
	torn := templ.Join(templ.Raw("half a page"), templ.ComponentFunc(func(context.Context, io.Writer) error { return errors.New("torn") }))
	code, body := answer(site(t, &log).Wrap(func(w http.ResponseWriter, r *http.Request) error { return page.Render(w, r, 200, torn) }), httptest.NewRequest(http.MethodGet, "/", nil))
	if code != 500 || strings.Contains(body, "half") {
		t.Errorf("%d %s", code, body)
	}
}

func TestFiftyMegabytesAreRefused(t *testing.T) {
	var log bytes.Buffer
	read := site(t, &log).Wrap(func(w http.ResponseWriter, r *http.Request) error {
		_, err := page.ReadForm(w, r)
		return err
	})
	big := "a=" + strings.Repeat("x", 50<<20)
	for name, length := range map[string]int64{"said": int64(len(big)), "not said": -1, "lied about": 10} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(big))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept-Language", "en")
		r.ContentLength = length
		if code, body := answer(read, r); code != http.StatusRequestEntityTooLarge || !strings.Contains(body, "The form is too large") {
			t.Errorf("%s: %d %.80s", name, code, body)
		}
	}
	file := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(big))
	file.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	file.Header.Set("Accept-Language", "en")
	if code, body := answer(read, file); code != http.StatusRequestEntityTooLarge || !strings.Contains(body, "Too large") {
		t.Errorf("with a file: %d %.80s", code, body)
	}
	many := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("a&", 100)+manyFields(2000)))
	many.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if code, _ := answer(read, many); code != http.StatusBadRequest {
		t.Errorf("two thousand fields: %d", code)
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "f%d=1&", i)
	}
	return b.String()
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	var log bytes.Buffer
	h := site(t, &log).Wrap(func(w http.ResponseWriter, _ *http.Request) error { return page.JSON(w, 200, "done") })
	r := httptest.NewRequest(http.MethodPost, "http://card.localhost/", strings.NewReader("a=1"))
	r.Header.Set("Origin", "http://evil.example")
	if code, _ := answer(h, r); code != http.StatusForbidden {
		t.Errorf("another origin: %d", code)
	}
	r = httptest.NewRequest(http.MethodPost, "http://card.localhost/", strings.NewReader("a=1"))
	r.Header.Set("Sec-Fetch-Site", "same-site") // portal.localhost to card.localhost
	if code, _ := answer(h, r); code != http.StatusForbidden {
		t.Errorf("a sister site: %d", code)
	}
}

func TestLocal(t *testing.T) {
	for in, want := range map[string]string{
		"/ward?d=18": "/ward?d=18", "": "/", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example": "/", "/a\r\nX: y": "/",
	} {
		if got := page.Local(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestANoticeIsShownOnceAndOnlyIfItHasWords(t *testing.T) {
	var log bytes.Buffer
	h := site(t, &log).Wrap(func(w http.ResponseWriter, r *http.Request) error {
		_, err := w.Write([]byte("notice=" + page.Of(r.Context()).Message))
		return err
	})
	for value, want := range map[string]string{"saved": "notice=saved", "<script>": "notice=", "unknown.key": "notice="} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(&http.Cookie{Name: "notice", Value: value})
		if _, body := answer(h, r); body != want {
			t.Errorf("%q: %q", value, body)
		}
	}
}

// A page that only leads on shows no notice: the one that was left for it is shown by
// the page it leads to, unless it leaves one of its own.
func TestANoticeGoesAlongToThePageThatShowsIt(t *testing.T) {
	s, mux := site(t, &bytes.Buffer{}), http.NewServeMux()
	s.Handle(mux, "GET /on", func(w http.ResponseWriter, r *http.Request) error { return page.Redirect(w, r, "/shown") })
	s.Handle(mux, "GET /own", func(w http.ResponseWriter, r *http.Request) error {
		page.Notice(w, "kit.field.required")
		return page.Redirect(w, r, "/shown")
	})
	s.Handle(mux, "GET /shown", func(w http.ResponseWriter, r *http.Request) error {
		said := page.Of(r.Context()).Message
		if page.Of(r.Context()).Attends {
			said += ", attention"
		}
		_, err := io.WriteString(w, said)
		return err
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	for _, each := range []struct{ path, left, want string }{
		{"/on", "saved", "saved"}, {"/on", "!saved", "saved, attention"}, {"/own", "saved", "kit.field.required"}, {"/own", "!saved", "kit.field.required"}, {"/on", "!unknown", ""},
	} {
		path := each.path
		jar.SetCookies(at, []*http.Cookie{{Name: "notice", Value: each.left, Path: "/"}})
		for _, want := range []string{each.want, ""} { // and once
			response, err := browser.Get(server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || string(body) != want {
				t.Errorf("%s: %q %v, want %q", path, body, err, want)
			}
			path = "/shown"
		}
	}
}

func TestFormCleansWhatPeopleType(t *testing.T) {
	f := page.NewForm("name", "  Асанова\u0000 \u202eАйгүл\r\n ", "long", strings.Repeat("ы", 20), "empty", "  ", "day", "31.02.2026", "at", "2026-11-22T14:05")
	if got := f.Need("name", 100); got != "Асанова Айгүл" {
		t.Errorf("%q", got)
	}
	if f.Text("long", 10); f.OK() {
		t.Error("too long was taken")
	}
	f = page.NewForm("empty", " ", "day", "31.02.2026", "at", "2026-11-22T14:05", "choice", "c")
	f.Need("empty", 10)
	f.Date("day")
	f.Choice("choice", "a", "b")
	if len(f.Findings) != 3 {
		t.Errorf("%v", f.Findings)
	}
	if at := f.Moment("at"); at.Format("15:04") != "08:05" { // Bishkek is UTC+6
		t.Error(at)
	}
	if !f.Take(fail.New(fail.Conflict, "saved")) || f.Take(errors.New("x")) || f.Take(nil) {
		t.Error("Take")
	}
}

// What was chosen in a combobox is gone with its words, where scripts are off too.
func TestWhatWasChosenGoesWithItsWords(t *testing.T) {
	for sent, want := range map[string][2]string{
		"dx=I10&dx_text=": {"", ""}, "dx=I10&dx_text=++": {"", ""}, "dx=I10": {"I10", ""}, "dx=I10&dx_text=+I10+x": {"I10", "I10 x"}, "": {"", ""},
	} {
		values, err := url.ParseQuery(sent)
		if err != nil {
			t.Fatal(err)
		}
		value, typed := page.QueryForm(&http.Request{URL: &url.URL{RawQuery: values.Encode()}}).Chosen("dx")
		if got := [2]string{value, typed}; got != want {
			t.Errorf("%s: %q, want %q", sent, got, want)
		}
	}
}
