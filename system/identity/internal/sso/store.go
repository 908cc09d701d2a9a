package sso

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

const columns = `sid, account_id, method, amr, level, agent, address, remembered, created_at, auth_at, seen_at`

// alive is true of a session's row that has neither run out nor gone unused for
// too long; $2 is now, $3 and $4 when an ordinary and a remembered one must have
// been seen.
const alive = `expires_at > $2 AND (seen_at > $3 OR (remembered = 1 AND seen_at > $4))`

func (s *Sessions) living() []any {
	now := s.Clock.Now()
	return []any{db.Micros(now), db.Micros(now.Add(-s.Lives.Time(sessionIdle))), db.Micros(now.Add(-s.Lives.Time(rememberedIdle)))}
}

func scan(row db.Row, more ...any) (Session, error) {
	var s Session
	var amr string
	var created, auth, seen, remembered int64
	err := row.Scan(append([]any{&s.SID, &s.AccountID, &s.Method, &amr, &s.Level, &s.Agent, &s.Address, &remembered, &created, &auth, &seen}, more...)...)
	s.Remembered = remembered == 1
	s.AMR, s.Created, s.AuthAt, s.Seen = strings.Fields(amr), db.Time(created), db.Time(auth), db.Time(seen)
	return s, err
}

// BySecret is the living session of the cookie's secret.
func (s *Sessions) BySecret(ctx context.Context, secret string) (Session, bool, error) {
	now := s.Clock.Now()
	hash := id.Hash(secret)
	var epoch int64
	session, err := scan(s.DB.Read.QueryRowContext(s.DB.Unwatched(ctx), `SELECT `+columns+`, (SELECT epoch FROM account WHERE id = account_id) FROM sso_session
		WHERE token_hash = $1 AND `+alive, append([]any{hash}, s.living()...)...), &epoch)
	session.Epoch = epoch
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, false, nil
	}
	if err != nil {
		return Session{}, false, db.Explain(err)
	}
	if now.Sub(session.Seen) > time.Minute { // once a minute is enough to know idleness
		err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE sso_session SET seen_at = $2 WHERE token_hash = $1`, hash, db.Micros(now))
			return err
		})
		if err != nil {
			return Session{}, false, err
		}
	}
	return session, true, nil
}

// Of lists the person's living sessions, the one last seen first.
func (s *Sessions) Of(ctx context.Context, accountID string) ([]Session, error) {
	return s.all(ctx, s.DB.Read, accountID)
}

func (s *Sessions) all(ctx context.Context, q db.Querier, accountID string) ([]Session, error) {
	var sessions []Session
	for row, err := range db.Rows(ctx, q, `SELECT `+columns+` FROM sso_session
		WHERE account_id = $1 AND `+alive+` ORDER BY seen_at DESC, sid`, append([]any{accountID}, s.living()...)...) {
		if err != nil {
			return nil, err
		}
		session, err := scan(row)
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, session)
	}
	return sessions, nil
}

// insert keeps a new session. It locks the account's row: false when its epoch is
// over or it is not active.
func (s *Sessions) insert(ctx context.Context, tx *sql.Tx, session Session, hash string) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO sso_session (`+columns+`, token_hash, expires_at)
		SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM account WHERE id = $2 AND epoch = $14 AND state = 'active'`+s.DB.ForUpdate(),
		session.SID, session.AccountID, session.Method, strings.Join(session.AMR, " "), string(session.Level), session.Agent, session.Address, db.Flag(session.Remembered),
		db.Micros(session.Created), db.Micros(session.AuthAt), db.Micros(session.Seen), hash, db.Micros(s.Until(session)), session.Epoch)
}

// holdAccount locks the account's row before any of its sessions', as whoever
// ends them does; false when its epoch is over or it is not active.
func (s *Sessions) holdAccount(ctx context.Context, tx *sql.Tx, session Session) (bool, error) {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM account WHERE id = $1 AND epoch = $2 AND state = 'active'`+s.DB.ForUpdate(), session.AccountID, session.Epoch).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// nextEpoch locks the account's row and lets no sign-in that is under way go on.
func (s *Sessions) nextEpoch(ctx context.Context, tx *sql.Tx, accountID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET epoch = epoch + 1 WHERE id = $1`, accountID)
	return err
}

func (s *Sessions) renew(ctx context.Context, tx *sql.Tx, session Session, hash string) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE sso_session SET token_hash = $2, method = $3, amr = $4, level = $5, agent = $6, address = $7,
		remembered = $8, auth_at = $9, seen_at = $9, expires_at = $10 WHERE sid = $1`,
		session.SID, hash, session.Method, strings.Join(session.AMR, " "), string(session.Level), session.Agent, session.Address, db.Flag(session.Remembered),
		db.Micros(session.AuthAt), db.Micros(s.Until(session)))
}

func (s *Sessions) delete(ctx context.Context, tx *sql.Tx, sid string) (bool, error) {
	return db.ChangedOne(ctx, tx, `DELETE FROM sso_session WHERE sid = $1`, sid)
}

func (s *Sessions) clients(ctx context.Context, tx *sql.Tx, sid string) ([]string, error) {
	return db.Column[string](ctx, tx, `SELECT client_id FROM sso_client WHERE sid = $1 ORDER BY client_id`, sid)
}

// hold locks the session until the transaction ends; false when it is gone.
func (s *Sessions) hold(ctx context.Context, tx *sql.Tx, sid string) (bool, error) {
	var one int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM sso_session WHERE sid = $1`+s.DB.ForUpdate(), sid).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Entered notes that the session has signed in to the client. false: the
// session has ended meanwhile.
func (s *Sessions) Entered(ctx context.Context, sid, client string) (bool, error) {
	alive := false
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		alive, err = s.Enter(ctx, tx, sid, client)
		return err
	})
	return alive, err
}

// Enter is Entered in a transaction: the session stays until it ends.
func (s *Sessions) Enter(ctx context.Context, tx *sql.Tx, sid, client string) (alive bool, err error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO sso_client (sid, client_id, at) SELECT sid, $2, $3 FROM sso_session WHERE sid = $1`+s.DB.ForUpdate()+`
		ON CONFLICT (sid, client_id) DO UPDATE SET at = excluded.at`, sid, client, db.Micros(s.Clock.Now()))
}

// In lists the sessions of the person that have signed in to the client.
func (s *Sessions) In(ctx context.Context, tx db.Querier, accountID, client string) ([]string, error) {
	return db.Column[string](ctx, tx, `SELECT s.sid FROM sso_session s JOIN sso_client c ON c.sid = s.sid
		WHERE s.account_id = $1 AND c.client_id = $2 ORDER BY s.sid`, accountID, client)
}

// Sweep deletes sessions past their life; their systems have ended theirs by themselves.
func (s *Sessions) Sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM sso_session WHERE expires_at < $1`, db.Micros(s.Clock.Now()))
	return err
}
