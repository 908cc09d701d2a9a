package design

import (
	"context"
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// say is a text of the examples. They stand here in their three languages and
// not among the words of the systems, which translators work on.
func say(ctx context.Context, ky, ru, en string) string {
	return text.Words{KY: ky, RU: ru, EN: en}.Here(ctx)
}

// ExamplesHandler shows every component in every state: ?density=work or
// citizen, ?state=error for the forms as they come back, ?fail=internal for an
// error page. It also plays the server of the Combobox.
func ExamplesHandler(site *page.Site) http.Handler {
	return site.Wrap(func(w http.ResponseWriter, r *http.Request) error {
		q := r.URL.Query()
		if q.Has("suggest") {
			return page.JSON(w, http.StatusOK, suggest(r.Context(), q.Get("q")))
		}
		if kind := fail.Kind(q.Get("fail")); kind != "" {
			return fail.New(kind, exampleFailure(kind))
		}
		view := page.Of(r.Context())
		work := q.Get("density") == "work"
		dress(r.Context(), view, work)
		form := page.QueryForm(r)
		if q.Get("state") == "error" {
			form = wrongForm()
		}
		return page.Render(w, r, http.StatusOK, Examples(work, form))
	})
}

// dress gives the page somebody signed in and a navigation, so that the
// header is seen as it is in life.
func dress(ctx context.Context, view *page.View, work bool) {
	view.SignOut = "/examples"
	view.User = &page.User{Name: "Өмүралиева Үрүлкан Таңатаровна"}
	view.Nav = []page.NavItem{
		{Key: "design.example_citizen", Path: "/examples?density=citizen"},
		{Key: "design.example_work", Path: "/examples?density=work", Badge: "12"},
	}
	if work {
		view.User.Role = say(ctx, "Дарыгер, терапия бөлүмү", "Врач, терапевтическое отделение", "Doctor, internal medicine")
		view.User.Organisation = say(ctx, "Чүй облустук ооруканасы", "Чуйская областная больница", "Chui regional hospital")
	}
}

func exampleFailure(kind fail.Kind) string {
	switch kind {
	case fail.NotFound:
		return "kit.not_found"
	case fail.Gone:
		return "kit.gone"
	case fail.Forbidden:
		return "kit.forbidden"
	case fail.SignedOut:
		return "kit.signed_out"
	case fail.Conflict:
		return "kit.conflict"
	case fail.TooMany:
		return "kit.too_many"
	case fail.Unavailable:
		return "kit.unavailable"
	case fail.BadNeighbor:
		return "kit.bad_neighbor"
	case fail.TooLarge:
		return "kit.too_large"
	case fail.Invalid:
		return "kit.check_fields"
	case fail.BadRequest:
		return "kit.bad_request"
	case fail.Internal:
	}
	return "kit.internal"
}

// wrongForm is a form that came back with something wrong everywhere.
func wrongForm() *page.Form {
	form := page.NewForm("surname", "", "pin", "2150319850123", "note", "Ң Ө Ү", "city", "osh")
	form.Fail("", "kit.conflict")
	form.Fail("surname", "kit.field.required")
	form.Fail("pin", "kit.pin.length", "Count", 13)
	form.Fail("birthday", "kit.field.date")
	form.Fail("arrival", "kit.field.moment")
	form.Fail("note", "kit.field.too_long", "Count", 500)
	form.Fail("district", "kit.field.choose")
	form.Fail("way", "kit.field.choose")
	form.Fail("helps", "kit.field.choose")
	form.Fail("agree", "kit.field.required")
	form.Fail("diagnosis", "kit.field.choose")
	form.Fail("password", "kit.field.required")
	form.Fail("code", "kit.field.required")
	form.Fail("scan", "kit.too_large")
	return form
}

type suggestion struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Hint  string `json:"hint,omitempty"`
}

func suggest(ctx context.Context, q string) []suggestion {
	all := []suggestion{
		{"J18.9", say(ctx, "Пневмония, такталбаган", "Пневмония неуточнённая", "Pneumonia, unspecified"), "J18.9"},
		{"I10", say(ctx, "Эссенциалдык гипертензия", "Эссенциальная гипертензия", "Essential hypertension"), "I10"},
		{"E11.9", say(ctx, "Кант диабети, 2-түрү", "Сахарный диабет 2 типа", "Type 2 diabetes mellitus"), "E11.9"},
		{"K35.8", say(ctx, "Курч аппендицит", "Острый аппендицит", "Acute appendicitis"), "K35.8"},
	}
	found := []suggestion{}
	for _, s := range all {
		if strings.Contains(text.Fold(s.Label+" "+s.Value), text.Fold(q)) {
			found = append(found, s)
		}
	}
	return found
}

// exampleHref is the page's own address with another setting.
func exampleHref(work bool, more string) string {
	if work {
		return "/examples?density=work" + more
	}
	return "/examples?density=citizen" + more
}
