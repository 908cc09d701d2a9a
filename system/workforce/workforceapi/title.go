package workforceapi

import (
	"context"
	_ "embed"
	"encoding/json"
	"slices"

	"github.com/sanarip/sanarip/kit/text"
)

// Title is what a post is called and what it entitles to.
type Title struct {
	Code       string     `json:"code"`
	Role       Role       `json:"role"`
	Kind       string     `json:"kind"`       // of organisation in which it exists; those of hospitals exist in outpatient ones too
	Department bool       `json:"department"` // held in a department, not in the whole organisation
	Name       text.Words `json:"name"`
}

//go:embed titles.json
var titlesJSON []byte

// Titles is the list of titles, in the order in which they are offered.
var Titles = func() []Title {
	var list []Title
	if err := json.Unmarshal(titlesJSON, &list); err != nil {
		panic(err) // embedded: a test reads it first
	}
	return list
}()

// TitleOf finds a title; false when there is none of the code.
func TitleOf(code string) (Title, bool) {
	i := slices.IndexFunc(Titles, func(t Title) bool { return t.Code == code })
	if i < 0 {
		return Title{}, false
	}
	return Titles[i], true
}

// TitleHere is a title in the reader's language. What was signed and who looked keeps it
// as it was then, in Russian; one that the list does not know stays so.
func TitleHere(ctx context.Context, kept string) string {
	i := slices.IndexFunc(Titles, func(t Title) bool { return t.Name.RU == kept })
	if i < 0 {
		return kept
	}
	return Titles[i].Name.Here(ctx)
}

// In says whether the title exists in organisations of the kind.
func (t Title) In(kind string) bool {
	return t.Kind == kind || (t.Kind == "hospital" && kind == "outpatient")
}
