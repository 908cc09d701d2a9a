// Package console is where operators of ЕСИ work: they find a person by ПИН with
// a reason that the person will read, mend locks and freezes, handle incidents,
// approve connected systems, replace keys and see how people sign in. Whoever
// works here holds the operator's post in НИСУР today; everything is recorded.
package console

import (
	"context"
	"database/sql"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/incident"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// freshFor is how old an operator's sign-in may be.
var freshFor = setting.Time("console_fresh_for", time.Hour, 5*time.Minute, 12*time.Hour, "how old an operator's sign-in may be", "other people's accounts are open there, and a desk is left for lunch")

// Device is a person's device as the console shows it.
type Device struct {
	Name, Agent   string
	Created, Seen time.Time
}

// Console is the subject.
type Console struct {
	DB        *db.DB
	Clock     clock.Clock
	Log       *slog.Logger
	Queue     *job.Queue
	Site      *page.Site // ЕСИ's own; the console's is made from it
	Door      *door.Door
	Accounts  *account.Accounts
	Sessions  *sso.Sessions
	Notices   *notice.Notices
	Throttle  *throttle.Throttle
	Factors   *factor.Factors
	Incidents *incident.Incidents
	Control   *control.Control
	Keys      *openid.Keys
	Registry  *openid.Registry
	Own       func() []openid.Client // set by the installation, beside those of Registry
	Workforce workforceapi.API
	AuditKey  audit.Key
	// Words fills in the words of a record's codes.
	Words func(r *audit.Record)
	// Devices are the devices of the account.
	Devices func(ctx context.Context, accountID string) ([]Device, error)
	// Backups counts the backup codes that are left.
	Backups func(ctx context.Context, accountID string) (int, error)

	mu    sync.Mutex
	known map[string]operator // by ПИН: who was found to be an operator lately
}

// operator is who works at the console.
type operator struct {
	PIN          string
	Name         string
	Title        text.Words
	Organisation text.Words
	workforceapi.Standing
}

// operator asks НИСУР whether the person holds the post, twice a minute at most and
// when НИСУР told any process of a change.
// fail.Forbidden: they do not.
func (c *Console) operator(ctx context.Context, a account.Account) (operator, error) {
	now := c.Clock.Now()
	doubted, err := c.doubted(ctx, a.PIN)
	if err != nil {
		return operator{}, err
	}
	c.mu.Lock()
	o, found := c.known[a.PIN]
	c.mu.Unlock()
	if found && !o.Due(now, doubted) {
		return o, nil
	}
	if !found {
		o = operator{PIN: a.PIN, Name: a.Name(), Standing: workforceapi.Stands(now)}
		if err := c.ask(ctx, &o); err != nil {
			return operator{}, err
		}
		c.keep(o)
		return o, nil
	}
	away, err := o.Renew(ctx, now, doubted, func(ctx context.Context) error { return c.ask(ctx, &o) })
	if err != nil {
		c.mu.Lock()
		delete(c.known, a.PIN)
		c.mu.Unlock()
		return operator{}, err
	}
	if away != nil {
		c.Log.WarnContext(ctx, "an operator's post was not checked again", "system", "identity", "error", away.Error())
	}
	c.keep(o)
	return o, nil
}

func (c *Console) keep(o operator) {
	const most = 1000 // operators are few
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) > most {
		c.known = map[string]operator{}
	}
	c.known[o.PIN] = o
}

func (c *Console) ask(ctx context.Context, o *operator) error {
	posts, err := c.Workforce.Posts(ctx, o.PIN)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(posts, func(p workforceapi.Post) bool { return p.Role == workforceapi.Operator })
	if i < 0 {
		return fail.New(fail.Forbidden, "identity.console.no_post")
	}
	o.Title, o.Organisation = posts[i].Title, posts[i].OrganisationName
	return nil
}

// record writes, in the transaction, what the operator did and why. subject is
// the ПИН of the person concerned, "" for none.
func (c *Console) record(ctx context.Context, tx *sql.Tx, o operator, subject, action, reason, object string) error {
	return audit.Add(ctx, tx, c.Clock, audit.Record{
		Subject: subject, ActorPIN: o.PIN, ActorName: o.Name, ActorRole: o.Title.RU, Organisation: o.Organisation.RU,
		Via: "identity", Action: "console." + action, Purpose: reason, Object: object,
	})
}

// reason reads why the operator does it: the person will read it too.
func reason(form *page.Form) string {
	const least, most = 5, 300 // letters: a word at least, two sentences at most
	s := form.Need("reason", most)
	if s != "" && len([]rune(s)) < least {
		form.Fail("reason", "identity.console.reason_short")
	}
	return s
}

// Run gathers incidents, counts sign-ins and orders the daily check of the audit
// trail, until ctx ends.
func (c *Console) Run(ctx context.Context) {
	ticker := time.NewTicker(gatherEvery)
	defer ticker.Stop()
	for {
		if err := c.Gather(ctx); err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "incidents were not gathered", "system", "identity", "error", err.Error())
		}
		if err := c.CountOver(ctx); err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "sign-ins were not counted", "system", "identity", "error", err.Error())
		}
		if err := c.orderCheck(ctx, clock.DateOf(c.Clock.Now()).String()); err != nil && ctx.Err() == nil {
			c.Log.WarnContext(ctx, "the check of the audit trail was not ordered", "system", "identity", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Register tells the queue who checks the audit trail.
func (c *Console) Register() {
	c.Queue.Handle(checkJob, job.Policy{MaxAttempts: 5}, c.check)
	c.Queue.Beside(c.Run)
}
