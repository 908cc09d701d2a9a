package history

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// historyOf is the page of the case history.
type historyOf struct {
	Stay    stay.View
	Entries []Entry
	Form    *page.Form // nil: the reader cannot write
	Correct *Entry     // the entry that is being corrected, nil: a new one
}

// may says whether the reader may correct the entry.
func (v historyOf) may(ctx context.Context, e Entry) bool {
	return writing.MayWrite(ctx) && e.Kind != FormCorrection && writing.MayCorrect(desk.Of(ctx), e.author()) == nil
}

func historyPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	view, err := stay.Read(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("once", id.New(), "at", page.InputMoment(d.Clock.Now()), "kind", Diary)
	if kind := r.URL.Query().Get("kind"); slices.Contains(Kinds, kind) {
		form.Set("kind", kind)
	}
	root := r.URL.Query().Get("correct")
	if root != "" {
		e, err := FindEntry(r.Context(), d.DB.Read, view.ID, root)
		if err != nil {
			return err
		}
		form = page.NewForm("once", id.New(), "at", page.InputMoment(e.At), "body", e.Body, "seen", strconv.Itoa(e.Version))
	}
	return renderHistory(w, r, d, view, form, root, http.StatusOK)
}

func renderHistory(w http.ResponseWriter, r *http.Request, d *desk.Desk, view stay.View, form *page.Form, root string, status int) error {
	ctx := r.Context()
	v := historyOf{Stay: view}
	var err error
	if v.Entries, err = Entries(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	for i := range v.Entries {
		if root != "" && v.Entries[i].Root == root && v.may(ctx, v.Entries[i]) {
			v.Correct = &v.Entries[i]
		}
	}
	if writing.MayWrite(ctx) && (view.State == stay.Open || v.Correct != nil) {
		v.Form = form
	}
	return page.Render(w, r, status, historyView(v))
}

func writePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	stayID := r.PathValue("id")
	in := Writing{Once: form.Get("once"), Kind: form.Choice("kind", Kinds...), Body: form.Need("body", writing.MaxBody), At: form.Moment("at")}
	if form.OK() {
		err = Write(r.Context(), d, stayID, in)
		if err == nil {
			page.Notice(w, "card.history.signed")
			return page.Redirect(w, r, "/stays/"+stayID)
		}
		if !form.Take(err) {
			return err
		}
	}
	view, err := stay.Read(r.Context(), d, stayID)
	if err != nil {
		return err
	}
	return renderHistory(w, r, d, view, form, "", http.StatusUnprocessableEntity)
}

func correctPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	stayID := r.PathValue("id")
	in := Correcting{
		Once: form.Get("once"), Root: form.Get("root"), Seen: writing.Whole(form.Get("seen")),
		Body: form.Need("body", writing.MaxBody), At: form.Moment("at"), Reason: form.Need("reason", 500),
	}
	if form.OK() {
		err = Correct(r.Context(), d, stayID, in)
		if err == nil {
			page.Notice(w, "card.history.corrected")
			return page.Redirect(w, r, "/stays/"+stayID)
		}
		if !form.Take(err) {
			return err
		}
	}
	view, err := stay.Read(r.Context(), d, stayID)
	if err != nil {
		return err
	}
	return renderHistory(w, r, d, view, form, in.Root, http.StatusUnprocessableEntity)
}

// kindWord is the kind of an entry in the reader's language.
func kindWord(ctx context.Context, kind string) string {
	return text.T(ctx, "card.entry."+kind) // text: card.entry.*
}

func kindOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, kind := range Kinds {
		options = append(options, design.Option{Value: kind, Label: kindWord(ctx, kind)})
	}
	return options
}

func kindTone(kind string) string {
	switch kind {
	case DischargeEpicrisis:
		return "done"
	case StageEpicrisis, Examination:
		return "info"
	case FormCorrection:
		return "attention"
	}
	return "neutral"
}
