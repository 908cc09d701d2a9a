package design

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

func testSite(t *testing.T) *page.Site {
	t.Helper()
	texts, err := text.Load(Texts)
	if err != nil {
		t.Fatal(err)
	}
	return &page.Site{
		System: "design", TitleKey: "design.example_title", Texts: texts, Demo: true,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), ErrorPage: ErrorPage,
	}
}

func get(t *testing.T, h http.Handler, target string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

// examples are all states of the examples page in the three languages.
func examples() []string {
	var all []string
	for _, l := range text.Langs {
		for _, density := range []string{"citizen", "work"} {
			for _, state := range []string{"", "&state=error", "&fail=internal"} {
				all = append(all, "/examples?lang="+string(l)+"&density="+density+state)
			}
		}
	}
	return all
}

func draw(t *testing.T, c templ.Component) string {
	t.Helper()
	ctx := text.With(context.Background(), testSite(t).Texts, text.RU)
	var b strings.Builder
	if err := c.Render(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExamplesRenderCleanly(t *testing.T) {
	handler := ExamplesHandler(testSite(t))
	inline := regexp.MustCompile(`<[^>]*\s(style|on[a-z]+)=|<style|javascript:|<script[^>]*>[^<]`)
	missing := regexp.MustCompile(`\[(kit|design)\.[a-z_.]+\]`)
	for _, target := range examples() {
		w := get(t, handler, target)
		if failing := strings.Contains(target, "fail="); failing != (w.Code == http.StatusInternalServerError) {
			t.Errorf("%s: status %d", target, w.Code)
		}
		body := w.Body.String()
		if found := inline.FindString(body); found != "" {
			t.Errorf("%s: inline style or script: %s", target, found)
		}
		if found := missing.FindString(body); found != "" {
			t.Errorf("%s: missing word %s", target, found)
		}
		if strings.Contains(body, "<no value>") {
			t.Errorf("%s: a sentence lacks an argument", target)
		}
	}
}

var idAttribute = regexp.MustCompile(`\sid="([^"]*)"`)

func TestIDsAreTied(t *testing.T) {
	handler := ExamplesHandler(testSite(t))
	references := regexp.MustCompile(`\s(?:for|aria-describedby|aria-labelledby|aria-controls)="([^"]*)"`)
	anchors := regexp.MustCompile(`href="#([^"]*)"`)
	for _, target := range examples() {
		body := get(t, handler, target).Body.String()
		ids := map[string]bool{}
		for _, m := range idAttribute.FindAllStringSubmatch(body, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %q stands twice", target, m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range references.FindAllStringSubmatch(body, -1) {
			for _, id := range strings.Fields(m[1]) {
				if !ids[id] {
					t.Errorf("%s: nothing has the id %q", target, id)
				}
			}
		}
		for _, m := range anchors.FindAllStringSubmatch(body, -1) {
			if !ids[m[1]] {
				t.Errorf("%s: link to #%s leads nowhere", target, m[1])
			}
		}
	}
}

func TestInputsHaveLabels(t *testing.T) {
	body := get(t, ExamplesHandler(testSite(t)), "/examples?lang=ru").Body.String()
	tags := regexp.MustCompile(`<(input|select|textarea)[^>]*>`)
	for _, tag := range tags.FindAllString(body, -1) {
		if strings.Contains(tag, `type="hidden"`) {
			continue
		}
		id := idAttribute.FindStringSubmatch(tag)
		if id == nil || !strings.Contains(body, `for="`+id[1]+`"`) {
			t.Errorf("no label for %s", tag)
		}
	}
}

func TestErrorSummaryLinksToFields(t *testing.T) {
	form := page.NewForm()
	form.Fail("", "kit.conflict")
	form.Fail("surname", "kit.field.required")
	body := draw(t, ErrorSummary(form, Field{Name: "surname", Label: "Фамилия"}))
	if !strings.Contains(body, `href="#surname"`) || !strings.Contains(body, "Фамилия: Заполните это поле.") {
		t.Errorf("no link to the field: %s", body)
	}
	if strings.Count(body, "<li>") != 2 || strings.Count(body, "<a ") != 1 {
		t.Errorf("want two findings, one of them a link: %s", body)
	}
	if body := draw(t, ErrorSummary(page.NewForm())); body != "" {
		t.Errorf("a summary of nothing: %s", body)
	}
}

func TestFieldShowsItsError(t *testing.T) {
	body := draw(t, TextField(Field{Name: "pin", Label: "ПИН", Hint: "14 цифр", Error: "Введите ПИН", Value: `"><b>`}))
	for _, want := range []string{
		`for="pin"`, `id="pin"`, `aria-describedby="pin-hint pin-error"`, `aria-invalid="true"`,
		`id="pin-error"`, "Введите ПИН", "необязательно", "&#34;&gt;&lt;b&gt;",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if required := draw(t, TextField(Field{Name: "a", Label: "b", Required: true})); strings.Contains(required, "необязательно") {
		t.Error("a required field says that it is optional")
	}
}

func TestPasswordIsNotSentBack(t *testing.T) {
	if body := draw(t, PasswordField(Field{Name: "password", Label: "Пароль", Value: "secret"})); strings.Contains(body, "secret") {
		t.Errorf("the password came back: %s", body)
	}
}

func TestComboboxSendsTextAndValue(t *testing.T) {
	body := draw(t, Combobox(Field{Name: "code", Label: "Диагноз", Value: "I10", Placeholder: "Гипертензия"}, "/icd"))
	for _, want := range []string{`name="code_text"`, `value="Гипертензия"`, `name="code"`, `value="I10"`, `data-combobox="/icd"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

func TestLayoutKnowsThePage(t *testing.T) {
	site := testSite(t)
	handler := site.Wrap(func(w http.ResponseWriter, r *http.Request) error {
		v := page.Of(r.Context())
		v.SignIn = "/sign-in"
		v.Nav = []page.NavItem{{Key: "design.example_work", Path: "/"}, {Key: "design.example_citizen", Path: "/beds", Badge: "3"}}
		v.Message = "design.step_done"
		return page.Render(w, r, http.StatusOK, Citizen("Койки"))
	})
	body := get(t, handler, "/beds/214?q=a&lang=ru").Body.String()
	for _, want := range []string{
		`<html lang="ru"`, "<title>Койки — Образцы оформления</title>", `href="/beds/214?q=a&amp;lang=ky"`,
		`href="/beds" aria-current="page"`, `role="status"`, `href="/sign-in"`, `href="#main"`, `<main id="main"`, "Учебный стенд",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, `href="/" aria-current`) {
		t.Error("the start page is marked too")
	}
}

func TestErrorPageSaysWhatToDo(t *testing.T) {
	site := testSite(t)
	for _, kind := range []fail.Kind{
		fail.Invalid, fail.NotFound, fail.SignedOut, fail.Forbidden, fail.Conflict, fail.TooLarge,
		fail.TooMany, fail.Unavailable, fail.Internal, fail.BadRequest, fail.BadNeighbor,
	} {
		body := get(t, ExamplesHandler(site), "/examples?lang=ru&fail="+string(kind)).Body.String()
		for _, key := range []string{errorTitle(kind), errorNext(kind), "design.incident"} {
			if words := site.Texts.Say(text.RU, key, nil); !strings.Contains(body, words) {
				t.Errorf("%s: no %q", kind, words)
			}
		}
	}
}

func TestBarsHaveATable(t *testing.T) {
	body := draw(t, Bars(BarChart{Caption: "c", Label: "месяц", Unit: "случаев", Bars: []Bar{
		{Label: "янв", Value: 10, Text: "10"}, {Label: "фев", Value: 0, Text: "0"}, {Label: "мар", Value: 20, Text: "20", Mark: true},
	}}))
	if strings.Count(body, "sn-bars__bar") < 3 || strings.Count(body, `scope="row"`) != 3 {
		t.Errorf("bars and rows do not agree: %s", body)
	}
	if !strings.Contains(body, `height="160"`) || !strings.Contains(body, `height="80"`) {
		t.Errorf("heights are not in proportion: %s", body)
	}
	if strings.Contains(draw(t, Bars(BarChart{Bars: []Bar{{Label: "a"}}})), "NaN") {
		t.Error("an empty chart divides by nothing")
	}
}

func TestUnsafeLinksAreStopped(t *testing.T) {
	if body := draw(t, LinkButton("javascript:alert(1)", "x")); strings.Contains(body, "javascript") {
		t.Errorf("an unsafe link: %s", body)
	}
}

// A browser tells one person's drafts from another's by a mark that says nothing
// of them; a page for nobody has none.
func TestDraftsHaveTheirWritersMark(t *testing.T) {
	mark := regexp.MustCompile(`data-draft-of="([^"]*)"`)
	of := func(pin string) string {
		site := testSite(t)
		site.Fill = func(_ *http.Request, v *page.View) error {
			if pin != "" {
				v.User = &page.User{PIN: pin, Name: "Асанова Айгүл"}
			}
			return nil
		}
		mux := http.NewServeMux()
		site.Handle(mux, "/", page.Missing(mux))
		found := mark.FindStringSubmatch(get(t, mux, "/x").Body.String())
		if found == nil {
			return ""
		}
		return found[1]
	}
	one, other := of("11503198500123"), of("12905199300264")
	if len(one) != 8 || len(other) != 8 || one == other || one != of("11503198500123") {
		t.Errorf("marks %q and %q", one, other)
	}
	if nobodys := of(""); nobodys != "" {
		t.Errorf("a page for nobody has the mark %q", nobodys)
	}
}

// A page of an error says nothing twice, in any language: what its heading says its
// sentence does not begin with, and no sentence stands in it again.
func TestErrorPageSaysNothingTwice(t *testing.T) {
	texts := testSite(t).Texts
	parts := regexp.MustCompile(`[.!?:,;]\s*`)
	for kind, key := range map[fail.Kind]string{
		fail.BadRequest: "kit.bad_request", fail.NotFound: "kit.not_found", fail.NoMethod: "kit.no_method", fail.SignedOut: "kit.signed_out",
		fail.Forbidden: "kit.forbidden", fail.TooLarge: "kit.too_large", fail.TooMany: "kit.too_many", fail.Unavailable: "kit.unavailable",
		fail.BadNeighbor: "kit.bad_neighbor", fail.Internal: "kit.internal",
	} {
		for _, lang := range text.Langs {
			ctx := text.With(context.Background(), texts, lang)
			v := page.ErrorView{Kind: kind, Message: text.T(ctx, key), Incident: "7b677a319a18"}
			title, message := text.T(ctx, errorTitle(kind)), errorMessage(ctx, v)
			if message == "" {
				t.Errorf("%s in %s: no sentence", kind, lang)
			}
			said := map[string]bool{}
			for _, part := range parts.Split(strings.Join([]string{title, message, text.T(ctx, errorNext(kind))}, ". "), -1) {
				if part = strings.ToLower(strings.TrimSpace(part)); part != "" && said[part] {
					t.Errorf("%s in %s: twice %q", kind, lang, part)
				}
				said[part] = true
			}
		}
	}
	// What only begins as the heading does is no sentence less.
	for message, rest := range map[string]string{
		"Аккаунт закрыт. Войдите снова.": "Войдите снова.", "Аккаунт закрыт: войдите снова.": "Аккаунт закрыт: войдите снова.", "Аккаунт закрыт": "", "Аккаунт закрыт.": "",
	} {
		v := page.ErrorView{Kind: fail.Forbidden, Title: "Аккаунт закрыт", Message: message}
		if got := errorMessage(context.Background(), v); got != rest {
			t.Errorf("%q leaves %q", message, got)
		}
	}
	// Whoever is told why they may not is not sent to an administrator as well.
	ctx := text.With(context.Background(), texts, text.RU)
	if v := (page.ErrorView{Kind: fail.Forbidden, Message: "Пока Вы входили, все сеансы были завершены."}); generalNext(ctx, v) {
		t.Error("a reason of its own, and the administrator")
	}
}
