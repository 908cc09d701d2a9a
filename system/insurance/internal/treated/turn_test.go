package treated_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// A step on a case takes its turn among all that happens to its number before it
// touches anything: the intake of a correction does so too, in the same order, so that
// the two neither overlap nor wait for each other.
func TestAStepWaitsForTheTurnOfItsNumber(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.Result = ""
		caseID := submit(t, f, wrong, insuranceapi.Returned).CaseID
		hospital := treated.Expert{PIN: clerk.PIN, Name: clerk.Name, Hospital: wrong.Organisation}
		done := make(chan error, 1)
		err := f.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if err := treated.Turn(ctx, tx, "number:"+wrong.Number); err != nil {
				return err
			}
			go func() { done <- f.Do(t.Context(), caseID, treated.StepAppeal, "Нет.", hospital) }()
			for f.DB.Dialect == db.Postgres && f.count(t, `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
				select {
				case err := <-done:
					t.Errorf("it did not wait: %v", err)
					done <- err
					return nil
				default:
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
