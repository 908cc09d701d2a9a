package history

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/template"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// ReadDraft is the draft that a form of the history's page holds.
func ReadDraft(form *page.Form) Draft {
	in := Draft{Once: form.Get("once"), Kind: form.Get("kind"), At: form.Get("at"), CopiedFrom: form.Get("copied_from")}
	if !slices.Contains(Kinds, in.Kind) {
		in.Kind = Diary
	}
	body := []rune(page.Clean(form.Get("body")))
	in.Body = string(body[:min(len(body), writing.MaxBody)])
	in.At = in.At[:min(len(in.At), 40)]
	in.CopiedFrom = in.CopiedFrom[:min(len(in.CopiedFrom), 40)]
	return in
}

// Back is the history's page with what is being written. Who came from the
// discharge goes back to it after signing.
func Back(stayID string, form *page.Form) string {
	if form.Get("back") == stay.TabDischarge {
		return "/stays/" + stayID + "?back=" + stay.TabDischarge + "#body"
	}
	return "/stays/" + stayID + "#body"
}

// draftPage keeps what is being written. A script sends it while one types
// (quiet=1); without one the page's buttons do: they put a template or the last
// entry into the text, or throw the draft away.
func draftPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, stayID := r.Context(), r.PathValue("id")
	back := Back(stayID, form)
	if form.Get("insert") == "discard" {
		if err := DropDraft(ctx, d, stayID); err != nil {
			return err
		}
		return page.Redirect(w, r, back)
	}
	in, gone := ReadDraft(form), false
	switch insert := form.Get("insert"); {
	case insert == "copy":
		if err := carryForward(ctx, d, stayID, &in); err != nil {
			return err
		}
	case strings.HasPrefix(insert, "template:"):
		err := useTemplate(ctx, d, stayID, &in, strings.TrimPrefix(insert, "template:"))
		if e := fail.As(err); e != nil && e.Key == template.NoneSuch { // a colleague removed it: the text stays
			gone, err = true, nil
		}
		if err != nil {
			return err
		}
	}
	quiet := form.Get("quiet") == "1"
	if err := SaveDraft(ctx, d, stayID, in); err != nil {
		if !quiet && form.Take(err) {
			return again(w, r, d, form, "")
		}
		return err
	}
	if quiet {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if gone {
		page.Notice(w, "card.template.gone_text_kept")
	}
	return page.Redirect(w, r, back)
}

// carryForward puts the last entry of the same kind into the draft.
func carryForward(ctx context.Context, d *desk.Desk, stayID string, in *Draft) error {
	view, err := stay.Read(ctx, d, stayID)
	if err != nil {
		return err
	}
	last, ok, err := lastOf(ctx, d.DB.Read, view.ID, in.Kind)
	if err != nil || !ok {
		return err
	}
	in.Body, in.CopiedFrom = InsertInto(in.Body, last.Body), last.ID
	return nil
}

// useTemplate puts a template into the draft; with an empty draft the entry
// takes the template's kind, too.
func useTemplate(ctx context.Context, d *desk.Desk, stayID string, in *Draft, id string) error {
	view, err := stay.Read(ctx, d, stayID)
	if err != nil {
		return err
	}
	t, err := template.Find(ctx, d, id)
	if err != nil {
		return err
	}
	known := template.Known{Day: strconv.Itoa(view.Day()), Age: view.Patient.Age(ctx, clock.DateOf(view.Now))}
	if known.Diagnosis, err = diagnosisOf(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	last, _, err := observation.Last(ctx, d.DB.Read, view.ID)
	if err != nil {
		return err
	}
	known.Vitals = last.Vitals.Words(ctx)
	if strings.TrimSpace(in.Body) == "" {
		in.Kind = t.Kind
	}
	in.Body = InsertInto(in.Body, template.Fill(t.Body, known))
	return nil
}

func draftWords(ctx context.Context, draft Draft) string {
	return text.T(ctx, "card.history.draft_of", "At", text.Moment(draft.SavedAt))
}
