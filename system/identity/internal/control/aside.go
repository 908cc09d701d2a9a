package control

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// AsideFor is how long before a disowned event the account is no longer trusted:
// what was added since then is put aside.
var AsideFor = setting.Time("suspend_back", 72*time.Hour, time.Hour, 90*24*time.Hour, "how long before an event that was «not me» what was added to the account is suspended", "who gets in is seldom noticed at the first thing they do; a weekend may pass without a look at the messages")

// Kinds of notices about what was put aside.
const (
	putAside      notice.Kind = "put_aside"
	asideKept     notice.Kind = "aside_kept"
	asideRemoved  notice.Kind = "aside_removed"
	asideReturned notice.Kind = "aside_returned" // by an operator
)

// Keeper is a room that keeps contacts or factors of accounts.
type Keeper interface {
	// PutAside takes out of use what was added to the account since the moment.
	// The caller holds the account's row.
	PutAside(ctx context.Context, tx *sql.Tx, a account.Account, since time.Time) ([]account.Aside, error)
	// GiveBack takes it into use again; false when it cannot be any more.
	GiveBack(ctx context.Context, tx *sql.Tx, accountID string, thing account.Aside) (bool, error)
	// Discard takes it away for good.
	Discard(ctx context.Context, tx *sql.Tx, accountID string, thing account.Aside) error
}

// Keeps adds a room whose things of the kinds are put aside.
func (c *Control) Keeps(k Keeper, kinds ...string) {
	c.keepers = append(c.keepers, keeper{k, kinds})
}

type keeper struct {
	Keeper
	kinds []string
}

