// Package control keeps people in control of their account when somebody else
// has a hand in it: "this was not me" ends everything that is open, keeps what
// would let a thief stay from being changed, and puts the operators on it.
package control

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/incident"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

var (
	// FreezeFor is how long factors and contacts stay as they are after "this was
	// not me".
	FreezeFor = setting.Time("freeze_for", 72*time.Hour, time.Hour, 720*time.Hour, "how long nothing can be changed after «this was not me»", "a weekend passes and an operator still sees it first")
	// ReportFor is how old a message may be whose link still ends sessions.
	ReportFor = setting.Time("report_for", 720*time.Hour, 24*time.Hour, 2160*time.Hour, "how old a message may be whose link «this was not me» still works", "old messages lie in old mailboxes")
)

// Looking limits how often a network address may try links that are none.
var Looking = throttle.Declare(throttle.Limit{Kind: "not-me", Free: 20, Window: 10 * time.Minute, Lock: time.Minute, Longest: 15 * time.Minute})

// Control is the subject.
type Control struct {
	DB        *db.DB
	Clock     clock.Clock
	Site      *page.Site
	Accounts  *account.Accounts
	Sessions  *sso.Sessions
	Consents  *consent.Consents
	Provider  *openid.Provider
	Notices   *notice.Notices
	Throttle  *throttle.Throttle
	Incidents *incident.Incidents
	Door      *door.Door
	Lives     setting.Values
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error

	ends    []func(ctx context.Context, tx *sql.Tx, accountID string) error
	keepers []keeper
}

// Ends adds what else ends with the sessions: devices, approvals under way.
func (c *Control) Ends(end func(ctx context.Context, tx *sql.Tx, accountID string) error) {
	c.ends = append(c.ends, end)
}

// EndEverything ends, in the transaction, all that is open in the person's name:
// the sessions here and in every system, what was granted for longer, and what
// was added by Ends. What the person consented to stays.
func (c *Control) EndEverything(ctx context.Context, tx *sql.Tx, accountID string) error {
	if err := c.Sessions.EndAll(ctx, tx, accountID, ""); err != nil {
		return err
	}
	clients, err := c.Consents.Clients(ctx, tx, accountID)
	if err != nil {
		return err
	}
	for _, client := range clients {
		if err := c.Provider.Withdraw(ctx, tx, accountID, client); err != nil {
			return err
		}
	}
	for _, end := range c.ends {
		if err := end(ctx, tx, accountID); err != nil {
			return err
		}
	}
	return nil
}

// event is what the link from a message names. A link that is none of ours is
// counted against the address it came from.
func (c *Control) event(ctx context.Context, link, address string) (notice.Event, error) {
	if err := c.Throttle.Try(ctx, Looking, address); err != nil {
		return notice.Event{}, err
	}
	if _, secret, whole := strings.Cut(link, "#"); whole { // the whole link was pasted
		link = secret
	}
	e, found, err := c.Notices.Find(ctx, link)
	if err != nil {
		return notice.Event{}, err
	}
	if !found || c.Clock.Now().Sub(e.At) > c.Lives.Time(ReportFor) {
		return notice.Event{}, fail.Fields(fail.Finding{Field: "link", Key: "identity.not_me.unknown"})
	}
	return e, c.Throttle.Refund(ctx, Looking, address)
}

// Disown follows "this was not me": all ends, the password that somebody else
// may know opens nothing any more, what was added lately is put aside, changes
// wait, and the operators are told.
// Said twice it does the same once. by is the name of who says it, "" where only
// the link speaks for them.
func (c *Control) Disown(ctx context.Context, e notice.Event, by string) (incident.Incident, error) {
	// Nobody knows this password. It takes the old one's place, and not none at
	// all: an account without a password is one whose set-up is not done.
	nobodys, err := c.Accounts.Hash(ctx, "password", id.Secret()+"-aA1")
	if err != nil {
		return incident.Incident{}, err
	}
	var a account.Account
	first := false
	err = c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var found bool
		var err error
		if a, found, err = c.Accounts.Hold(ctx, tx, e.Account); err != nil {
			return err
		}
		if !found {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if first, err = c.Notices.Disown(ctx, tx, e.ID); err != nil || !first {
			return err
		}
		if err := c.aside(ctx, tx, a, e); err != nil { // before devices end
			return err
		}
		if err := c.EndEverything(ctx, tx, a.ID); err != nil {
			return err
		}
		if a.HasPassword() {
			if err := c.Accounts.SetPassword(ctx, tx, a.ID, nobodys); err != nil {
				return err
			}
		}
		if until := c.Clock.Now().Add(c.Lives.Time(FreezeFor)); until.After(a.FrozenUntil) {
			if err := c.Accounts.Freeze(ctx, tx, a.ID, until); err != nil {
				return err
			}
		}
		return c.Incidents.Report(ctx, tx, incident.Incident{
			Kind: incident.Disowned, Reference: e.ID, About: string(e.Kind), Account: e.Account, Detail: dotted(e.Agent, e.Address),
		})
	})
	if err != nil {
		return incident.Incident{}, err
	}
	if first {
		if err := c.Record(ctx, a.PIN, by, "account.disowned", string(e.Kind)); err != nil {
			return incident.Incident{}, err
		}
	}
	return c.Incidents.OfReference(ctx, incident.Disowned, e.ID)
}

func dotted(agent, address string) string {
	if agent == "" || address == "" {
		return agent + address
	}
	return agent + " · " + address
}
