// Package session keeps who is signed in to one system. The cookie holds a
// random secret, the system's own database its hash: a cookie of another system
// is unknown here, and a stolen database opens no session.
package session

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
)

//go:embed migration/*.sql
var migrations embed.FS

// Migration is the tables of sessions and of sign-ins under way.
var Migration = db.Set{Name: "session", Files: migrations, Dir: "migration"}

// Session is one signed-in browser.
type Session struct {
	PIN     string
	SID     string          // session at ЕСИ
	Data    json.RawMessage // the system's own: name, post…
	Created time.Time
	Doubted time.Time // when Doubt was last called for the person, after it began; zero: never
	hash    string
}

// Bind reads Data into v.
func (s Session) Bind(v any) error { return json.Unmarshal(s.Data, v) }

// Store keeps the sessions of one system.
type Store struct {
	db       *db.DB
	clock    clock.Clock
	cookie   string
	secure   bool
	idle     time.Duration
	lifetime time.Duration
}

// NewStore makes the store. baseURL is the system's public address: an https one
// makes the cookie Secure with the __Host- prefix.
func NewStore(d *db.DB, c clock.Clock, baseURL string) *Store {
	s := &Store{db: d, clock: c, cookie: "sanarip_" + d.Name(), idle: 2 * time.Hour, lifetime: 12 * time.Hour}
	if strings.HasPrefix(baseURL, "https://") {
		s.secure = true
		s.cookie = "__Host-" + s.cookie
	}
	return s
}

// Start begins a session and sets its cookie.
func (s *Store) Start(ctx context.Context, w http.ResponseWriter, pin, sid string, data any) error {
	encoded, err := json.Marshal(data)
	if err != nil {
		return err
	}
	secret := id.Secret()
	now := s.clock.Now()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Ended sessions are swept by those that begin.
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE expires_at < $1`, db.Micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO session (token_hash, pin, sid, data, created_at, seen_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $5, $6)`, id.Hash(secret), pin, sid, string(encoded), db.Micros(now), db.Micros(now.Add(s.lifetime)))
		return err
	})
	if err != nil {
		return err
	}
	s.setCookie(w, secret, 0)
	return nil
}

// Of is the session of the request; ok is false when there is none.
func (s *Store) Of(r *http.Request) (Session, bool, error) {
	cookie, err := r.Cookie(s.cookie)
	if err != nil || len(cookie.Value) != 43 {
		return Session{}, false, nil //nolint:nilerr // no cookie, no session
	}
	ctx, now := r.Context(), s.clock.Now()
	session := Session{hash: id.Hash(cookie.Value)}
	var data string
	var created, seen, expires, doubted int64
	err = s.db.Read.QueryRowContext(ctx, `SELECT pin, sid, data, created_at, seen_at, expires_at, doubted_at FROM session WHERE token_hash = $1`, session.hash).
		Scan(&session.PIN, &session.SID, &data, &created, &seen, &expires, &doubted)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, false, nil
	}
	if err != nil {
		return Session{}, false, db.Explain(err)
	}
	if !now.Before(db.Time(expires)) || now.Sub(db.Time(seen)) > s.idle {
		return Session{}, false, nil
	}
	session.Data, session.Created = json.RawMessage(data), db.Time(created)
	if doubted != 0 {
		session.Doubted = db.Time(doubted)
	}
	if now.Sub(db.Time(seen)) > time.Minute { // once a minute is enough to know idleness
		if err := s.exec(ctx, `UPDATE session SET seen_at = $2 WHERE token_hash = $1`, session.hash, db.Micros(now)); err != nil {
			return Session{}, false, err
		}
	}
	return session, true, nil
}

// Update replaces the system's own data of the session.
func (s *Store) Update(ctx context.Context, session Session, data any) error {
	encoded, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return s.exec(ctx, `UPDATE session SET data = $2 WHERE token_hash = $1`, session.hash, string(encoded))
}

// End ends the session of the request and clears its cookie.
func (s *Store) End(w http.ResponseWriter, r *http.Request) error {
	s.setCookie(w, "", -1)
	cookie, err := r.Cookie(s.cookie)
	if err != nil {
		return nil //nolint:nilerr // no cookie, nothing to end
	}
	return s.exec(r.Context(), `DELETE FROM session WHERE token_hash = $1`, id.Hash(cookie.Value))
}

// EndSID ends every session that came from the session at ЕСИ.
func (s *Store) EndSID(ctx context.Context, sid string) error {
	return s.exec(ctx, `DELETE FROM session WHERE sid = $1`, sid)
}

// Doubt notes that the rights of the person have changed: what their sessions
// remember of them from before this moment holds no more.
func (s *Store) Doubt(ctx context.Context, pin string) error {
	return s.exec(ctx, `UPDATE session SET doubted_at = $2 WHERE pin = $1`, pin, db.Micros(s.clock.Now()))
}

// EndPIN ends every session of the person.
func (s *Store) EndPIN(ctx context.Context, pin string) error {
	return s.exec(ctx, `DELETE FROM session WHERE pin = $1`, pin)
}

func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

func (s *Store) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookie, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

// Pending is a sign-in under way.
type Pending struct {
	Nonce, Verifier, Next string
}

const pendingFor = 15 * time.Minute

// Begin keeps a sign-in under way and gives its state.
func (s *Store) Begin(ctx context.Context, w http.ResponseWriter, p Pending) (state string, err error) {
	state = id.Secret()
	browser := id.Secret()
	now := s.clock.Now()
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_in WHERE expires_at < $1`, db.Micros(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sign_in (state_hash, browser_hash, nonce, verifier, next, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			id.Hash(state), id.Hash(browser), p.Nonce, p.Verifier, p.Next, db.Micros(now.Add(pendingFor)))
		return err
	})
	if err != nil {
		return "", err
	}
	http.SetCookie(w, &http.Cookie{
		Name: s.cookie + "_begun", Value: browser, Path: "/", MaxAge: int(pendingFor.Seconds()),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
	return state, nil
}

// Take gives the sign-in of the state, once: a forged state, one begun in
// another browser, an old one and one used already are all "not there".
func (s *Store) Take(r *http.Request, state string) (Pending, bool, error) {
	cookie, err := r.Cookie(s.cookie + "_begun")
	if err != nil {
		return Pending{}, false, nil //nolint:nilerr // begun in another browser
	}
	var p Pending
	var expires int64
	err = s.db.Tx(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `DELETE FROM sign_in WHERE state_hash = $1 AND browser_hash = $2 RETURNING nonce, verifier, next, expires_at`,
			id.Hash(state), id.Hash(cookie.Value)).Scan(&p.Nonce, &p.Verifier, &p.Next, &expires)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Pending{}, false, nil
	}
	if err != nil {
		return Pending{}, false, err
	}
	return p, s.clock.Now().Before(db.Time(expires)), nil
}

// Fresh notes the jti of a logout token and says whether it was new.
func (s *Store) Fresh(ctx context.Context, jti string, until time.Time) (bool, error) {
	fresh := false
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM logout_token WHERE expires_at < $1`, db.Micros(s.clock.Now())); err != nil {
			return err
		}
		fresh, err = db.ChangedOne(ctx, tx, `INSERT INTO logout_token (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING`, jti, db.Micros(until))
		return err
	})
	return fresh, err
}