func (c *Control) keeperOf(kind string) (keeper, error) {
	i := slices.IndexFunc(c.keepers, func(k keeper) bool { return slices.Contains(k.kinds, kind) })
	if i < 0 {
		return keeper{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return c.keepers[i], nil
}

// State is what became of a thing that was put aside.
type State string

// The states.
const (
	Waiting State = "waiting"
	Kept    State = "kept"
	Removed State = "removed"
)

// Who decided, where it was no operator.
const (
	byPerson   = "person"
	byRecovery = "recovery"
	byClosing  = "closing"
)

// Thing is what was put aside.
type Thing struct {
	ID        string
	Account   string
	Event     string // what was disowned
	Detail    string // words for the person, masked
	Suspended time.Time
	State     State
	Decided   time.Time // zero while it waits
	By        string    // who decided
	account.Aside
}

// Returns says whether the thing can be given back at all: a device cannot.
func (t Thing) Returns() bool { return t.Kind != account.KindDevice }

// Since is from when on what was added counts as not the person's own, after the
// event was disowned.
func (c *Control) Since(e notice.Event) time.Time {
	return e.At.Add(-c.Lives.Time(AsideFor))
}

// aside puts aside, in the transaction, what was added since the window before
// the event began, and tells the person, also where they were reached before.
func (c *Control) aside(ctx context.Context, tx *sql.Tx, a account.Account, e notice.Event) error {
	since := c.Since(e)
	told, err := c.Notices.Before(ctx, tx, a, since)
	if err != nil {
		return err
	}
	var details []string
	for _, k := range c.keepers {
		found, err := k.PutAside(ctx, tx, a, since)
		if err != nil {
			return err
		}
		for _, each := range found {
			t := Thing{Account: a.ID, Event: e.ID, Detail: c.detail(a.Lang, each), State: Waiting, Aside: each}
			if err := c.insert(ctx, tx, t); err != nil {
				return err
			}
			details = append(details, t.Detail)
		}
	}
	if len(details) == 0 {
		return nil
	}
	return c.Notices.Tell(ctx, tx, told, putAside, strings.Join(details, ", "), notice.Place{})
}

// detail is how the person knows the thing again.
func (c *Control) detail(lang text.Lang, thing account.Aside) string {
	switch thing.Kind {
	case account.KindPhone:
		return factor.MaskPhone(thing.Value)
	case account.KindEmail:
		return factor.MaskEmail(thing.Value)
	case account.KindTelegram:
		return "Telegram"
	case account.KindTOTP:
		return "TOTP"
	}
	kind := c.Notices.Texts.Words("identity.aside." + thing.Kind).In(lang) // text: identity.aside.*
	if thing.Name == "" {
		return kind
	}
	return kind + " «" + thing.Name + "»"
}

// Clear takes away, in the transaction, all that waits: the person has proved
// anew who they are, or closes the account. It gives what it was.
func (c *Control) Clear(ctx context.Context, tx *sql.Tx, accountID, by string) (details []string, err error) {
	things, err := c.waiting(ctx, tx, accountID)
	if err != nil {
		return nil, err
	}
	for _, t := range things {
		if err := c.discard(ctx, tx, t, by); err != nil {
			return nil, err
		}
		details = append(details, t.Detail)
	}
	return details, nil
}

// Recovered is Clear for an account that was recovered.
func (c *Control) Recovered(ctx context.Context, tx *sql.Tx, accountID string) ([]string, error) {
	return c.Clear(ctx, tx, accountID, byRecovery)
}

// Closed is Clear for an account that is closed.
func (c *Control) Closed(ctx context.Context, tx *sql.Tx, accountID string) error {
	_, err := c.Clear(ctx, tx, accountID, byClosing)
	return err
}

func (c *Control) discard(ctx context.Context, tx *sql.Tx, t Thing, by string) error {
	k, err := c.keeperOf(t.Kind)
	if err != nil {
		return err
	}
	if decided, err := c.decide(ctx, tx, t.ID, Removed, by); err != nil || !decided {
		return err
	}
	return k.Discard(ctx, tx, t.Account, t.Aside)
}

// Return gives the thing back, in the transaction; fail.Conflict when it was
// decided before, is gone, or another has taken its place.
func (c *Control) Return(ctx context.Context, tx *sql.Tx, t Thing, by string) error {
	k, err := c.keeperOf(t.Kind)
	if err != nil {
		return err
	}
	decided, err := c.decide(ctx, tx, t.ID, Kept, by)
	if err != nil {
		return err
	}
	back := false
	if decided {
		if back, err = k.GiveBack(ctx, tx, t.Account, t.Aside); err != nil {
			return err
		}
	}
	if !back {
		return fail.New(fail.Conflict, "identity.aside.no_longer")
	}
	return nil
}

// ReturnAll gives back, in the transaction of an operator who has seen the
// person, those of the account's things that wait and are among the ids, and
// tells the person.
func (c *Control) ReturnAll(ctx context.Context, tx *sql.Tx, a account.Account, ids []string, operator, why string, at notice.Place) error {
	things, err := c.waiting(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	var details []string
	for _, t := range things {
		if !slices.Contains(ids, t.ID) || !t.Returns() {
			continue
		}
		if err := c.Return(ctx, tx, t, operator); err != nil {
			return err
		}
		details = append(details, t.Detail)
	}
	if len(details) == 0 {
		return nil
	}
	return c.Notices.Tell(ctx, tx, a, asideReturned, text.Joined(strings.Join(details, ", "), why), at)
}

// strong says whether the sign-in is one on which something may be taken into use
// again that was put aside: a card or a certificate of the state; and, once
// changes are open again, a key. A thief may have bound a key long before.
func strong(p door.Person, now time.Time) bool {
	switch door.Method(p.Session.Method) {
	case door.Card, door.Signature:
		return true
	case door.Passkey:
		return !p.Account.Frozen(now)
	}
	return false
}

// review is the person's word about a thing that waits.
func (c *Control) review(ctx context.Context, p door.Person, thingID string, keep bool, at notice.Place) error {
	if keep && !strong(p, c.Clock.Now()) {
		return fail.New(fail.Forbidden, "identity.aside.stronger")
	}
	kind := asideRemoved
	if keep {
		kind = asideKept
	}
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a, found, err := c.Accounts.Hold(ctx, tx, p.Account.ID)
		if err != nil {
			return err
		}
		things, err := c.waiting(ctx, tx, p.Account.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(things, func(t Thing) bool { return t.ID == thingID }) // one's own alone
		if !found || i < 0 {
			return fail.New(fail.Conflict, "identity.aside.no_longer")
		}
		if keep {
			err = c.Return(ctx, tx, things[i], byPerson)
		} else {
			err = c.discard(ctx, tx, things[i], byPerson)
		}
		if err != nil {
			return err
		}
		return c.Notices.Tell(ctx, tx, a, kind, things[i].Detail, at)
	})
	if err != nil {
		return err
	}
	return c.Record(ctx, p.Account.PIN, p.Account.Name(), "account."+string(kind), "")
}
