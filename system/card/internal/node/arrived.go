package node

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// Arrived is what follows at the centre from rows that a node has handed over, by
// table. A case goes to the fund: the centre alone speaks with it. And of a stay
// that both sides moved, or one moved and the other ended, the places are the
// node's, where the hospital works: they neither overlap nor go on after the end.
// That both changed the department is a conflict which a person sees.
func Arrived(q *job.Queue) map[string]func(ctx context.Context, tx *sql.Tx, row capture.Row) error {
	return map[string]func(ctx context.Context, tx *sql.Tx, row capture.Row) error{
		"treated_case": func(ctx context.Context, tx *sql.Tx, row capture.Row) error {
			revision, ok := row["revision"].(int64)
			if !ok || row.String("state") != form.Queued {
				return nil
			}
			ref := form.Ref{Number: row.String("number"), Revision: int(revision)}
			f, ok, err := form.Valid(ctx, tx, row.String("stay_id"), "")
			if err != nil || !ok || f.Number != ref.Number {
				return err // voided before it came
			}
			_, err = q.Add(ctx, tx, form.HandoverJob, ref, job.Options{Unique: ref.Key(), Subject: ref.Number})
			return db.Explain(err)
		},
		"move": moved, "form": ended, "patient_merge_row": alsoLed,
	}
}

// moved ends what the centre wrote of where the patient lies: nowhere else, and
// nowhere when the stay is over.
func moved(ctx context.Context, tx *sql.Tx, row capture.Row) error {
	if row["until_at"] != int64(0) {
		return nil
	}
	if err := dropOtherMoves(ctx, tx, row); err != nil {
		return err
	}
	return endMoveWithStay(ctx, tx, row.String("id"))
}

// ended is moved for a stay that the node has ended: the form names the last
// department.
func ended(ctx context.Context, tx *sql.Tx, row capture.Row) error {
	if row.String("state") == form.Voided {
		return nil
	}
	if err := dropMovesAfterEnd(ctx, tx, row.String("stay_id")); err != nil {
		return err
	}
	return leftFrom(ctx, tx, row.String("stay_id"), row.String("department"))
}
