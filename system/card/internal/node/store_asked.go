package node

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
)

// birthOf is the id of the birth that has the place among those of the stay, "" for
// none.
func birthOf(ctx context.Context, tx *sql.Tx, stayID string, order any) (string, error) {
	return textOf(ctx, tx, `SELECT id FROM newborn WHERE mother_stay = $1 AND birth_order = $2`, stayID, order)
}

// validCode is the code of the pregnancy that opens her card, but for the one named,
// and when it was given.
func validCode(ctx context.Context, tx *sql.Tx, pregnancyID, but string) (cardID string, at int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id, given_at FROM exchange_card WHERE pregnancy_id = $1 AND revoked_at = 0 AND id <> $2`, pregnancyID, but).Scan(&cardID, &at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return cardID, at, err
}

func revokeCode(ctx context.Context, tx *sql.Tx, cardID string, at int64) error {
	return asOwn(ctx, tx, `UPDATE exchange_card SET revoked_at = $2 WHERE id = $1`, cardID, at)
}

// openPregnancy is the number of the woman's open record, but for the one named.
func openPregnancy(ctx context.Context, tx *sql.Tx, patientID, but string) (string, error) {
	return textOf(ctx, tx, `SELECT number FROM pregnancy WHERE patient_id = $1 AND state = 'open' AND id <> $2`, patientID, but)
}

func numberOfPregnancy(ctx context.Context, tx *sql.Tx, pregnancyID string) (string, error) {
	return textOf(ctx, tx, `SELECT number FROM pregnancy WHERE id = $1`, pregnancyID)
}

func closedWith(ctx context.Context, tx *sql.Tx, pregnancyID, note string) (bool, error) {
	found, err := textOf(ctx, tx, `SELECT id FROM pregnancy WHERE id = $1 AND state = 'closed' AND outcome = 'left' AND close_note = $2`, pregnancyID, note)
	return found != "", err
}

// closePregnancies closes what else is open of the woman of the record.
func closePregnancies(ctx context.Context, tx *sql.Tx, pregnancyID, day, note, byPIN string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE pregnancy SET state = 'closed', outcome = 'left', ended_on = $2, close_note = $3, closed_by = $4, closed_at = $5
		WHERE id <> $1 AND state = 'open' AND patient_id = (SELECT g.patient_id FROM pregnancy g WHERE g.id = $1)`, pregnancyID, day, note, byPIN, db.Micros(at))
	return err
}

// sameMerge says that the two are merged in this very way already.
func sameMerge(ctx context.Context, tx *sql.Tx, mergedID, survivorID, but string) (bool, error) {
	found, err := textOf(ctx, tx, `SELECT id FROM patient_merge WHERE merged_id = $1 AND survivor_id = $2 AND undone_at = 0 AND id <> $3`, mergedID, survivorID, but)
	return found != "", err
}

// alsoLed notes what a node has led over by a merge that the centre did too with
// the merge that stands: who undoes that takes it back as well.
func alsoLed(ctx context.Context, tx *sql.Tx, row capture.Row) error {
	return asOwn(ctx, tx, `INSERT INTO patient_merge_row (merge_id, place, row_id)
		SELECT stands.id, CAST($2 AS TEXT), CAST($3 AS TEXT) FROM patient_merge fell JOIN patient_merge stands
			ON stands.merged_id = fell.merged_id AND stands.survivor_id = fell.survivor_id AND stands.undone_at = 0
		WHERE fell.id = $1 AND fell.undone_at <> 0 AND fell.undone_by = ''
		ON CONFLICT (merge_id, place, row_id) DO NOTHING`, row.String("merge_id"), row.String("place"), row.String("row_id"))
}

// decideBirth settles whether two births are one child: the other record is taken
// away, unless something is signed about it; of two children each is one of them.
func decideBirth(ctx context.Context, tx *sql.Tx, key, take string, o one) error {
	if take == takeBoth {
		_, err := tx.ExecContext(ctx, `UPDATE newborn SET plurality = (SELECT COUNT(*) FROM newborn n WHERE n.mother_stay = newborn.mother_stay)
			WHERE mother_stay = (SELECT n.mother_stay FROM newborn n WHERE n.id = $1)
				AND plurality < (SELECT COUNT(*) FROM newborn n WHERE n.mother_stay = newborn.mother_stay)`, key)
		return err
	}
	stays, falls := o.ours, o.theirs
	if take == takeTheirs {
		stays, falls = falls, stays
	}
	signed, err := textOf(ctx, tx, `SELECT about FROM confinement_part WHERE about = $1 AND about <> '' LIMIT 1`, falls)
	if err != nil {
		return err
	}
	if signed != "" {
		return fail.New(fail.Conflict, "card.node.birth_signed")
	}
	var order int64
	err = tx.QueryRowContext(ctx, `SELECT birth_order FROM newborn WHERE id = $1`, o.ours).Scan(&order)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // it was settled in another way
	}
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM newborn WHERE id = $1 AND EXISTS (SELECT 1 FROM newborn n WHERE n.id = $2)`, falls, stays); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE newborn SET birth_order = $2 WHERE id = $1`, stays, order)
	return err
}

// birthsOf writes in words what each of the two births is: when, whom, how big; by
// are who wrote them.
func birthsOf(ctx context.Context, q db.Querier, into map[string]string, ids [2]string) (by [2]string, err error) {
	for at, birthID := range ids {
		var sex string
		var born, weight, length, live int64
		err := q.QueryRowContext(ctx, `SELECT sex, born_at, weight, length, live, by_name FROM newborn WHERE id = $1`, birthID).Scan(&sex, &born, &weight, &length, &live, &by[at])
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return by, db.Explain(err)
		}
		into[birthID] = text.T(ctx, "card.node.birth", "At", text.Moment(db.Time(born)), "Sex", text.T(ctx, "card.sex."+sex), "Weight", weight, "Length", length) // text: card.sex.*
		if live == 0 {
			into[birthID] += "\n" + text.T(ctx, "card.node.birth_still")
		}
	}
	return by, nil
}

// textOf is the one text that the query finds, "" for none.
func textOf(ctx context.Context, tx *sql.Tx, query string, args ...any) (string, error) {
	var found string
	err := tx.QueryRowContext(ctx, query, args...).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return found, err
}
