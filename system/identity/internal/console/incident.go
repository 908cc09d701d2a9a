package console

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// Kind is a kind of incident. Its words are identity.console.incident.<kind>.
type Kind string

// The kinds.
const (
	Disowned     Kind = "disowned"      // a person said "this was not me"
	RefreshReuse Kind = "refresh_reuse" // a refresh token was used twice: it was stolen, or a client is wrong
	LockStorm    Kind = "lock_storm"    // many refused sign-ins to one account
	Spray        Kind = "spray"         // refused sign-ins to many accounts from one address
	AuditBroken  Kind = "audit_broken"  // the audit trail is not as it was written
)

// The states of an incident.
const (
	stateOpen    = "open"
	stateWorking = "working"
	stateClosed  = "closed"
)

// onward says which states may follow.
var onward = map[string][]string{
	stateOpen:    {stateWorking, stateClosed},
	stateWorking: {stateWorking, stateClosed}, // working again: a note
	stateClosed:  {stateWorking},
}

// When refused sign-ins become an incident.
const (
	gatherEvery = time.Minute
	// gatherBack is how far back what people disowned is looked for: longer than
	// any stop of the program.
	gatherBack = 30 * 24 * time.Hour
)

var (
	gatherWindow  = setting.Time("incident_window", time.Hour, 10*time.Minute, 24*time.Hour, "within what time refused sign-ins are counted together as an incident", "guessing is slow, since it is limited")
	stormRefusals = setting.Number("incident_refusals", 20, 5, 1000, "so many refused sign-ins of one account are an incident", "more than a person who has forgotten makes")
	sprayAccounts = setting.Number("incident_accounts", 8, 3, 1000, "so many accounts refused from one address are an incident", "a hospital shares one address, and few people there forget within an hour")
)

// incident is one of them.
type incident struct {
	id        string
	kind      Kind
	reference string
	account   string
	detail    string
	at        time.Time
	state     string
	version   int64
}

// step is what somebody did about an incident.
type step struct {
	at    time.Time
	name  string
	state string
	note  string
}

// Report writes, in the transaction, that there is an incident; once for each
// reference. accountID is "" when it is about no single account.
func (c *Console) Report(ctx context.Context, tx *sql.Tx, kind Kind, reference, accountID, detail string) error {
	return c.insertIncident(ctx, tx, incident{
		id: id.New(), kind: kind, reference: reference, account: accountID, detail: detail, at: c.Clock.Now(), state: stateOpen,
	})
}

// Gather makes incidents of what the tables tell. Several processes may do so at
// once: a reference makes one incident.
func (c *Console) Gather(ctx context.Context) error {
	now := c.Clock.Now()
	found, err := c.disowned(ctx, now.Add(-gatherBack))
	if err != nil {
		return err
	}
	day := clock.DateOf(now).String()
	lives := c.Door.Lives
	since := now.Add(-lives.Time(gatherWindow))
	storms, err := c.storms(ctx, since, int(lives.Number(stormRefusals)))
	if err != nil {
		return err
	}
	for _, each := range storms {
		found = append(found, incident{kind: LockStorm, reference: each.of + " " + day, account: each.of, detail: each.detail})
	}
	sprays, err := c.sprays(ctx, since, int(lives.Number(sprayAccounts)))
	if err != nil {
		return err
	}
	for _, each := range sprays {
		found = append(found, incident{kind: Spray, reference: each.of + " " + day, detail: each.detail})
	}
	fresh, err := c.unknown(ctx, found)
	if err != nil || len(fresh) == 0 {
		return err
	}
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, each := range fresh {
			if err := c.Report(ctx, tx, each.kind, each.reference, each.account, each.detail); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reused reports, in the transaction that ends the grant, that a refresh token
// came a second time.
func (c *Console) Reused(ctx context.Context, tx *sql.Tx, grantID, accountID, client string) error {
	return c.Report(ctx, tx, RefreshReuse, grantID, accountID, client)
}

// handle takes the incident a step on; of two operators at once one is told that
// it is not as they saw it.
func (c *Console) handle(ctx context.Context, o operator, incidentID string, version int64, to, note string) error {
	return c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		i, found, err := c.oneIncident(ctx, tx, incidentID)
		if err != nil {
			return err
		}
		if !found {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		if !slices.Contains(onward[i.state], to) {
			return fail.New(fail.Conflict, "identity.console.no_longer")
		}
		moved, err := c.moveIncident(ctx, tx, i, version, to)
		if err != nil {
			return err
		}
		if !moved {
			return fail.New(fail.Conflict, "identity.console.no_longer")
		}
		if err := c.insertStep(ctx, tx, i.id, o, step{at: c.Clock.Now(), name: o.Name, state: to, note: note}); err != nil {
			return err
		}
		pin := ""
		if i.account != "" {
			a, found, err := c.Accounts.ByID(ctx, i.account)
			if err != nil {
				return err
			}
			if found {
				pin = a.PIN
			}
		}
		return c.record(ctx, tx, o, pin, "incident", note, i.id)
	})
}
