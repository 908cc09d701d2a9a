package diagnosis

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Bounds of what is suggested before anything is typed.
const (
	mostFavourites = 30
	mostUsual      = 10
	usualFor       = 180 * 24 * time.Hour
	mostSuggested  = 20
)

// Suggestion is a code that a doctor may mean.
type Suggestion struct {
	icd.Code
	Favourite bool // marked by the doctor
	Usual     bool // among what they write most
}

// Suggest finds codes by the query; the doctor's own come first among what fits.
// Without a query it gives the doctor's own alone.
func Suggest(ctx context.Context, d *desk.Desk, book *icd.Book, query string) ([]Suggestion, error) {
	pin := desk.Of(ctx).PIN
	marked, err := favourites(ctx, d.DB.Read, pin)
	if err != nil {
		return nil, err
	}
	often, err := usual(ctx, d.DB.Read, pin, d.Clock.Now().Add(-usualFor))
	if err != nil {
		return nil, err
	}
	var found []icd.Code
	if query == "" {
		found, err = own(ctx, book, marked, often)
	} else {
		found, err = book.Search(ctx, query)
	}
	if err != nil {
		return nil, err
	}
	all := make([]Suggestion, len(found))
	for i, c := range found {
		all[i] = Suggestion{c, slices.Contains(marked, c.Code), slices.Contains(often, c.Code)}
	}
	slices.SortStableFunc(all, func(a, b Suggestion) int { return b.weight() - a.weight() })
	return all[:min(len(all), mostSuggested)], nil
}

func (s Suggestion) weight() int {
	switch {
	case s.Favourite:
		return 2
	case s.Usual:
		return 1
	}
	return 0
}

// own are the codes of the lists that can still be written.
func own(ctx context.Context, book *icd.Book, lists ...[]string) ([]icd.Code, error) {
	var all []icd.Code
	for _, code := range slices.Concat(lists...) {
		if slices.ContainsFunc(all, func(c icd.Code) bool { return c.Code == code }) {
			continue
		}
		c, ok, err := book.Find(ctx, code)
		if err != nil {
			return nil, err
		}
		if ok && c.Usable {
			all = append(all, c)
		}
	}
	return all, nil
}

// Favour makes the code one of the doctor's favourites, or no longer. Doing it
// again changes nothing.
func Favour(ctx context.Context, d *desk.Desk, book *icd.Book, code string, favourite bool) error {
	c, ok, err := book.Find(ctx, code)
	if err != nil {
		return err
	}
	if !ok || favourite && !c.Usable {
		return fail.New(fail.NotFound, "kit.icd.choose")
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if !favourite {
			return unmark(ctx, tx, desk.Of(ctx).PIN, c.Code)
		}
		room, err := mark(ctx, tx, desk.Of(ctx).PIN, c.Code, d.Clock.Now())
		if err == nil && !room {
			return fail.New(fail.Conflict, "card.diagnosis.favourites_full", "Most", mostFavourites)
		}
		return err
	})
}
