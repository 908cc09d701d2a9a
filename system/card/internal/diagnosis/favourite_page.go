package diagnosis

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// suggested is what design.Combobox reads.
type suggested struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Hint  string `json:"hint,omitempty"`
}

// suggestPage answers POST /icd/search for design.Combobox.
func suggestPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	query := []rune(page.Clean(form.Get("words")))
	found, err := Suggest(ctx, d, d.ICD, string(query[:min(len(query), 200)]))
	if err != nil {
		return err
	}
	answer := make([]suggested, 0, len(found))
	for _, s := range found {
		each := suggested{Value: s.Code.Code, Label: s.Label()}
		switch {
		case s.Favourite:
			each.Hint = text.T(ctx, "card.diagnosis.favourite")
		case s.Usual:
			each.Hint = text.T(ctx, "card.diagnosis.usual")
		}
		answer = append(answer, each)
	}
	return page.JSON(w, http.StatusOK, answer)
}

// favourPage marks a code, or takes the mark back.
func favourPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := Favour(r.Context(), d, d.ICD, form.Text("code", 16), form.Get("favourite") == "1"); err != nil {
		return err
	}
	return page.Redirect(w, r, "/stays/"+r.PathValue("id")+"/diagnoses?stage="+form.Choice("stage", Stages...))
}
