package desk

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// mountReason mounts the page on which a chief physician says why they read.
func (d *Desk) mountReason() {
	chief := []workforceapi.Role{workforceapi.Chief}
	d.Page("GET /stays/{id}/reason", chief, func(w http.ResponseWriter, r *http.Request) error {
		return d.askReason(w, r, http.StatusOK, page.NewForm("next", r.URL.Query().Get("next")))
	})
	d.Page("POST /stays/{id}/reason", chief, d.takeReason)
}

// reasonFor is where the reason is asked for, with the page that was asked for.
func reasonFor(r *http.Request) string {
	address := ReasonAddress(r.PathValue("id"))
	first := wanted(r.PathValue("id"), "")
	if next := r.URL.RequestURI(); r.Method == http.MethodGet && next != first && wanted(r.PathValue("id"), next) == next {
		address += "?next=" + url.QueryEscape(next)
	}
	return address
}

// wanted is where the reader was going: a page of this stay, else its first.
func wanted(stayID, next string) string {
	first := "/stays/" + url.PathEscape(stayID)
	path, _, _ := strings.Cut(next, "?")
	if page.Local(next) != next || !strings.HasPrefix(path, first+"/") || strings.Contains(path, "..") || path == first+"/reason" {
		return first
	}
	return next
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
			return page.Redirect(w, r, wanted(r.PathValue("id"), form.Get("next")))
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
