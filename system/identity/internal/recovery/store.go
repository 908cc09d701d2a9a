package recovery

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

func (s *Recovery) insert(ctx context.Context, hash, pin string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO recovery (token_hash, pin, proved, tries, waits, expires_at, epoch)
			VALUES ($1, $2, '', 0, 0, $3, COALESCE((SELECT epoch FROM account WHERE pin = $2), 0))`,
			hash, pin, db.Micros(s.Clock.Now().Add(s.Door.Lives.Time(life))))
		return err
	})
}

const selectRequest = `SELECT pin, proved, epoch FROM recovery WHERE token_hash = $1 AND expires_at > $2`

// byHash is the recovery under way; false when it has run out or was finished.
func (s *Recovery) byHash(ctx context.Context, hash string) (request, bool, error) {
	return s.scan(hash, s.DB.Read.QueryRowContext(ctx, selectRequest, hash, db.Micros(s.Clock.Now())))
}

func (s *Recovery) scan(hash string, row *sql.Row) (request, bool, error) {
	r := request{hash: hash}
	var proved string
	err := row.Scan(&r.pin, &proved, &r.epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return request{}, false, nil
	}
	for _, way := range strings.Fields(proved) {
		r.proved = append(r.proved, Way(way))
	}
	return r, err == nil, db.Explain(err)
}

// try counts an answer before it is looked at; false when there were too many.
func (s *Recovery) try(ctx context.Context, r request) (bool, error) {
	return db.ChangedOne(ctx, s.DB.Single(), `UPDATE recovery SET tries = tries + 1 WHERE token_hash = $1 AND tries < $2`, r.hash, s.Door.Lives.Number(maxTries))
}

// wait writes what a code that was sent would have written: see check.
func (s *Recovery) wait(ctx context.Context, r request) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE recovery SET waits = waits + 1 WHERE token_hash = $1`, r.hash)
		return err
	})
}

// prove notes that the way was proved.
func (s *Recovery) prove(ctx context.Context, hash string, way Way) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		r, found, err := s.scan(hash, tx.QueryRowContext(ctx, selectRequest+s.DB.ForUpdate(), hash, db.Micros(s.Clock.Now())))
		if err != nil {
			return err
		}
		if !found {
			return fail.New(fail.Gone, "identity.recovery.gone")
		}
		if slices.Contains(r.proved, way) {
			return nil
		}
		var words []string
		for _, each := range append(r.proved, way) {
			words = append(words, string(each))
		}
		_, err = tx.ExecContext(ctx, `UPDATE recovery SET proved = $2 WHERE token_hash = $1`, hash, strings.Join(words, " "))
		return err
	})
}

// take gives the recovery and ends it: of two that finish it at once, one does.
func (s *Recovery) take(ctx context.Context, tx *sql.Tx, hash string) (request, error) {
	r, found, err := s.scan(hash, tx.QueryRowContext(ctx, `DELETE FROM recovery WHERE token_hash = $1 AND expires_at > $2 RETURNING pin, proved, epoch`,
		hash, db.Micros(s.Clock.Now())))
	if err == nil && !found {
		err = fail.New(fail.Gone, "identity.recovery.gone")
	}
	return r, err
}

// Sweep deletes recoveries that nobody finished.
func (s *Recovery) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM recovery WHERE expires_at < $1`, db.Micros(s.Clock.Now()))
	return err
}
