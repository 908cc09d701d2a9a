package exchange

import (
	"context"
	"database/sql"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
)

func addJob(ctx context.Context, d *db.DB, q *job.Queue) error {
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := q.Add(ctx, tx, "hand-over", struct{}{}, job.Options{Subject: "case 1"})
		return err
	})
}

func dbtestEach(t *testing.T, run func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { run(t, "sqlite:"+t.TempDir()) })
	t.Run("postgres", func(t *testing.T) { run(t, dbtest.Postgres(t)) })
}
