package console

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/incident"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// When refused sign-ins become an incident.
const gatherEvery = time.Minute

var (
	gatherWindow  = setting.Time("incident_window", time.Hour, 10*time.Minute, 24*time.Hour, "within what time refused sign-ins are counted together as an incident", "guessing is slow, since it is limited")
	stormRefusals = setting.Number("incident_refusals", 20, 5, 1000, "so many refused sign-ins of one account are an incident", "more than a person who has forgotten makes")
	sprayAccounts = setting.Number("incident_accounts", 8, 3, 1000, "so many accounts refused from one address are an incident", "a hospital shares one address, and few people there forget within an hour")
)

// Gather makes incidents of what the tables tell. Several processes may do so at
// once: a reference makes one incident.
func (c *Console) Gather(ctx context.Context) error {
	now := c.Clock.Now()
	day := clock.DateOf(now).String()
	var found []incident.Incident
	lives := c.Door.Lives
	since := now.Add(-lives.Time(gatherWindow))
	storms, err := c.storms(ctx, since, int(lives.Number(stormRefusals)))
	if err != nil {
		return err
	}
	for _, each := range storms {
		found = append(found, incident.Incident{Kind: incident.LockStorm, Reference: each.of + " " + day, Account: each.of, Detail: each.detail})
	}
	sprays, err := c.sprays(ctx, since, int(lives.Number(sprayAccounts)))
	if err != nil {
		return err
	}
	for _, each := range sprays {
		found = append(found, incident.Incident{Kind: incident.Spray, Reference: each.of + " " + day, Detail: each.detail})
	}
	var fresh []incident.Incident
	for _, each := range found {
		known, err := c.Incidents.Known(ctx, each.Kind, each.Reference)
		if err != nil {
			return err
		}
		if !known {
			fresh = append(fresh, each)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, each := range fresh {
			if err := c.Incidents.Report(ctx, tx, each); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reused reports, in the transaction that ends the grant, that a refresh token
// came a second time.
func (c *Console) Reused(ctx context.Context, tx *sql.Tx, grantID, accountID, client string) error {
	return c.Incidents.Report(ctx, tx, incident.Incident{Kind: incident.RefreshReuse, Reference: grantID, Account: accountID, Detail: client})
}

// incidentClosed is told when what the person disowned was looked into.
const incidentClosed notice.Kind = "incident_closed"

// handling is what an operator decides about an incident.
type handling struct {
	version int64 // that they saw
	to      incident.State
	note    string
	thaw    bool     // at the end: factors and contacts may be changed again
	back    []string // at the end: of control.Thing, what is given back
}

// handle takes the incident a step on; of two operators at once one is told that
// it is not as they saw it. What was done to the account is recorded with the
// note, and told to the person.
func (c *Console) handle(ctx context.Context, o operator, incidentID string, h handling) error {
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		i, err := c.Incidents.Handle(ctx, tx, incidentID, h.version, incident.Step{PIN: o.PIN, Name: o.Name, State: h.to, Note: h.note})
		if err != nil {
			return err
		}
		if i.Account == "" {
			return c.record(ctx, tx, o, "", "incident", h.note, i.ID)
		}
		a, found, err := c.Accounts.Hold(ctx, tx, i.Account)
		if err != nil {
			return err
		}
		if found && a.PIN == o.PIN {
			return fail.New(fail.Forbidden, "identity.console.own")
		}
		if err := c.record(ctx, tx, o, a.PIN, "incident", h.note, i.ID); err != nil || !found || h.to != incident.Closed {
			return err
		}
		return c.settle(ctx, tx, o, a, i, h)
	})
}

// settle does to the account what the operator chose at the end of an incident.
func (c *Console) settle(ctx context.Context, tx *sql.Tx, o operator, a account.Account, i incident.Incident, h handling) error {
	at := notice.Place{Agent: o.Organisation.In(a.Lang)}
	if len(h.back) > 0 {
		if err := c.record(ctx, tx, o, a.PIN, "return", h.note, i.ID); err != nil {
			return err
		}
		if err := c.Control.ReturnAll(ctx, tx, a, h.back, o.PIN, h.note, at); err != nil {
			return err
		}
	}
	if h.thaw && a.Frozen(c.Clock.Now()) {
		if err := c.Accounts.Freeze(ctx, tx, a.ID, time.Time{}); err != nil {
			return err
		}
		if err := c.record(ctx, tx, o, a.PIN, thaw, h.note, i.ID); err != nil {
			return err
		}
		return c.Notices.Tell(ctx, tx, a, thawed, h.note, at)
	}
	if i.Kind != incident.Disowned {
		return nil
	}
	return c.Notices.Tell(ctx, tx, a, incidentClosed, h.note, at)
}

// onAccount is what an operator may choose about the account at the end of the
// incident.
type onAccount struct {
	frozen bool
	waits  []control.Thing // that can be given back
}

func (c *Console) onAccount(ctx context.Context, i incident.Incident) (onAccount, error) {
	if i.Account == "" || !slices.Contains(i.State.Onward(), incident.Closed) {
		return onAccount{}, nil
	}
	a, found, err := c.Accounts.ByID(ctx, i.Account)
	if err != nil || !found {
		return onAccount{}, err
	}
	waits, err := c.Control.Waiting(ctx, a.ID)
	waits = slices.DeleteFunc(waits, func(t control.Thing) bool { return !t.Returns() })
	return onAccount{a.Frozen(c.Clock.Now()), waits}, err
}
