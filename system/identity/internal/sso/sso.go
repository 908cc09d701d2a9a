// Package sso keeps the session of a person at ЕСИ itself: signed in once, the
// person enters every connected system (single sign-on), and its end is the end
// in all of them.
package sso

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// How long a session lives at most, and unused, unless an operator sets it
// otherwise.
const (
	Lifetime = 12 * time.Hour
	Idle     = 2 * time.Hour
	// The same where the person asked to be remembered (ID-10). Changes of
	// factors and requests for a fresh sign-in ask them again all the same.
	RememberedLifetime = 30 * 24 * time.Hour
	RememberedIdle     = 7 * 24 * time.Hour
	// BrowserLife is how long a browser is known again.
	BrowserLife = 180 * 24 * time.Hour
)

var (
	sessionLife    = setting.Time("session_life", Lifetime, 5*time.Minute, 720*time.Hour, "how long a session at ЕСИ lasts at most", "a shift")
	sessionIdle    = setting.Time("session_idle", Idle, time.Minute, 24*time.Hour, "how long it may go unused", "a ward's computer has many users")
	rememberedLife = setting.Time("remembered_life", RememberedLifetime, time.Hour, 4320*time.Hour, "how long a session lasts where the person asked to be remembered", "a phone of one's own; changes of factors ask anew all the same")
	rememberedIdle = setting.Time("remembered_idle", RememberedIdle, time.Hour, 2160*time.Hour, "how long that may go unused", "a phone that lies in a drawer")
	browserLife    = setting.Time("browser_life", BrowserLife, 24*time.Hour, 8760*time.Hour, "how long a browser is known again after a sign-in", "a sign-in from a new one is told; guesses from elsewhere do not lock the person out of a known one")
)

var (
	_ = setting.Within(sessionIdle, sessionLife)
	_ = setting.Within(rememberedIdle, rememberedLife)
)

// Session is one signed-in browser.
type Session struct {
	SID       string // public: in ID and logout tokens
	AccountID string
	Proof
	Created time.Time
	AuthAt  time.Time // when the person last proved who they are
	Seen    time.Time
}

// Proof is how a person proved who they are, and from where.
type Proof struct {
	Method     string          // password, passkey, card…: see package door
	AMR        []string        // RFC 8176
	Level      assurance.Level // of the sign-in and the account together
	Agent      string          // "Chrome · Android"
	Address    string          // network address
	Remembered bool            // the person wants to stay signed in in this browser
	Epoch      int64           // the account's when the proof, or the session, was looked at; not kept
}

// ACRs are the classes that the session meets, the strongest first.
func (s Session) ACRs() []string { return assurance.ACRs(s.Level, s.AMR) }

// lifetime is how long a session lasts at most.
func (s *Sessions) lifetime(remembered bool) time.Duration {
	if remembered {
		return s.Lives.Time(rememberedLife)
	}
	return s.Lives.Time(sessionLife)
}

// BrowserLife is how long a browser is known again.
func (s *Sessions) BrowserLife() time.Duration { return s.Lives.Time(browserLife) }

// Until is when the session ends at the latest.
func (s *Sessions) Until(session Session) time.Time {
	return session.AuthAt.Add(s.lifetime(session.Remembered))
}

// Ended is told, inside the transaction, that a session ends: it writes the
// logout tokens for the clients and revokes what hangs on the session.
type Ended func(ctx context.Context, tx *sql.Tx, s Session, clients []string) error

// Sessions are all sessions.
type Sessions struct {
	DB     *db.DB
	Clock  clock.Clock
	Ended  Ended
	Secure bool // cookies over https alone
	Lives  setting.Values
}

// ErrLate says that the account's sessions were ended, or the account itself,
// while the sign-in was under way.
var ErrLate = errors.New("sso: all sessions were ended during the sign-in")

// Start begins a session, or renews the one the browser has if it is the same
// person's. The secret is new in either case: one that was planted before the
// sign-in is worth nothing after it. ErrLate where the account is not active or
// another epoch has begun since the proof: whoever ends all sessions has either
// been before us, or finds ours.
func (s *Sessions) Start(ctx context.Context, accountID string, proof Proof, current *Session) (secret string, started Session, err error) {
	secret, now := id.Secret(), s.Clock.Now()
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if current != nil && current.AccountID == accountID {
			started = *current
			started.AuthAt, started.Seen, started.Proof = now, now, proof
			if there, err := s.holdAccount(ctx, tx, started); err != nil || !there {
				return cmp.Or(err, ErrLate)
			}
			renewed, err := s.renew(ctx, tx, started, id.Hash(secret))
			if err != nil || renewed {
				return err
			}
		} else if current != nil {
			if err := s.end(ctx, tx, *current); err != nil {
				return err
			}
		}
		started = Session{SID: id.Secret(), AccountID: accountID, Proof: proof, Created: now, AuthAt: now, Seen: now}
		begun, err := s.insert(ctx, tx, started, id.Hash(secret))
		if err == nil && !begun {
			err = ErrLate
		}
		return err
	})
	return secret, started, err
}

// End ends the session everywhere.
func (s *Sessions) End(ctx context.Context, session Session) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.end(ctx, tx, session) })
}

func (s *Sessions) end(ctx context.Context, tx *sql.Tx, session Session) error {
	// Whoever is entering a client at this moment has been before us or comes
	// too late: no client is left without its logout.
	held, err := s.hold(ctx, tx, session.SID)
	if err != nil || !held {
		return err // ended by somebody else already
	}
	clients, err := s.clients(ctx, tx, session.SID)
	if err != nil {
		return err
	}
	gone, err := s.delete(ctx, tx, session.SID)
	if err != nil || !gone {
		return err
	}
	return s.Ended(ctx, tx, session, clients)
}

// EndAll ends the person's sessions everywhere, but not the one of the sid keep;
// "" keeps none. Sign-ins that are under way come to nothing.
func (s *Sessions) EndAll(ctx context.Context, tx *sql.Tx, accountID, keep string) error {
	if err := s.nextEpoch(ctx, tx, accountID); err != nil {
		return err
	}
	sessions, err := s.all(ctx, tx, accountID)
	if err != nil {
		return err
	}
	for _, each := range sessions {
		if each.SID == keep {
			continue
		}
		if err := s.end(ctx, tx, each); err != nil {
			return err
		}
	}
	return nil
}

// Agent says in a few words which browser a User-Agent header names.
func Agent(header string) string {
	browser, system := "", ""
	for _, known := range [][2]string{
		// The order matters: each names those below it too.
		{"YaBrowser/", "Yandex"},
		{"Edg", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
	} {
		if strings.Contains(header, known[0]) {
			browser = known[1]
			break
		}
	}
	for _, known := range [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(header, known[0]) {
			system = known[1]
			break
		}
	}
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + " · " + system
}
