package mailbox

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/signin"
)

// Mount puts the pages into the mux.
func (p *Pages) Mount(mux *http.ServeMux, site *page.Site, client *signin.Client) {
	site.Handle(mux, "GET /{$}", p.home)
	site.Handle(mux, "GET /messages/{id}", client.Require(p.letter))
}

// Unread is for the navigation.
func (p *Pages) Unread(ctx context.Context, pin string) (int, error) {
	return unread(ctx, p.DB.Read, pin)
}

// home is the mailbox, or what it is for those who are not signed in.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	s, ok, err := p.Sessions.Of(r)
	if err != nil {
		return err
	}
	if !ok {
		return page.Render(w, r, http.StatusOK, welcomePage(p.Demo))
	}
	number, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || number < 1 || number > 10_000 {
		number = 1
	}
	letters, more, err := list(r.Context(), p.DB.Read, s.PIN, number)
	if err != nil {
		return err
	}
	var newer, older string
	if number > 1 {
		newer = pageAddress(number - 1)
	}
	if more {
		older = pageAddress(number + 1)
	}
	return page.Render(w, r, http.StatusOK, listPage(letters, newer, older))
}

func pageAddress(n int) string {
	if n == 1 {
		return "/"
	}
	return "/?" + url.Values{"page": {strconv.Itoa(n)}}.Encode()
}

func (p *Pages) letter(w http.ResponseWriter, r *http.Request) error {
	s, _, err := p.Sessions.Of(r)
	if err != nil {
		return err
	}
	if uuid.Validate(r.PathValue("id")) != nil {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	l, err := find(r.Context(), p.DB.Read, s.PIN, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !l.Read {
		if err := markRead(r.Context(), p.DB, l.ID, p.Clock.Now()); err != nil {
			return err
		}
	}
	return page.Render(w, r, http.StatusOK, letterPage(l))
}
