package console

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/cloudsign"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/recovery"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

const listed = 20 // sign-ins and events on a person's page

var (
	lookFor = setting.Time("console_look_for", 30*time.Minute, 5*time.Minute, 4*time.Hour, "how long an account stays open for the operator who gave the reason", "a reason is for one matter")
	// FreezeFor is how long an operator's freeze lasts.
	FreezeFor = setting.Time("console_freeze_for", 168*time.Hour, time.Hour, 720*time.Hour, "how long an operator's freeze of factors and contacts lasts", "the matter is looked into within a week")
)

// searching bounds what one operator looks at: nobody reads the register through.
var searching = throttle.Declare(throttle.Limit{Kind: "console-search", Free: 60, Window: 10 * time.Minute, Lock: time.Minute, Longest: time.Hour})

// look is a person's account open before an operator, with the reason given.
type look struct {
	id      string
	account string
	reason  string
	at      time.Time
	expires time.Time
}

// open finds the person and opens the account for the operator. What was asked
// for is recorded for the person, also when they have no account: then "" comes
// back.
func (c *Console) open(ctx context.Context, o operator, pin, why string) (lookID string, err error) {
	if err := c.Throttle.Try(ctx, searching, o.PIN); err != nil {
		return "", err
	}
	a, found, err := c.Accounts.ByPIN(ctx, pin)
	if err != nil {
		return "", err
	}
	now := c.Clock.Now()
	return lookID, c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		lookID = ""
		if found {
			lookID = id.New()
			if err := c.insertLook(ctx, tx, look{lookID, a.ID, why, now, now.Add(c.Door.Lives.Time(lookFor))}, o.PIN); err != nil {
				return err
			}
		}
		return c.record(ctx, tx, o, pin, "search", why, lookID)
	})
}

// opened is the look of the operator; fail.NotFound when it is another's or over.
func (c *Console) opened(ctx context.Context, o operator, lookID string) (look, account.Account, error) {
	l, found, err := c.oneLook(ctx, lookID, o.PIN, c.Clock.Now())
	if err != nil {
		return look{}, account.Account{}, err
	}
	if !found {
		return look{}, account.Account{}, fail.New(fail.NotFound, "identity.console.look_over")
	}
	a, found, err := c.Accounts.ByID(ctx, l.account)
	if err == nil && !found {
		err = fail.New(fail.NotFound, "kit.not_found")
	}
	return l, a, err
}

// counter is a limit of the person with how it stands.
type counter struct {
	key   string // translation key of its name
	limit throttle.Limit
	of    []string // subjects: the person's, and in each browser known to be theirs
	throttle.State
}

// counters are the limits that can lock a person out, as they stand: the worst of
// each.
func (c *Console) counters(ctx context.Context, a account.Account) ([]counter, error) {
	browsers, err := c.browsers(ctx, c.DB.Read, a.ID)
	if err != nil {
		return nil, err
	}
	all := limits(a, browsers)
	for i := range all {
		for _, subject := range all[i].of {
			s, err := c.Throttle.Look(ctx, all[i].limit, subject)
			if err != nil {
				return nil, err
			}
			all[i].Count = max(all[i].Count, s.Count)
			if s.Locked.After(all[i].Locked) {
				all[i].Locked = s.Locked
			}
		}
	}
	return all, nil
}

// limits are all limits of the person. browsers are the hashes of those in which
// they have signed in before: what is tried there is counted apart.
func limits(a account.Account, browsers []string) []counter {
	everywhere := func(subject string) []string {
		all := []string{subject}
		for _, hash := range browsers {
			all = append(all, subject+":"+hash)
		}
		return all
	}
	factors := []string{"contact:" + a.ID}
	for _, kind := range []factor.Kind{factor.TOTP, factor.Passkey, factor.SMS, factor.Telegram, factor.Email, factor.Backup} {
		factors = append(factors, everywhere(a.ID+":"+string(kind))...)
	}
	all := []counter{
		{key: "identity.console.limit.password", limit: throttle.Password, of: everywhere(a.PIN)},
		{key: "identity.console.limit.factor", limit: throttle.Factor, of: factors},
		{key: "identity.console.limit.sending", limit: throttle.Sending, of: everywhere(a.ID)},
		{key: "identity.console.limit.scanning", limit: throttle.Scanning, of: []string{a.ID}},
		{key: "identity.console.limit.signature", limit: cloudsign.Guessing, of: everywhere(a.PIN)},
		{key: "identity.console.limit.recovery", limit: recovery.Guessing, of: everywhere(a.PIN)},
	}
	for _, to := range []struct{ channel, address string }{{"sms", a.Phone}, {"email", a.Email}, {"telegram", a.Telegram}} {
		if to.address != "" {
			all = append(all, counter{key: "identity.console.limit.to_" + to.channel, limit: throttle.SendingTo, of: []string{to.channel + ":" + to.address}}) // text: identity.console.limit.*
		}
	}
	return all
}

