package ward

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

func isolatePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	in := Isolating{Once: form.Get("once"), Kind: form.Get("isolation"), Reason: form.Text("isolation_reason", 300)}
	return answerIsolation(w, r, d, form, Isolate(r.Context(), d, r.PathValue("id"), in), "card.isolation.done")
}

func endIsolationPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	return answerIsolation(w, r, d, form, EndIsolation(r.Context(), d, r.PathValue("id"), form.Get("isolated")), "card.isolation.ended")
}

func answerIsolation(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, err error, notice string) error {
	view, found := stay.Find(r.Context(), d, r.PathValue("id"))
	if found != nil {
		return found
	}
	if err == nil {
		page.Notice(w, notice)
		return page.Redirect(w, r, view.Path(stay.TabMoves))
	}
	writing.Renew(form, err)
	if !form.Take(err) {
		return err
	}
	for name, value := range map[string]string{"at": page.InputMoment(d.Clock.Now()), "doctor": view.DoctorPIN} {
		form.Set(name, value)
	}
	return renderAgain(w, r, d, view, form)
}

// onceOf is the id of the form that isolates.
func onceOf(form *page.Form) string {
	if form.Get("once") == "" {
		form.Set("once", id.New())
	}
	return form.Get("once")
}

func isolationOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Label: "—"}}
	for _, kind := range stay.Isolations {
		options = append(options, design.Option{Value: kind, Label: text.T(ctx, "card.isolation."+kind)}) // text: card.isolation.*
	}
	return options
}

func isolationReason(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "isolation_reason", "card.isolation.reason")
	f.MaxLength, f.Wide = 300, true
	return f
}
