package history

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

const entryColumns = `id, kind, root, version, reason, body, at, by_pin, by_name, by_role, signed_at, copied_from, copied_lines`

// insertEntry says whether the entry is new.
func insertEntry(ctx context.Context, tx db.Querier, stayID string, e Entry) (bool, error) {
	lines := make([]string, len(e.CopiedLines))
	for i, n := range e.CopiedLines {
		lines[i] = strconv.Itoa(n)
	}
	return db.ChangedOne(ctx, tx, `INSERT INTO entry (stay_id, `+entryColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (id) DO NOTHING`,
		stayID, e.ID, e.Kind, e.Root, e.Version, e.Reason, e.Body, db.Micros(e.At), e.ByPIN, e.ByName, e.ByRole, db.Micros(e.SignedAt),
		e.CopiedFrom, strings.Join(lines, " "))
}

// Entries of the stay by the moment they tell of, the newest first, each with
// its former versions.
func Entries(ctx context.Context, q db.Querier, stayID string) ([]Entry, error) {
	return entries(ctx, q, ` WHERE stay_id = $1 AND signed_at <> 0 ORDER BY version DESC`, stayID)
}

// entriesOf are those of the roots, in no order, each with its former versions.
func entriesOf(ctx context.Context, q db.Querier, stayID string, roots []string) ([]Entry, error) {
	if len(roots) == 0 {
		return nil, nil
	}
	args := []any{stayID}
	marks := make([]string, len(roots))
	for i, root := range roots {
		args = append(args, root)
		marks[i] = "$" + strconv.Itoa(i+2)
	}
	return entries(ctx, q, ` WHERE stay_id = $1 AND signed_at <> 0 AND root IN (`+strings.Join(marks, ", ")+`) ORDER BY version DESC`, args...)
}

// FindEntry is the entry in its last version, with the former ones.
func FindEntry(ctx context.Context, q db.Querier, stayID, root string) (Entry, error) {
	found, err := entries(ctx, q, ` WHERE stay_id = $1 AND root = $2 AND signed_at <> 0 ORDER BY version DESC`, stayID, root)
	if err != nil {
		return Entry{}, err
	}
	if len(found) == 0 {
		return Entry{}, fail.New(fail.NotFound, "card.history.no_entry")
	}
	return found[0], nil
}

func entries(ctx context.Context, q db.Querier, where string, args ...any) ([]Entry, error) {
	var all []Entry
	place := map[string]int{}
	for row, err := range db.Rows(ctx, q, `SELECT `+entryColumns+` FROM entry`+where, args...) {
		if err != nil {
			return nil, err
		}
		e, err := scanEntry(row)
		if err != nil {
			return nil, err
		}
		if i, ok := place[e.Root]; ok {
			all[i].Former = append(all[i].Former, e)
			continue
		}
		place[e.Root] = len(all)
		all = append(all, e)
	}
	newestFirst(all)
	return all, nil
}

// findVersion is one signed version of an entry of the stay.
func findVersion(ctx context.Context, q db.Querier, stayID, id string) (Entry, error) {
	e, err := scanEntry(q.QueryRowContext(ctx, `SELECT `+entryColumns+` FROM entry WHERE stay_id = $1 AND id = $2 AND signed_at <> 0`, stayID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return e, fail.New(fail.NotFound, "card.history.no_entry")
	}
	return e, db.Explain(err)
}

// lastOf is the newest entry of the kind in its last version; ok is false when
// there is none.
func lastOf(ctx context.Context, q db.Querier, stayID, kind string) (Entry, bool, error) {
	e, err := scanEntry(q.QueryRowContext(ctx, `SELECT `+entryColumns+` FROM entry e WHERE stay_id = $1 AND kind = $2 AND signed_at <> 0
		AND NOT EXISTS (SELECT 1 FROM entry newer WHERE newer.root = e.root AND newer.version > e.version)
		ORDER BY at DESC, root DESC LIMIT 1`, stayID, kind))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, db.Explain(err)
}

// line of the table of contents: an entry in its last version without its text.
type line struct {
	root, kind, byPIN string
	at                int64
}

// contents is every entry of the stay, the newest first, without the texts.
func contents(ctx context.Context, d *db.DB, stayID string) ([]line, error) {
	var all []line
	err := d.Ask(ctx, db.Question{
		Query: `SELECT root, kind, by_pin, at FROM entry e WHERE stay_id = $1 AND signed_at <> 0
			AND NOT EXISTS (SELECT 1 FROM entry newer WHERE newer.root = e.root AND newer.version > e.version)
			ORDER BY at DESC, root DESC`,
		Args: []any{stayID},
		Each: func(row db.Row) error {
			var l line
			err := row.Scan(&l.root, &l.kind, &l.byPIN, &l.at)
			all = append(all, l)
			return err
		},
	})
	return all, err
}

// heapsQuestion counts the versions of the stay's entries, the newest day first.
func heapsQuestion(stayID string, each func(heap)) db.Question {
	return db.Question{
		Query: `SELECT kind, by_pin, (at + $2) / $3 AS day, COUNT(*), MAX(version) FROM entry WHERE stay_id = $1 AND signed_at <> 0
			GROUP BY kind, by_pin, (at + $2) / $3 ORDER BY 3 DESC, 1, 2`,
		Args: []any{stayID, shifted(time.Now()), dayMicros},
		Each: func(row db.Row) error {
			var h heap
			err := row.Scan(&h.kind, &h.byPIN, &h.day, &h.count, &h.version)
			each(h)
			return err
		},
	}
}

// pageQuestion reads the page of the stay's entries, the newest first, of a history
// in which nothing was corrected.
func pageQuestion(stayID string, wish Wish, page int, each func(Entry)) db.Question {
	return db.Question{
		Query: `SELECT ` + entryColumns + ` FROM entry WHERE stay_id = $1 AND signed_at <> 0
			AND ($2 = '' OR kind = $2) AND ($3 = '' OR by_pin = $3) ORDER BY at DESC, root DESC LIMIT $4 OFFSET $5`,
		Args: []any{stayID, wish.Kind, wish.PIN, int64(onPage), int64(page-1) * onPage},
		Each: func(row db.Row) error {
			e, err := scanEntry(row)
			each(e)
			return err
		},
	}
}

// texts are the last versions' texts of the stay by root, for a search in them.
func texts(ctx context.Context, q db.Querier, stayID string) (map[string]string, error) {
	found := map[string]string{}
	for row, err := range db.Rows(ctx, q, `SELECT root, body FROM entry WHERE stay_id = $1 AND signed_at <> 0 ORDER BY version`, stayID) {
		if err != nil {
			return nil, err
		}
		var root, body string
		if err := row.Scan(&root, &body); err != nil {
			return nil, err
		}
		found[root] = body
	}
	return found, nil
}

// diagnosisOf is the main diagnosis of the stay in its newest stage: code and
// words; "" for none.
func diagnosisOf(ctx context.Context, q db.Querier, stayID string) (string, error) {
	var code, words string
	err := q.QueryRowContext(ctx, `SELECT code, text FROM diagnosis WHERE stay_id = $1 AND rank = 'main' AND ended_at = 0
		ORDER BY CASE stage WHEN 'final' THEN 0 WHEN 'clinical' THEN 1 WHEN 'admission' THEN 2 ELSE 3 END LIMIT 1`, stayID).Scan(&code, &words)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return strings.TrimSpace(code + " " + words), db.Explain(err)
}

func scanEntry(row db.Row) (Entry, error) {
	var e Entry
	var at, signed int64
	var lines string
	err := row.Scan(&e.ID, &e.Kind, &e.Root, &e.Version, &e.Reason, &e.Body, &at, &e.ByPIN, &e.ByName, &e.ByRole, &signed, &e.CopiedFrom, &lines)
	e.At, e.SignedAt = db.Time(at), db.Time(signed)
	for n := range strings.FieldsSeq(lines) {
		if i, err := strconv.Atoi(n); err == nil {
			e.CopiedLines = append(e.CopiedLines, i)
		}
	}
	return e, err
}
