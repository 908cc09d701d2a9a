package epicrisis

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// Mount puts in what a button of the history's form asks for.
func Mount(d *desk.Desk) {
	d.Page("POST /stays/{id}/compose", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return composePage(w, r, d) })
}

// composePage puts the draft into what is being written and leads back to it.
func composePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	view, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	draft := history.ReadDraft(form)
	body, err := Compose(ctx, d, view, draft.Kind)
	if err != nil {
		return err
	}
	draft.Body = history.InsertInto(draft.Body, body)
	if err := history.SaveDraft(ctx, d, view.ID, draft); err != nil {
		return err
	}
	return page.Redirect(w, r, history.Back(view.ID, form))
}
