package desk

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// mountReason mounts the page on which a chief physician says why they read.
func (d *Desk) mountReason() {
	chief := []workforceapi.Role{workforceapi.Chief}
	d.Page("GET /stays/{id}/reason", chief, func(w http.ResponseWriter, r *http.Request) error {
		return d.askReason(w, r, http.StatusOK, page.NewForm())
	})
	d.Page("POST /stays/{id}/reason", chief, d.takeReason)
}

func (d *Desk) askReason(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	if err := d.HasStay(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	return page.Render(w, r, status, reasonPage(r.PathValue("id"), form))
}

func (d *Desk) takeReason(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	reason, note := form.Choice("reason", Reasons...), form.Text("note", mostNote)
	if form.OK() {
		err := d.GiveReason(r.Context(), r.PathValue("id"), reason, note)
		if err == nil {
			return page.Redirect(w, r, "/stays/"+url.PathEscape(r.PathValue("id")))
		}
		if !form.Take(err) {
			return err
		}
	}
	return d.askReason(w, r, http.StatusUnprocessableEntity, form)
}

func reasonOptions(ctx context.Context, form *page.Form) []design.Option {
	var options []design.Option
	for _, reason := range Reasons {
		options = append(options, design.Option{Value: reason, Label: text.T(ctx, "card.reason."+reason), Selected: form.Get("reason") == reason}) // text: card.reason.*
	}
	return options
}

func noteField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "note", "card.reason.note")
	f.Required, f.Rows, f.MaxLength = false, 3, mostNote
	return f
}
