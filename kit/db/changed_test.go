package db_test

import (
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
)

// A statement tells how many rows it changed, one about a row whether it was there;
// what the database refuses is an error, and nothing was changed.
func TestAStatementTellsWhatItChanged(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		threeThings(t, d)
		ctx := t.Context()
		if n, err := db.Changed(ctx, d.Single(), `UPDATE thing SET number = number + 1 WHERE number > $1`, 10); err != nil || n != 2 {
			t.Errorf("two larger than ten: %d %v", n, err)
		}
		for number, want := range map[int]bool{10: true, 11: false} {
			if got, err := db.ChangedOne(ctx, d.Single(), `UPDATE thing SET number = $1 WHERE number = $1 AND id = 'a'`, number); err != nil || got != want {
				t.Errorf("a thing of number %d: %t %v, want %t", number, got, err, want)
			}
		}
		const insert = `INSERT INTO thing (id, number) VALUES ($1, $2)`
		if got, err := db.ChangedOne(ctx, d.Single(), insert+` ON CONFLICT DO NOTHING`, "a", 40); err != nil || got {
			t.Errorf("one that gives way: %t %v", got, err)
		}
		if got, err := db.ChangedOne(ctx, d.Single(), insert, "a", 40); !db.Unique(err) || got {
			t.Errorf("one that is there already: %t %v", got, err)
		}
	})
}
