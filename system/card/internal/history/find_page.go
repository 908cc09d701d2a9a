package history

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"time"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// keptFinds is how long the address of a search shows what was found.
const keptFinds = 24 * time.Hour

// findPage takes what is searched for and leads to the page that shows it. The
// words may tell of an illness: they are kept here and stand in no address, so
// that going back and loading anew work as with any page.
func findPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	view, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	wish := wishFrom(ctx, form)
	if wish.Words = form.Text("words", 100); wish.Words != "" {
		wish.Find = id.New()
		now := d.Clock.Now()
		err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return keepFind(ctx, tx, wish.Find, view.ID, desk.Of(ctx).PIN, wish.Words, now, now.Add(-keptFinds))
		})
		if err != nil {
			return err
		}
	}
	return page.Redirect(w, r, wish.address(view.ID))
}

// address is the page of the stay that shows the wish.
func (wish Wish) address(stayID string) string {
	query := wish.query()
	if !wish.Day.IsZero() {
		query.Set("day", wish.Day.String())
	}
	path := "/stays/" + stayID
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

func (wish Wish) query() url.Values {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("show", wish.Kind)
	if wish.Words != "" {
		set("find", wish.Find)
	}
	if wish.PIN != "" {
		set("by", "me")
	}
	return query
}
