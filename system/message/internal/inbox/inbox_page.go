package inbox

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
)

// Mount puts the inbox's pages into the mux.
func (b *Box) Mount(mux *http.ServeMux, site *page.Site) {
	site.Handle(mux, "GET /inbox", b.show)
	site.Handle(mux, "GET /inbox.json", b.json)
	site.Handle(mux, "GET /inbox/bot", b.showBot)
	site.Handle(mux, "POST /inbox/bot", b.takeBot)
}

// show has the newest first and loads itself again every few seconds, unless
// the reader asked it to stand still (?still=1).
func (b *Box) show(w http.ResponseWriter, r *http.Request) error {
	items, people, err := b.of(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	still := q.Get("still") == "1"
	if !still {
		w.Header().Set("Refresh", "5") // works without scripts
	}
	return page.Render(w, r, http.StatusOK, inboxPage(view{Items: items, People: people, Person: q.Get("person"), Still: still}))
}

func (b *Box) json(w http.ResponseWriter, r *http.Request) error {
	items, _, err := b.of(r)
	if err != nil {
		return err
	}
	return page.JSON(w, http.StatusOK, items)
}

type view struct {
	Items  []Item
	People []string // names of those who have something
	Person string
	Still  bool
}

// of is the items for the person (name, ПИН or address) asked for.
func (b *Box) of(r *http.Request) (items []Item, people []string, err error) {
	all, err := b.list(r.Context())
	if err != nil {
		return nil, nil, err
	}
	person := r.URL.Query().Get("person")
	seen := map[string]bool{}
	items = []Item{}
	for _, i := range all {
		who := i.Name
		if who == "" {
			who = i.Address
		}
		if !seen[who] {
			seen[who] = true
			people = append(people, who)
		}
		if person == "" || person == who || person == i.PIN || person == i.Address {
			items = append(items, i)
		}
	}
	return items, people, nil
}
