package bulk

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
)

// place is behind a page of what an export reads.
type place struct {
	Kind  string   `json:"kind"`
	Query int      `json:"query,omitempty"` // of those by which the type is read
	After []string `json:"after,omitempty"` // keys of the last resource; nil: the query has not begun
	End   bool     `json:"end,omitempty"`   // nothing of the type is left
}

// Write writes the export's files, those that are not there yet. Memory is
// bounded by a file and a page.
func (d *Desk) Write(ctx context.Context, exportID string) error {
	e, found, err := d.find(ctx, exportID)
	if err != nil || !found || e.State == "done" || !d.Clock.Now().Before(e.Expires) {
		return err // cancelled, done by somebody else, or for nobody any more
	}
	links := d.links(e.Request)
	w := &writing{Desk: d, export: e, caller: d.API.Machine(e.Request.Client, e.Request.Kinds)}
	moment := d.Clock.Now().Add(-settling)
	late, err := d.API.Late(ctx)
	if err != nil {
		return err
	}
	w.late = late
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := begin(ctx, tx, exportID, db.Micros(moment)); err != nil {
			return err
		}
		w.number, w.behind, err = lastFile(ctx, tx, exportID)
		if err != nil || w.number == 0 {
			return err
		}
		// What a program of another version has written may know no place.
		if w.behind.Kind != deletions && !slices.ContainsFunc(links, func(l gather.Link) bool { return l.Kind == w.behind.Kind }) {
			w.number, w.behind = 0, place{}
			return dropFiles(ctx, tx, exportID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = d.API.Snapshot(ctx, func(ctx context.Context) error {
		switch {
		case w.behind.Kind == deletions:
			links = nil
		case w.number > 0:
			links = links[slices.IndexFunc(links, func(l gather.Link) bool { return l.Kind == w.behind.Kind }):]
		}
		for _, link := range links {
			if err := w.kind(ctx, link); err != nil {
				return err
			}
		}
		return w.deleted(ctx)
	})
	if err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return finish(ctx, tx, exportID) })
}

// writing is an export that is being written.
type writing struct {
	*Desk
	export export
	caller fhir.Caller
	number int   // of the last file
	behind place // where that file ends
	body   bytes.Buffer
	count  int
	late   bool // hospitals' nodes hand over what was written before
}

// deletions stands for the type of files that tell what was deleted.
const deletions = "deleted"

// deleted writes what was deleted since the moment that was asked for: a Bundle a
// line. Nobody's data are in it. Of the card's own records nothing is deleted.
func (w *writing) deleted(ctx context.Context) error {
	r := w.export.Request
	if r.Since.IsZero() {
		return nil
	}
	type request struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	}
	type entry struct {
		Request request `json:"request"`
	}
	behind := place{Kind: deletions}
	if w.behind.Kind == deletions {
		behind = w.behind
	}
	for !behind.End {
		rows, err := w.deletedSince(ctx, r, behind.After)
		if err != nil {
			return err
		}
		behind.End = len(rows) < perPage
		var entries []entry
		for _, row := range rows {
			behind.After = row[:2]
			if r.Group && !slices.Contains(r.Members, row[2]) && (row[0] != "Patient" || !slices.Contains(r.Members, row[1])) {
				continue
			}
			entries = append(entries, entry{request{"DELETE", row[0] + "/" + row[1]}})
		}
		if len(entries) == 0 {
			continue
		}
		line, err := json.Marshal(map[string]any{"resourceType": "Bundle", "type": "transaction", "entry": entries})
		if err != nil {
			return err
		}
		w.body.Write(line)
		w.body.WriteByte('\n')
		w.count++
		if err := w.flush(ctx, behind); err != nil {
			return err
		}
	}
	return nil
}

// kind writes what is left of a type.
func (w *writing) kind(ctx context.Context, link gather.Link) error {
	from := place{Kind: link.Kind}
	if w.behind.Kind == link.Kind {
		from = w.behind
	}
	if from.End {
		return nil
	}
	last := from
	err := w.each(ctx, link, from, func(items []fhir.Item, behind place) error {
		if err := w.caller.Tell(ctx, "fhir.export", items); err != nil {
			return err
		}
		for _, i := range items {
			w.body.Write(i.JSON())
			w.body.WriteByte('\n')
			w.count++
		}
		last = behind
		if w.body.Len() < cmp.Or(w.File, perFile) {
			return nil
		}
		return w.flush(ctx, behind)
	})
	if err != nil {
		return err
	}
	last.End = true
	return w.flush(ctx, last)
}

func (w *writing) flush(ctx context.Context, behind place) error {
	if w.count == 0 {
		return nil
	}
	w.number++
	err := w.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return addFile(ctx, tx, w.export.ID, w.number, behind.Kind, w.count, w.body.Bytes(), behind)
	})
	w.body.Reset()
	w.count = 0
	if err == nil && w.Wrote != nil {
		w.Wrote(w.number)
	}
	return err
}

// each reads the resources of the type page by page, from the place on.
func (w *writing) each(ctx context.Context, link gather.Link, from place, take func(items []fhir.Item, behind place) error) error {
	r := w.export.Request
	queries, err := queriesOf(r, link)
	if err != nil {
		return err
	}
	for at := from.Query; at < len(queries); at++ {
		var after []string
		if at == from.Query {
			after = from.After
		}
		for {
			items, next, err := w.API.FindAll(ctx, link.Kind, queries[at].params, cmp.Or(w.Page, perPage), after)
			if err != nil {
				return err
			}
			if items, err = w.untold(ctx, link.Kind, items, queries[at].before); err != nil {
				return err
			}
			items = slices.DeleteFunc(items, func(i fhir.Item) bool {
				return !r.Since.IsZero() && w.API.Unchanged(i, r.Since, w.late)
			})
			behind := place{Kind: link.Kind, Query: at, After: next}
			if next == nil {
				behind.Query++
			}
			if len(items) > 0 {
				if err := take(items, behind); err != nil {
					return err
				}
			}
			if after = next; next == nil {
				break
			}
		}
	}
	return nil
}
