package node

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
)

// asOwn writes what counts as made at the centre: the node is told.
func asOwn(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	end, err := merge.Own(ctx, tx)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, query, args...); err != nil {
		return err
	}
	return end()
}

// lastOf is the highest number of the rows that have the same group.
func lastOf(ctx context.Context, tx *sql.Tx, table, number, group, value string) (last int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(`+number+`), 0) FROM `+table+` WHERE `+group+` = $1`, value).Scan(&last)
	return last, err
}

// stepped gives the referral the number of its last step.
func stepped(ctx context.Context, tx *sql.Tx, referral string, seq int64) error {
	return asOwn(ctx, tx, `UPDATE referral SET version = $2 WHERE id = $1`, referral, seq)
}

// endOtherMain ends the main diagnosis that stands in the place of the row's.
func endOtherMain(ctx context.Context, tx *sql.Tx, row capture.Row, at time.Time) error {
	return asOwn(ctx, tx, `UPDATE diagnosis SET ended_at = $4, ended_by = $5, ended_name = $6, replaced_by = $3 WHERE stay_id = $1 AND stage = $2 AND rank = 'main' AND ended_at = 0 AND id <> $3`,
		row.String("stay_id"), row.String("stage"), row.String("id"), db.Micros(at), row.String("by_pin"), row.String("by_name"))
}

// liesElsewhere says whether the patient of the stay has another that is open.
func liesElsewhere(ctx context.Context, tx *sql.Tx, stay capture.Row) (elsewhere bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM stay WHERE patient_id = $1 AND state = 'open' AND id <> $2)`,
		stay.String("patient_id"), stay.String("id")).Scan(&elsewhere)
	return elsewhere, err
}

// freeBed takes whoever else lies in the bed of the stay out of it.
func freeBed(ctx context.Context, tx *sql.Tx, stay capture.Row) error {
	return asOwn(ctx, tx, `UPDATE stay SET bed_id = NULL WHERE bed_id = $1 AND state = 'open' AND id <> $2`, stay.String("bed_id"), stay.String("id"))
}

// dropOtherMoves takes back where the centre says that the patient of the move lies.
func dropOtherMoves(ctx context.Context, tx *sql.Tx, move capture.Row) error {
	return asOwn(ctx, tx, `DELETE FROM move WHERE stay_id = $1 AND until_at = 0 AND id <> $2`, move.String("stay_id"), move.String("id"))
}

// endMoveWithStay ends the move where the stay has ended.
func endMoveWithStay(ctx context.Context, tx *sql.Tx, moveID string) error {
	return asOwn(ctx, tx, `UPDATE move SET until_at = CASE WHEN from_at > s.discharged_at THEN from_at ELSE s.discharged_at END
		FROM stay s WHERE move.id = $1 AND s.id = move.stay_id AND s.state = 'discharged'`, moveID)
}

// dropMovesAfterEnd takes back where the patient lies whose stay is over.
func dropMovesAfterEnd(ctx context.Context, tx *sql.Tx, stayID string) error {
	return asOwn(ctx, tx, `DELETE FROM move WHERE until_at = 0 AND stay_id IN (SELECT id FROM stay WHERE id = $1 AND state = 'discharged')`, stayID)
}

// leftFrom makes the department the one from which the patient was discharged.
func leftFrom(ctx context.Context, tx *sql.Tx, stayID, department string) error {
	return asOwn(ctx, tx, `UPDATE stay SET department = $2 WHERE id = $1 AND state = 'discharged' AND department <> $2`, stayID, department)
}