// state is all that the operator sees of an account.
type state struct {
	account.Account
	look     look
	now      time.Time
	own      bool // the operator's own account
	factors  []factor.Kind
	backup   int // backup codes left
	counters []counter
	sessions []sso.Session
	devices  []Device
	visits   []door.Visit
	events   []notice.Event
}

func (c *Console) state(ctx context.Context, o operator, l look, a account.Account) (state, error) {
	s := state{Account: a, look: l, now: c.Clock.Now(), own: a.PIN == o.PIN}
	var err error
	for _, read := range []func() error{
		func() error { s.factors, err = c.Factors.Of(ctx, a); return err },
		func() error { s.backup, err = c.Backups(ctx, a.ID); return err },
		func() error { s.counters, err = c.counters(ctx, a); return err },
		func() error { s.sessions, err = c.Sessions.Of(ctx, a.ID); return err },
		func() error { s.devices, err = c.Devices(ctx, a.ID); return err },
		func() error { s.visits, err = c.Door.Visits(ctx, a.ID, listed); return err },
		func() error { s.events, err = c.Notices.Of(ctx, a.ID, listed); return err },
	} {
		if err := read(); err != nil {
			return state{}, err
		}
	}
	return s, nil
}

// locked says whether anything is to be unlocked.
func (s state) locked() bool {
	return slices.ContainsFunc(s.counters, func(c counter) bool { return c.Count > 0 || !c.Locked.IsZero() })
}

// What an operator can do to an account. The words of what was done are
// identity.console.did.<action>.
const (
	unlock      = "unlock"
	freeze      = "freeze"
	thaw        = "thaw"
	block       = "block"
	unblock     = "unblock"
	endSessions = "end-sessions"
)

// Kinds of notices that are the console's own.
const (
	locksCleared  notice.Kind = "locks_cleared"
	frozen        notice.Kind = "frozen"
	thawed        notice.Kind = "thawed"
	sessionsEnded notice.Kind = "sessions_ended"
)

// may says whether the action makes sense for the account as it is.
func (s state) may(action string) bool {
	switch action {
	case unlock:
		return s.locked()
	case freeze:
		return s.State == account.Active && !s.Frozen(s.now)
	case thaw:
		return s.Frozen(s.now)
	case block:
		return s.State == account.Active
	case unblock:
		return s.State == account.Blocked
	case endSessions:
		return len(s.sessions) > 0
	}
	return false
}

// act does it, records it for the person with the reason, and tells them.
func (c *Console) act(ctx context.Context, o operator, l look, a account.Account, action, why string) error {
	if a.PIN == o.PIN {
		return fail.New(fail.Forbidden, "identity.console.own")
	}
	s, err := c.state(ctx, o, l, a)
	if err != nil {
		return err
	}
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before, found, err := c.Accounts.Hold(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if !found {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		s.Account = before
		if !s.may(action) {
			return fail.New(fail.Conflict, "identity.console.no_longer")
		}
		kind, err := c.change(ctx, tx, before, action)
		if err != nil {
			return err
		}
		if err := c.record(ctx, tx, o, before.PIN, action, why, l.id); err != nil {
			return err
		}
		return c.Notices.Tell(ctx, tx, before, kind, why, notice.Place{Agent: o.Organisation.In(before.Lang)})
	})
}

func (c *Console) change(ctx context.Context, tx *sql.Tx, a account.Account, action string) (notice.Kind, error) {
	switch action {
	case unlock:
		browsers, err := c.browsers(ctx, tx, a.ID)
		if err != nil {
			return "", err
		}
		for _, each := range limits(a, browsers) {
			for _, subject := range each.of {
				if err := c.Throttle.ClearIn(ctx, tx, each.limit, subject); err != nil {
					return "", err
				}
			}
		}
		return locksCleared, nil
	case freeze:
		return frozen, c.Accounts.Freeze(ctx, tx, a.ID, c.Clock.Now().Add(c.Door.Lives.Time(FreezeFor)))
	case thaw:
		return thawed, c.Accounts.Freeze(ctx, tx, a.ID, time.Time{})
	case block:
		// Nobody is left inside: what a blocked account holds open is closed, and
		// what it granted for longer than a session is taken back.
		if err := c.Sessions.EndAll(ctx, tx, a.ID, ""); err != nil {
			return "", err
		}
		if err := c.Door.Provider.Stop(ctx, tx, a.ID); err != nil {
			return "", err
		}
		return notice.Blocked, c.Accounts.SetState(ctx, tx, a.ID, account.Blocked)
	case unblock:
		return notice.Unblocked, c.Accounts.SetState(ctx, tx, a.ID, account.Active)
	case endSessions:
		return sessionsEnded, c.Sessions.EndAll(ctx, tx, a.ID, "")
	}
	return "", fail.New(fail.NotFound, "kit.not_found")
}
