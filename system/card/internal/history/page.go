package history

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// onPage is how many entries a page of a history shows.
const onPage = 20

// Wish is which entries somebody wants to see.
type Wish struct {
	Kind  string // "": all
	PIN   string // of the author; "": anybody
	Words string // that stand in the text, in any order
	Day   clock.Date
	Root  string // an entry to be on the page
	Page  int    // from 1
}

// Part is one page of a history and what is around it.
type Part struct {
	Entries []Entry
	Page    int // from 1
	Pages   int
	Found   int            // entries that fit the wish
	All     int            // entries of the stay
	Kinds   map[string]int // entries by kind, whatever the wish
	Days    []clock.Date   // on which something was written, the newest first
}

// Read gives a page of the history. A day leads to the page that begins with
// its last entry.
func Read(ctx context.Context, q db.Querier, stayID string, wish Wish) (Part, error) {
	all, err := contents(ctx, q, stayID)
	if err != nil {
		return Part{}, err
	}
	part := Part{Page: max(1, wish.Page), All: len(all), Kinds: map[string]int{}}
	for _, l := range all {
		part.Kinds[l.kind]++
		if day := dayOf(l); len(part.Days) == 0 || part.Days[len(part.Days)-1] != day {
			part.Days = append(part.Days, day)
		}
	}
	if all, err = fitting(ctx, q, stayID, all, wish); err != nil {
		return part, err
	}
	part.Found, part.Pages = len(all), max(1, (len(all)+onPage-1)/onPage)
	if !wish.Day.IsZero() {
		first := slices.IndexFunc(all, func(l line) bool { return !wish.Day.Before(dayOf(l)) })
		if first < 0 {
			first = max(0, len(all)-1)
		}
		part.Page = first/onPage + 1
	}
	if i := slices.IndexFunc(all, func(l line) bool { return wish.Root != "" && l.root == wish.Root }); i >= 0 {
		part.Page = i/onPage + 1
	}
	part.Page = min(part.Page, part.Pages)
	var roots []string
	for _, l := range all[(part.Page-1)*onPage : min(part.Page*onPage, len(all))] {
		roots = append(roots, l.root)
	}
	part.Entries, err = entriesOf(ctx, q, stayID, roots)
	return part, err
}

func fitting(ctx context.Context, q db.Querier, stayID string, all []line, wish Wish) ([]line, error) {
	words := strings.Fields(text.Fold(wish.Words))
	var bodies map[string]string
	if len(words) > 0 {
		var err error
		if bodies, err = texts(ctx, q, stayID); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(all, func(l line) bool {
		if wish.Kind != "" && l.kind != wish.Kind || wish.PIN != "" && l.byPIN != wish.PIN {
			return true
		}
		if len(words) == 0 {
			return false
		}
		body := text.Fold(bodies[l.root])
		return slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(body, w) })
	}), nil
}

func dayOf(l line) clock.Date { return clock.DateOf(time.UnixMicro(l.at)) }
