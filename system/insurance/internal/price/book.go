package price

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/procedure"
)

// Source gives the tables known at the moment: a Book, or Tables as they are.
type Source interface {
	Tables(ctx context.Context) (Tables, error)
}

// Tables implements Source.
func (t Tables) Tables(context.Context) (Tables, error) { return t, nil }

// Book is the tables that were imported, then those that came with the program
// or its configuration. On a day that several cover, the imported one with the
// latest first day is in force.
type Book struct {
	DB    *db.DB
	Given Tables

	mu    sync.Mutex
	count int
	all   Tables
}

// Tables implements Source. An import by another process is seen at once.
func (b *Book) Tables(ctx context.Context) (Tables, error) {
	count, err := countTables(ctx, b.DB.Read)
	if err != nil {
		return nil, db.Explain(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all != nil && count == b.count { // tables are only ever added
		return b.all, nil
	}
	imported, err := readTables(ctx, b.DB.Read)
	if err != nil {
		return nil, db.Explain(err)
	}
	slices.SortStableFunc(imported, func(x, y Table) int { return y.From.Start().Compare(x.From.Start()) })
	b.all, b.count = slices.Concat(imported, b.Given), len(imported)
	return b.all, nil
}

// Imported says what became of a file.
type Imported struct {
	Table Table
	Same  bool // it was there already, letter by letter
	Bad   []BadRow
}

// Import adds the table of a CSV file. A table that is there is never changed:
// prices were made by it. The same content again changes nothing.
func Import(ctx context.Context, d *db.DB, now clock.Clock, in io.Reader, file string) (Imported, error) {
	t, bad, err := ReadCSV(in)
	result := Imported{Table: t, Bad: bad}
	if err != nil {
		return result, err
	}
	if len(bad) > 0 {
		return result, fmt.Errorf("a table is taken whole or not at all: %d rows cannot be read", len(bad))
	}
	if err := knownOperations(ctx, d, now, t); err != nil {
		return result, err
	}
	content, err := json.Marshal(t)
	if err != nil {
		return result, err
	}
	err = d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		known, there, err := contentOf(ctx, tx, t.ID)
		switch {
		case err != nil:
			return err
		case there && known == string(content):
			result.Same = true
			return nil
		case there:
			return fmt.Errorf("table %s is there with another content: prices were made by it, give the new one an id of its own", t.ID)
		}
		return insertTable(ctx, tx, t, string(content), file, now.Now())
	})
	return result, err
}

// knownOperations refuses a table with a group for an operation that the table of
// operations does not have on its first day, today for one that is only for
// comparing: no case would fall under it. Without a table of operations nothing is
// refused.
func knownOperations(ctx context.Context, d *db.DB, now clock.Clock, t Table) error {
	book, day := procedure.NewBook(d), t.From
	if t.Trial {
		day = clock.DateOf(now.Now())
	}
	edition, err := book.Edition(ctx)
	if err != nil || edition == 0 {
		return err
	}
	valid, err := book.Codes(ctx, day)
	if err != nil {
		return err
	}
	for _, g := range t.Groups {
		for _, of := range g.Operations {
			if !slices.ContainsFunc(valid, func(c procedure.Code) bool { return procedure.Under(c.Code, of) }) {
				return fmt.Errorf("group %s: operation %s is not in the table of operations on %s", g.Code, of, day)
			}
		}
	}
	return nil
}
