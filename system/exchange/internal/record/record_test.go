package record_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
	"github.com/sanarip/sanarip/system/exchange/migration"
)

func some(i int) record.Record {
	return record.Record{
		Kind: record.Response, RequestID: fmt.Sprint("r", i), QueryID: fmt.Sprint("q", i), Client: "a", Provider: "b", Service: "s",
		Method: "POST", Status: 200, StartedAt: time.Unix(int64(1_800_000_000+i), 0), Duration: time.Millisecond,
	}
}

func TestEX2OneUnbrokenChain(t *testing.T) {
	dbtest.Each(t, "exchange", migration.Sets, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		log := record.New(d)
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				if err := log.Append(ctx, some(i)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		verdict, err := log.Verify(ctx)
		if err != nil || verdict.Broken != 0 || verdict.Records != 200 {
			t.Fatalf("verdict %+v, %v", verdict, err)
		}
	})
}

func TestEX2ARecordIsNeverChangedOrDeleted(t *testing.T) {
	dbtest.Each(t, "exchange", migration.Sets, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		log := record.New(d)
		for i := range 3 {
			if err := log.Append(ctx, some(i)); err != nil {
				t.Fatal(err)
			}
		}
		for _, statement := range []string{`UPDATE message_record SET status = 500 WHERE sequence = 2`, `DELETE FROM message_record WHERE sequence = 3`} {
			err := d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, statement)
				return err
			})
			if err == nil {
				t.Errorf("%s: went through", statement)
			}
		}
	})
}

// Whoever gets past the database's own guard is found by the chain.
func TestEX2TheChainFindsWhatWasTamperedWith(t *testing.T) {
	for name, c := range map[string]struct {
		statements []string
		broken     int64
	}{
		"changed":    {[]string{`UPDATE message_record SET user_id = 'x' WHERE sequence = 2`}, 2},
		"taken out":  {[]string{`DELETE FROM message_record WHERE sequence = 2`}, 2},
		"tail cut":   {[]string{`DELETE FROM message_record WHERE sequence = 5`}, 5},
		"exchanged":  {[]string{`UPDATE message_record SET sequence = 50 WHERE sequence = 2`, `UPDATE message_record SET sequence = 2 WHERE sequence = 3`, `UPDATE message_record SET sequence = 3 WHERE sequence = 50`}, 2},
		"unmolested": {nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			d := dbtest.SQLite(t, "exchange", migration.Sets...)
			log := record.New(d)
			for i := range 5 {
				if err := log.Append(ctx, some(i)); err != nil {
					t.Fatal(err)
				}
			}
			err := d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				for _, s := range append([]string{`DROP TRIGGER message_record_update`, `DROP TRIGGER message_record_delete`}, c.statements...) {
					if _, err := tx.ExecContext(ctx, s); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			verdict, err := log.Verify(ctx)
			if err != nil || verdict.Broken != c.broken {
				t.Errorf("verdict %+v, %v; want broken at %d", verdict, err, c.broken)
			}
		})
	}
}

func TestEX2TwoProcessesOnOnePostgreSQLKeepOneChain(t *testing.T) {
	address := dbtest.Postgres(t)
	ctx := context.Background()
	logs := []*record.Log{
		record.New(dbtest.Open(t, address, "exchange", migration.Sets...)),
		record.New(dbtest.Open(t, address, "exchange", migration.Sets...)),
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			if err := logs[i%2].Append(ctx, some(i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, log := range logs {
		if verdict, err := log.Verify(ctx); err != nil || verdict.Broken != 0 || verdict.Records != 200 {
			t.Errorf("verdict %+v, %v", verdict, err)
		}
	}
}

func TestWhatCannotBeStoredDoesNotStopTheLog(t *testing.T) {
	dbtest.Each(t, "exchange", migration.Sets, func(t *testing.T, d *db.DB) {
		log := record.New(d)
		r := some(1)
		r.QueryID, r.Issue = "a\x00b", "\xff"
		if err := log.Append(context.Background(), r); err != nil {
			t.Error(err)
		}
		if verdict, err := log.Verify(context.Background()); err != nil || verdict.Broken != 0 {
			t.Errorf("%+v %v", verdict, err)
		}
	})
}
