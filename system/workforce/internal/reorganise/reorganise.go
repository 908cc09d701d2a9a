// Package reorganise closes an organisation, or merges it into another: from the
// day on its departments, beds and posts have ended too, so that nobody keeps
// the access that a post there gave.
package reorganise

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/notice"
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
func Close(ctx context.Context, book organisation.Book, tell notice.Tell, c Closing, by change.Actor) error {
	return book.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		number, err := book.Shut(ctx, tx, c.Code, c.Version, c.From, c.Order, c.Successor, by)
		if err != nil {
			return err
		}
		people, err := endPosts(ctx, tx, c.Code, c.From, number, db.Micros(book.Clock.Now()), by.PIN)
		if err != nil {
			return err
		}
		for _, p := range people {
			if err := tell(ctx, tx, p.pin); err != nil {
				return err
			}
			err := change.Add(ctx, tx, book.Clock, change.Change{
				Organisation: c.Code, Object: "post", Action: "post.end", By: by, Subject: p.pin,
				Fields: []change.Field{{Name: "person", Before: p.name, After: p.name}, {Name: "until", After: c.From.String()}},
			})
			if err != nil {
				return err
			}
		}
		return endDepartments(ctx, tx, c.Code, c.From, number)
	})
}

// Cancel takes back the planned version. Where it was the closing, departments,
// beds and posts last again as they did before it was planned.
func Cancel(ctx context.Context, book organisation.Book, tell notice.Tell, code string, version, number int64, by change.Actor) error {
	err := book.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		planned, err := book.Cancel(ctx, tx, code, version, number, by)
		if err != nil || !planned.Shut {
			return err
		}
		people, err := resume(ctx, tx, code, number)
		if err != nil {
			return err
		}
		for _, p := range people {
			if err := tell(ctx, tx, p.pin); err != nil {
				return err
			}
			err := change.Add(ctx, tx, book.Clock, change.Change{
				Organisation: code, Object: "post", Action: "post.resume", By: by, Subject: p.pin,
				Fields: []change.Field{{Name: "person", Before: p.name, After: p.name}, {Name: "until", Before: planned.From.String(), After: p.until}},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if db.Unique(err) { // somebody was given such a post, or opened such a department, meanwhile
		return fail.New(fail.Conflict, "workforce.cancel.in_the_way")
	}
	return err
}
