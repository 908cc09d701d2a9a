package cloud

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// beginPerson makes the row of a person, so that it can be locked.
func beginPerson(ctx context.Context, tx *sql.Tx, p person, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO cloud_person (pin, family_name, given_name, email, lang, handle, serial, created_at, changed_at)
		VALUES ($1, $2, $3, $4, $5, '', '', $6, $6) ON CONFLICT (pin) DO NOTHING`, p.pin, p.family, p.given, p.email, string(p.lang), db.Micros(now))
	return err
}

func findPerson(ctx context.Context, q db.Querier, pin, lock string) (person, error) {
	var p person
	err := q.QueryRowContext(ctx, `SELECT pin, family_name, given_name, email, lang, handle, serial FROM cloud_person WHERE pin = $1`+lock, pin).
		Scan(&p.pin, &p.family, &p.given, &p.email, &p.lang, &p.handle, &p.serial)
	return p, err
}

func updatePerson(ctx context.Context, tx *sql.Tx, p person, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE cloud_person SET family_name = $2, given_name = $3, email = $4, lang = $5, handle = $6, serial = $7, changed_at = $8 WHERE pin = $1`,
		p.pin, p.family, p.given, p.email, string(p.lang), p.handle, p.serial, db.Micros(now))
	return err
}

// putCode makes the PIN the good one, if it was not made before; made before, it
// says whether it is good still. The person's row must be locked.
func putCode(ctx context.Context, tx *sql.Tx, codeID, pin, hash string, now time.Time) (good bool, err error) {
	var used, ended int64
	switch err := tx.QueryRowContext(ctx, `SELECT used_at, ended_at FROM cloud_code WHERE id = $1`, codeID).Scan(&used, &ended); err {
	case nil:
		return used == 0 && ended == 0, nil
	case sql.ErrNoRows:
	default:
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE cloud_code SET ended_at = $2 WHERE pin = $1 AND used_at = 0 AND ended_at = 0`, pin, db.Micros(now)); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO cloud_code (id, pin, hash, made_at, used_at, ended_at) VALUES ($1, $2, $3, $4, 0, 0)`, codeID, pin, hash, db.Micros(now))
	return err == nil, err
}

// endOpened ends the person's good PIN and all tokens; the PIN first, or one that
// is being used up this moment would leave a token behind.
func endOpened(ctx context.Context, tx *sql.Tx, pin string, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE cloud_code SET ended_at = $2 WHERE pin = $1 AND used_at = 0 AND ended_at = 0`, pin, db.Micros(now)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE cloud_token SET expires_at = $2 WHERE pin = $1 AND expires_at > $2`, pin, db.Micros(now))
	return err
}

// spendCode uses the person's good PIN up, if this is it.
func spendCode(ctx context.Context, tx *sql.Tx, pin, hash string, now, madeAfter time.Time) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE cloud_code SET used_at = $3 WHERE pin = $1 AND hash = $2 AND used_at = 0 AND ended_at = 0 AND made_at > $4`,
		pin, hash, db.Micros(now), db.Micros(madeAfter))
}

func insertToken(ctx context.Context, tx *sql.Tx, hash, pin, holder string, created, expires time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO cloud_token (hash, pin, holder, created_at, expires_at, signed) VALUES ($1, $2, $3, $4, $5, 0)`,
		hash, pin, holder, db.Micros(created), db.Micros(expires))
	return err
}

// useToken gives the ПИН of a token that is good for the holder now, counting
// signatures; sql.ErrNoRows when it is not.
func useToken(ctx context.Context, tx *sql.Tx, hash, holder string, now time.Time, count int64) (string, error) {
	var pin string
	err := tx.QueryRowContext(ctx, `UPDATE cloud_token SET signed = signed + $4 WHERE hash = $1 AND holder = $2 AND expires_at > $3 AND signed + $4 <= $5 RETURNING pin`,
		hash, holder, db.Micros(now), count, int64(maxSignatures)).Scan(&pin)
	return pin, err
}

func insertSignature(ctx context.Context, tx *sql.Tx, signatureID string, p person, hash, holder string, at time.Time, requestID string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO cloud_signature (id, pin, serial, sha256, holder, at, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		signatureID, p.pin, p.serial, hash, holder, db.Micros(at), requestID)
	return err
}

// count adds an attempt, unless the key is locked: then it gives the lock's end.
// first says that this attempt began a lock after none.
func (s *Service) count(ctx context.Context, l limit, key string, now time.Time) (until time.Time, first bool, err error) {
	var ends int64
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		first = false
		var count int64
		err := tx.QueryRowContext(ctx, `INSERT INTO cloud_attempt (key, count, since, locked_until) VALUES ($1, 1, $2, 0)
			ON CONFLICT (key) DO UPDATE SET
				count = CASE WHEN cloud_attempt.locked_until > $2 THEN cloud_attempt.count WHEN cloud_attempt.since < $3 THEN 1 ELSE cloud_attempt.count + 1 END,
				since = CASE WHEN cloud_attempt.locked_until <= $2 AND cloud_attempt.since < $3 THEN $2 ELSE cloud_attempt.since END
			RETURNING count, locked_until`, key, db.Micros(now), db.Micros(now.Add(-l.Window))).Scan(&count, &ends)
		if err != nil || ends > db.Micros(now) {
			return err
		}
		ends = 0 // this one may be made
		holds := l.holds(count)
		if holds == 0 {
			return nil
		}
		first = count == l.free
		_, err = tx.ExecContext(ctx, `UPDATE cloud_attempt SET locked_until = $2 WHERE key = $1`, key, db.Micros(now.Add(holds)))
		return err
	})
	return db.Time(ends), first, err
}

func (s *Service) lockedUntil(ctx context.Context, key string) (time.Time, error) {
	var until int64
	err := s.DB.Read.QueryRowContext(ctx, `SELECT COALESCE(MAX(locked_until), 0) FROM cloud_attempt WHERE key = $1`, key).Scan(&until)
	return db.Time(until), err
}

func (s *Service) forget(ctx context.Context, key string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM cloud_attempt WHERE key = $1`, key)
		return err
	})
}

func (s *Service) sweep(ctx context.Context, tokensBefore, attemptsBefore, codesBefore time.Time) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM cloud_token WHERE expires_at < $1`, db.Micros(tokensBefore)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM cloud_code WHERE made_at < $1`, db.Micros(codesBefore)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM cloud_attempt WHERE since < $1 AND locked_until < $1`, db.Micros(attemptsBefore))
		return err
	})
}
