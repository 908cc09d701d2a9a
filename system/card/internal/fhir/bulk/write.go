package bulk

import (
	"bytes"
	"context"
	"database/sql"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
)

// Write writes the export's files. Memory is bounded by a file and a page.
func (d *Desk) Write(ctx context.Context, exportID string) error {
	e, found, err := d.find(ctx, exportID)
	if err != nil || !found || e.State != "waiting" {
		return err // cancelled, or done by somebody else
	}
	if err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return dropFiles(ctx, tx, exportID) }); err != nil {
		return err
	}
	moment, number := d.Clock.Now(), 0
	caller := d.API.Machine(e.Request.Client, e.Request.Kinds)
	err = d.API.Snapshot(ctx, func(ctx context.Context) error {
		for _, link := range d.links(e.Request) {
			var body bytes.Buffer
			count := 0
			flush := func() error {
				if count == 0 {
					return nil
				}
				number++
				err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
					return addFile(ctx, tx, exportID, number, link.Kind, count, body.Bytes())
				})
				body.Reset()
				count = 0
				return err
			}
			err := d.each(ctx, e.Request, link.Kind, link.Param, func(items []fhir.Item) error {
				if err := caller.Tell(ctx, "fhir.export", items); err != nil {
					return err
				}
				for _, i := range items {
					body.Write(i.JSON())
					body.WriteByte('\n')
					count++
				}
				if body.Len() < perFile {
					return nil
				}
				return flush()
			})
			if err != nil {
				return err
			}
			if err := flush(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return finish(ctx, tx, exportID, db.Micros(moment)) })
}

// each reads the resources of the type page by page.
func (d *Desk) each(ctx context.Context, r Request, kind, param string, take func([]fhir.Item) error) error {
	queries := []url.Values{{}}
	if r.Group {
		queries = nil
		for chunk := range slices.Chunk(r.Members, 50) {
			queries = append(queries, url.Values{param: {strings.Join(chunk, ",")}})
		}
	}
	for _, query := range queries {
		var after []string
		for {
			items, next, err := d.API.FindAll(ctx, kind, query, perPage, after)
			if err != nil {
				return err
			}
			items = slices.DeleteFunc(items, func(i fhir.Item) bool {
				return !r.Since.IsZero() && !i.Updated().IsZero() && i.Updated().Before(r.Since)
			})
			if len(items) > 0 {
				if err := take(items); err != nil {
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
