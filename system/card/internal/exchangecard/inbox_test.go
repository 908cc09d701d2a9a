package exchangecard

import (
	"context"
	"database/sql"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/migration"
)

// The inbox of tear-offs gives each once, page by page, those that nobody has read
// first; also when one is read between two pages, and many came at once.
func TestTheInboxIsReadByPages(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, now := cardtest.Desk(t, store, n)
		const unread, read = 120, 110
		tx := func(do func(ctx context.Context, tx *sql.Tx) error) {
			t.Helper()
			if err := d.DB.Tx(t.Context(), do); err != nil {
				t.Fatal(err)
			}
		}
		tx(func(ctx context.Context, tx *sql.Tx) error {
			for i := range unread + read {
				for version := 1; version <= 1+i%2; version++ { // every other was corrected
					off := cardapi.TearOff{
						Root: fmt.Sprintf("root-%03d", i), Version: version, Kind: cardapi.TearOffMother, To: cardtest.Hospital, From: "950501",
						Mother: cardapi.Mother{PIN: "10101199500012", Name: "Садыкова Нургүл"},
					}
					if _, _, err := keepTearOff(ctx, tx, off, now.Now().Add(-time.Duration(i/4)*time.Hour)); err != nil {
						return err
					}
					if i >= unread {
						if _, err := markRead(ctx, tx, cardtest.Hospital, off.Root, version, "1", "Врач", now.Now()); err != nil {
							return err
						}
					}
				}
			}
			return nil
		})
		seen, after, pages := map[string]int{}, "", 0
		for more := true; more; more = after != "" {
			all, next, err := inbox(t.Context(), d.DB.Read, cardtest.Hospital, after)
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range all {
				seen[a.Root]++
				if a.Version != 1+int(a.Root[len(a.Root)-1]-'0')%2 {
					t.Errorf("%s in version %d", a.Root, a.Version)
				}
				if i > 0 && !all[i-1].ReadAt.IsZero() && a.ReadAt.IsZero() {
					t.Error("one that nobody has read stands behind one that was")
				}
			}
			if after = next; pages == 0 { // the last that was shown is read
				last := all[len(all)-1]
				tx(func(ctx context.Context, tx *sql.Tx) error {
					_, err := markRead(ctx, tx, cardtest.Hospital, last.Root, last.Version, "1", "Врач", now.Now())
					return err
				})
				seen[last.Root]-- // it stands among those that were read as well
			}
			pages++
		}
		if len(seen) != unread+read || pages != 5 {
			t.Errorf("%d of %d on %d pages", len(seen), unread+read, pages)
		}
		for root, times := range seen {
			if times != 1 {
				t.Errorf("%s stands there %d times", root, times)
			}
		}
		for after, want := range map[string]string{"": `rel="next"`, "read.root-200": `rel="prev"`, "nothing": `rel="next"`} {
			r := httptest.NewRequestWithContext(n.As(t.Context(), 0), "GET", "/tear-offs?after="+after, nil)
			w := httptest.NewRecorder()
			if err := inboxPage(w, r, d); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("after %q there is no %s", after, want)
			}
		}
	})
}

// A page of the inbox reads what it shows: along an index, however much there is.
func TestTheInboxGoesByIndex(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		for _, part := range []string{partUnread, partRead} {
			for _, at := range []int64{0, 5} {
				query, args := inboxQuery(cardtest.Hospital, part, "r", at, pageSize+1)
				steps := dbtest.Plan(t, store, `SELECT i.content FROM tear_off_inbox i `+query, args...)
				if steps.Whole() || steps.Sorts() {
					t.Errorf("%s behind %d:\n%s", part, at, steps)
				}
			}
		}
	})
}
