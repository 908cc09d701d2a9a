package card

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/referral"
)

// countReturned is how many cases of the organisation the fund has sent back
// and nobody has sent again.
func countReturned(organisation string, n *int) db.Question {
	return db.Question{
		Query: `SELECT COUNT(*) FROM treated_case c JOIN stay s ON s.id = c.stay_id
			JOIN form f ON f.number = c.number AND f.state = 'valid'
			WHERE s.organisation = $1 AND c.state = 'returned' AND substr(c.number, 10, 6) = $1
			AND NOT EXISTS (SELECT 1 FROM treated_case later WHERE later.number = c.number AND later.revision > c.revision)`,
		Args: []any{organisation},
		Each: func(row db.Row) error { return row.Scan(n) },
	}
}

// wantDirectory orders one copy of НИСУР for the ten minutes at hand.
func (s *System) wantDirectory(ctx context.Context) error {
	slot := s.env.Clock.Now().Truncate(directoryEvery).Format(time.RFC3339)
	return s.desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := s.desk.Queue.Add(ctx, tx, "directory", struct{}{}, job.Options{Unique: slot, Subject: "НИСУР"})
		if err != nil {
			return err
		}
		_, err = s.desk.Queue.Add(ctx, tx, referral.CapacityJob, struct{}{}, job.Options{Unique: slot, Subject: "free beds elsewhere"})
		return err
	})
}

// hasStays says whether the patient was ever admitted.
func hasStays(ctx context.Context, q db.Querier, patientID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM stay WHERE patient_id = $1`, patientID).Scan(&n)
	return n > 0, db.Explain(err)
}

// hasPregnancy says whether any clinic has ever registered a pregnancy of the patient.
func hasPregnancy(ctx context.Context, q db.Querier, patientID string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM pregnancy WHERE patient_id = $1`, patientID).Scan(&n)
	return n > 0, db.Explain(err)
}

// describedAs says whether the organisation ever registered somebody by hand with
// this description, whoever they turned out to be.
func describedAs(ctx context.Context, q db.Querier, organisation, description string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM patient WHERE organisation = $1 AND description = $2`, organisation, description).Scan(&n)
	return n > 0, db.Explain(err)
}

// bornAs says whether the organisation ever registered somebody born on the day
// under a name that sounds like this one.
func bornAs(ctx context.Context, q db.Querier, organisation string, born clock.Date, familyName, givenName string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM patient WHERE organisation = $1 AND birth_date = $2 AND alike_key = $3`,
		organisation, born.String(), patient.AlikeKey(familyName, givenName)).Scan(&n)
	return n > 0, db.Explain(err)
}

// untouchedStay is the open stay of the person in whose history nobody has
// written; ok is false when there is none.
func untouchedStay(ctx context.Context, q db.Querier, pin string) (stayID string, ok bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT s.id FROM stay s JOIN patient p ON p.id = s.patient_id
		WHERE p.pin = $1 AND s.state = 'open' AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.stay_id = s.id)`, pin).Scan(&stayID)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return stayID, err == nil, db.Explain(err)
}
