package template

import (
	"context"
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts the page of templates in. kinds are those of entries.
func Mount(d *desk.Desk, kinds []string) {
	p := pages{d, kinds}
	d.Page("GET /templates", desk.Doctors, p.list)
	d.Page("POST /templates", desk.Doctors, p.save)
	d.Page("POST /templates/remove", desk.Doctors, p.remove)
}

type pages struct {
	desk  *desk.Desk
	kinds []string
}

// listOf is the page of templates.
type listOf struct {
	All   []Template
	Form  *page.Form
	Edit  string // id of the one that is changed
	Kinds []string
	Head  bool
	Back  string // to the history from which one came
}

func (v listOf) title(ctx context.Context) string {
	if v.Edit != "" {
		return text.T(ctx, "card.template.change")
	}
	return text.T(ctx, "card.template.new")
}

func (v listOf) kindOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, kind := range v.Kinds {
		options = append(options, design.Option{Value: kind, Label: kindWord(ctx, kind)})
	}
	return options
}

// kindWord is the kind of an entry in the reader's language.
func kindWord(ctx context.Context, kind string) string {
	return text.T(ctx, "card.entry."+kind) // text: card.entry.*
}

func whose(ctx context.Context, t Template) string {
	if t.Own() {
		return text.T(ctx, "card.template.own")
	}
	return text.T(ctx, "card.template.of_department")
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	form := page.NewForm("once", id.New(), "kind", p.kinds[0])
	edit := r.URL.Query().Get("edit")
	if edit != "" {
		t, err := Find(r.Context(), p.desk, edit)
		if e := fail.As(err); e != nil && e.Key == NoneSuch { // the list shows what there is
			page.Notice(w, NoneSuch)
			return page.Redirect(w, r, "/templates")
		}
		if err != nil {
			return err
		}
		form = page.NewForm("id", t.ID, "kind", t.Kind, "name", t.Name, "body", t.Body)
		if !t.Own() {
			form.Set("department", "1")
		}
	}
	return p.render(w, r, form, http.StatusOK)
}

func (p pages) render(w http.ResponseWriter, r *http.Request, form *page.Form, status int) error {
	staff := desk.Of(r.Context())
	all, err := Offered(r.Context(), p.desk, staff.Post.Department)
	if err != nil {
		return err
	}
	v := listOf{All: all, Form: form, Edit: form.Get("id"), Kinds: p.kinds, Head: staff.Post.Role == workforceapi.Head && staff.Post.Department != ""}
	if from := r.URL.Query().Get("from"); len(from) == 36 && !strings.ContainsAny(from, "/?#") {
		v.Back = "/stays/" + from
	}
	return page.Render(w, r, status, listView(v))
}

func (p pages) save(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	in := Saving{
		ID: form.Get("id"), Once: form.Get("once"), Department: form.Get("department") == "1",
		Kind: form.Choice("kind", p.kinds...), Name: form.Need("name", 100), Body: form.Need("body", writing.MaxBody),
	}
	if form.OK() {
		err = Save(r.Context(), p.desk, p.kinds, in)
		if err == nil {
			page.Notice(w, "card.template.saved")
			return page.Redirect(w, r, "/templates")
		}
		if e := fail.As(err); e != nil && e.Key == NoneSuch {
			// A colleague removed it meanwhile: what was typed becomes a new one.
			form.Set("id", "")
			form.Set("once", id.New())
			form.Findings = append(form.Findings, fail.Finding{Field: "name", Key: "card.template.gone"})
		} else if !form.Take(err) {
			return err
		}
	}
	return p.render(w, r, form, http.StatusUnprocessableEntity)
}

func (p pages) remove(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := Remove(r.Context(), p.desk, form.Get("id")); err != nil {
		return err
	}
	page.Notice(w, "card.template.removed")
	return page.Redirect(w, r, "/templates")
}

func nameField(ctx context.Context, form *page.Form) design.Field {
	f := writing.Line(ctx, form, "name", "card.template.name", true)
	f.MaxLength = 100
	return f
}

func bodyField(ctx context.Context, form *page.Form) design.Field {
	f := writing.Area(ctx, form, "body", "card.template.body", 12)
	f.Hint = text.T(ctx, "card.template.braces", "Words", strings.Join(Words(), " "))
	return f
}
