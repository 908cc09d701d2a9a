package reorganise

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

// offered is how many organisations are suggested at once.
const offered = 20

// successors are those that may take the organisation over and fit the words: open
// today, of its kind, and another than itself. A few at most.
func (p Pages) successors(ctx context.Context, o organisation.Organisation, words string) ([]organisation.Organisation, error) {
	return p.Book.Find(ctx, organisation.Search{Text: words, Kind: o.Kind, State: "open", Not: o.Code, On: p.Book.Today()}, offered)
}

func label(ctx context.Context, o organisation.Organisation) string {
	return o.Code + " · " + o.ShortName.Here(ctx)
}

// suggest is POST /organisations/{code}/close/successors, for design.Combobox.
func (p Pages) suggest(w http.ResponseWriter, r *http.Request) error {
	type suggestion struct {
		Value string `json:"value"`
		Label string `json:"label"`
		Hint  string `json:"hint"`
	}
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	answer := []suggestion{}
	if words := form.Text("words", 100); words != "" {
		o, err := organisation.Find(ctx, p.Book.DB.Read, r.PathValue("code"), p.Book.Today())
		if err != nil {
			return err
		}
		found, err := p.successors(ctx, o, words)
		if err != nil {
			return err
		}
		for _, each := range found {
			answer = append(answer, suggestion{each.Code, label(ctx, each), each.Address})
		}
	}
	return page.JSON(w, http.StatusOK, answer)
}

// successor is the code of the organisation that was chosen, "" when the field was
// left empty. Words that were typed and not chosen are looked up: of the one that
// they mean the reader is asked whether it is meant, since a closing is not undone
// once its day has come.
func (p Pages) successor(ctx context.Context, o organisation.Organisation, form *page.Form) (string, error) {
	words, code := form.Text("successor_text", 200), form.Text("successor", 6)
	if words == "" {
		form.Set("successor", "")
		return "", nil
	}
	if code != "" {
		found, err := p.successors(ctx, o, code)
		if err != nil {
			return "", err
		}
		for _, each := range found {
			for _, l := range text.Langs {
				if each.Code == code && words == each.Code+" · "+each.ShortName.In(l) {
					form.Set("successor_text", label(ctx, each))
					return code, nil
				}
			}
		}
	}
	form.Set("successor", "")
	found, err := p.successors(ctx, o, words)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		form.Fail("successor", "workforce.close.successor_which")
		return "", nil
	}
	form.Set("successor", found[0].Code)
	form.Set("successor_text", label(ctx, found[0]))
	form.Fail("successor", "workforce.close.successor_check")
	return "", nil
}
