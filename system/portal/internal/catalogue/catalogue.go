// Package catalogue is what the portal offers (PT-1). It lists only services
// that can be had: ordered by an application, or opened at once.
package catalogue

import (
	_ "embed" // the services
	"encoding/json"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
)

// Service is one service; all are free so far. An automated one is answered from
// the provider's database at once, a semi-automated one by its executor.
type Service struct {
	ID          string     `json:"id"`
	Category    string     `json:"category"` // "health": name by portal.category.*
	Title       text.Words `json:"title"`
	Description text.Words `json:"description"`
	Keywords    text.Words `json:"keywords"` // searched, not shown
	Provider    text.Words `json:"provider"`
	// Signature is how the person signs the application (PT-5): Simple, or "" for
	// one that takes effect without.
	Signature string `json:"signature"`
	// Days is how many working days the executor has; 0 for an automated service.
	Days int `json:"days"`
	// Page is the address of what the service shows at once; "" of one for which
	// an application is made.
	Page   string `json:"page"`
	folded string
}

// Ids of the services.
const (
	DischargeSummary = "discharge-summary"
	PersonData       = "person-data"
	DataCorrection   = "data-correction"
)

// Simple is the simple electronic signature: an authenticated act in ЕСИ (SG-1).
const Simple = "simple"

// Executed says that people answer, not a database.
func (s Service) Executed() bool { return s.Days > 0 }

//go:embed services.json
var file []byte

// All is the catalogue in the order in which it is shown.
var All = read(file)

func read(data []byte) []Service {
	var all []Service
	if err := json.Unmarshal(data, &all); err != nil {
		panic(err) // embedded: a test has read it before
	}
	for i, s := range all {
		var words []string
		for _, w := range []text.Words{s.Title, s.Description, s.Keywords, s.Provider} {
			words = append(words, w.KY, w.RU, w.EN)
		}
		all[i].folded = text.Fold(strings.Join(words, "\n"))
	}
	return all
}

// Ordered is the service of the id if an application is made for it.
func Ordered(id string) (Service, bool) {
	s, ok := Find(id)
	return s, ok && s.Page == ""
}

// Find is the service of the id.
func Find(id string) (Service, bool) {
	i := slices.IndexFunc(All, func(s Service) bool { return s.ID == id })
	if i < 0 {
		return Service{}, false
	}
	return All[i], true
}

// Search finds the services in which every word of the query stands, whole or
// in part, in any of the languages. An empty query finds everything.
func Search(query string) []Service {
	var found []Service
	words := strings.Fields(text.Fold(query))
	for _, s := range All {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(s.folded, w) }) {
			found = append(found, s)
		}
	}
	return found
}

// Categories are those of the services, in their order.
func Categories(services []Service) []string {
	// text: portal.category.*
	var all []string
	for _, s := range services {
		if !slices.Contains(all, s.Category) {
			all = append(all, s.Category)
		}
	}
	return all
}
