package catalogue

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
)

// maxQuery bounds a search, in characters.
const maxQuery = 100

// Mount puts the catalogue's pages into the portal.
func Mount(c *cabinet.Cabinet) {
	c.Public("GET /{$}", home)
	c.Public("GET /services.json", suggest)
	c.Public("GET /services/{id}", card)
}

// home shows the catalogue, or what was found in it. A suggestion that was
// chosen leads to its service at once.
func home(w http.ResponseWriter, r *http.Request) error {
	form := page.QueryForm(r)
	if s, ok := Find(form.Get("service")); ok && form.Get("service_text") == s.Title.Here(r.Context()) {
		return page.Redirect(w, r, "/services/"+s.ID)
	}
	query := form.Text("service_text", maxQuery)
	return page.Render(w, r, http.StatusOK, homePage(query, Search(query)))
}

type suggestion struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Hint  string `json:"hint"`
}

func suggest(w http.ResponseWriter, r *http.Request) error {
	all := []suggestion{}
	for _, s := range Search(page.QueryForm(r).Text("q", maxQuery)) {
		all = append(all, suggestion{s.ID, s.Title.Here(r.Context()), s.Provider.Here(r.Context())})
	}
	return page.JSON(w, http.StatusOK, all)
}

func card(w http.ResponseWriter, r *http.Request) error {
	s, ok := Find(r.PathValue("id"))
	if !ok {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return page.Render(w, r, http.StatusOK, cardPage(s))
}

func inCategory(services []Service, category string) []Service {
	var all []Service
	for _, s := range services {
		if s.Category == category {
			all = append(all, s)
		}
	}
	return all
}

// kind is the type of the service in words.
func kind(ctx context.Context, s Service) string {
	if s.Executed() {
		return text.T(ctx, "portal.service.executed")
	}
	return text.T(ctx, "portal.service.automated")
}

// term is how soon the service is answered.
func term(ctx context.Context, s Service) string {
	if s.Executed() {
		return text.T(ctx, "portal.service.days", "Count", s.Days)
	}
	return text.T(ctx, "portal.service.at_once")
}
