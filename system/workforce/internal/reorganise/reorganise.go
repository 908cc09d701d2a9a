// Package reorganise closes an organisation, or merges it into another: from the
// day on its departments, beds and posts have ended too, so that nobody keeps
// the access that a post there gave.
package reorganise

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
)

// Closing is what is to be done. Successor is the code of the organisation that
// takes it over, "" for none.
type Closing struct {
	Code      string
	Version   int64 // that was read
	From      clock.Date
	Order     organisation.Order
	Successor string
}

// Close closes the organisation. Posts, departments and beds that would last
// longer end on the day; each person's record says so.
func Close(ctx context.Context, book organisation.Book, c Closing, by change.Actor) error {
	return book.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := book.Shut(ctx, tx, c.Code, c.Version, c.From, c.Order, c.Successor, by); err != nil {
			return err
		}
		people, err := endPosts(ctx, tx, c.Code, c.From, db.Micros(book.Clock.Now()), by.PIN)
		if err != nil {
			return err
		}
		for _, p := range people {
			err := change.Add(ctx, tx, book.Clock, change.Change{
				Organisation: c.Code, Object: "post", Action: "post.end", By: by, Subject: p.pin,
				Fields: []change.Field{{Name: "person", Before: p.name, After: p.name}, {Name: "until", After: c.From.String()}},
			})
			if err != nil {
				return err
			}
		}
		return endDepartments(ctx, tx, c.Code, c.From)
	})
}
