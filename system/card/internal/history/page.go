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
	Find  string // id of the search under which the words are kept
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
// its last entry. The questions beside are asked along with its own.
func Read(ctx context.Context, d *db.DB, stayID string, wish Wish, beside ...db.Question) (Part, error) {
	if wish.Words == "" && wish.Root == "" && wish.Day.IsZero() {
		part, ok, err := turned(ctx, d, stayID, wish, beside)
		if ok || err != nil {
			return part, err
		}
	} else if len(beside) > 0 {
		if err := d.Ask(ctx, beside...); err != nil {
			return Part{}, err
		}
	}
	return sought(ctx, d, stayID, wish)
}

// turned is a page by its number alone: the entries of the stay are counted by the
// database, and only those of the page are read. ok is false when there is no such
// page, when an entry was corrected, which the pages must not show twice, or when
// the day began at another hour then.
func turned(ctx context.Context, d *db.DB, stayID string, wish Wish, beside []db.Question) (part Part, ok bool, err error) {
	part = Part{Page: max(1, wish.Page), Kinds: map[string]int{}}
	ok = true
	err = d.Ask(ctx, append([]db.Question{
		heapsQuestion(stayID, func(h heap) {
			day, same := h.date()
			ok = ok && same && h.version == 1
			part.All += h.count
			part.Kinds[h.kind] += h.count
			if (wish.Kind == "" || wish.Kind == h.kind) && (wish.PIN == "" || wish.PIN == h.byPIN) {
				part.Found += h.count
			}
			if len(part.Days) == 0 || part.Days[len(part.Days)-1] != day {
				part.Days = append(part.Days, day)
			}
		}),
		pageQuestion(stayID, wish, part.Page, func(e Entry) { part.Entries = append(part.Entries, e) }),
	}, beside...)...)
	part.Pages = max(1, (part.Found+onPage-1)/onPage)
	return part, ok && err == nil && part.Page <= part.Pages, err
}

// heap is how many entries of a kind an author has written on a day.
type heap struct {
	kind, byPIN    string
	day            int64 // since 1970, by the hour that is in force now
	count, version int   // version is the highest among them
}

const dayMicros = int64(24 * time.Hour / time.Microsecond)

// shifted is by how much the day begins earlier here than in UTC, in microseconds.
func shifted(at time.Time) int64 {
	_, seconds := at.In(clock.Bishkek).Zone()
	return int64(seconds) * int64(time.Second/time.Microsecond)
}

// date is the day; same is false when it began at another hour then, as before
// 2005, when the country changed to summer time.
func (h heap) date() (day clock.Date, same bool) {
	begins := time.UnixMicro(h.day*dayMicros - shifted(time.Now()))
	now := shifted(time.Now())
	return clock.DateOf(begins), shifted(begins) == now && shifted(begins.Add(24*time.Hour)) == now
}

// sought is the page on which the wish leads.
func sought(ctx context.Context, d *db.DB, stayID string, wish Wish) (Part, error) {
	all, err := contents(ctx, d, stayID)
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
	if all, err = fitting(ctx, d.Read, stayID, all, wish); err != nil {
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
	part.Entries, err = entriesOf(ctx, d.Read, stayID, roots)
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
