package icd

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
)

// suggestion is what design.Combobox reads.
type suggestion struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// SearchPage answers GET /icd/search?q=… for design.Combobox.
func (b *Book) SearchPage(w http.ResponseWriter, r *http.Request) error {
	query := []rune(page.Clean(r.URL.Query().Get("q")))
	found, err := b.Search(r.Context(), string(query[:min(len(query), 200)]))
	if err != nil {
		return err
	}
	answer := make([]suggestion, 0, len(found))
	for _, c := range found {
		answer = append(answer, suggestion{Value: c.Code, Label: c.Label()})
	}
	return page.JSON(w, http.StatusOK, answer)
}
