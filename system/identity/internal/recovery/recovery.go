// Package recovery lets a person who has lost the password come in again
// (ID-13), never more easily than signing in is: by two different channels, by a
// channel and a factor that is bound to the account, or by the ID card alone.
//
// Nobody learns here whether a ПИН has an account. Every ПИН walks the same
// pages; what is sent is decided by a job, after the page was answered; and a
// code that was never sent is checked with the same work as one that was.
package recovery

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/incident"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/passkey"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

var (
	life     = setting.Time("recovery_life", 30*time.Minute, 5*time.Minute, 2*time.Hour, "how long a recovery that was begun may take", "messages come late, a card is fetched")
	maxTries = setting.Number("recovery_tries", 10, 3, 20, "wrong codes within one recovery, then it begins anew", "two channels, a few slips each")
)

// The limits. A browser in which the person has signed in before has counts of
// its own, so that nobody elsewhere can keep the person from recovering.
var (
	// Beginning is for one network address.
	Beginning = throttle.Declare(throttle.Limit{Kind: "recovery-begin", Free: 30, Window: 10 * time.Minute, Lock: time.Minute, Longest: 15 * time.Minute})
	// Asking is for the codes of one ПИН and channel: fewer than what the channel
	// takes at all, so that the person can still sign in meanwhile.
	Asking = throttle.Declare(throttle.Limit{Kind: "recovery-send", Free: 4, Window: 15 * time.Minute, Lock: 15 * time.Minute, Longest: time.Hour})
	// Guessing is for the codes typed for one ПИН.
	Guessing = throttle.Declare(throttle.Limit{Kind: "recovery-guess", Free: 20, Window: time.Hour, Lock: 5 * time.Minute, Longest: time.Hour})
)

// Way is something by which the person proves to be the account's owner.
type Way string

// The ways.
const (
	SMS     Way = "sms"
	Email   Way = "email"
	TOTP    Way = "totp"
	Backup  Way = "backup"
	Passkey Way = "passkey"
	Card    Way = "card"
)

// sent says that the way's code is sent by us.
func (w Way) sent() bool { return w == SMS || w == Email }

// wrong is what the way's answer is refused with: what to do is another thing for each.
func (w Way) wrong() fail.Finding {
	switch w {
	case TOTP:
		return fail.Finding{Field: "code", Key: "identity.recovery.wrong_totp"}
	case Backup:
		return fail.Finding{Field: "code", Key: "identity.recovery.wrong_backup"}
	case Passkey: // whose page has no field
		return fail.Finding{Key: "identity.recovery.wrong_key"}
	}
	return fail.Finding{Field: "code", Key: "identity.recovery.wrong"}
}

// Recovery is the subject.
type Recovery struct {
	DB        *db.DB
	Clock     clock.Clock
	Site      *page.Site
	Queue     *job.Queue
	Door      *door.Door
	Accounts  *account.Accounts
	Throttle  *throttle.Throttle
	Codes     *onetime.Codes
	Notices   *notice.Notices
	Control   *control.Control
	Incidents *incident.Incidents
	Backups   *factor.Backups
	Keys      *passkey.Keys
	// CardPath is the page on which an ID card proves the recovery's owner, who is
	// told by Proved; "" where there is none.
	CardPath string
	Record   func(ctx context.Context, pin, name, action, object string) error
}

// request is a recovery under way.
type request struct {
	hash   string
	pin    string
	proved []Way
	epoch  int64 // of the ПИН's account when it was begun
}

// enough says whether what was proved is no less than a sign-in asks for.
func enough(proved []Way) bool {
	channels, factors := 0, 0
	for _, way := range proved {
		switch way {
		case Card:
			return true
		case SMS, Email:
			channels++
		case TOTP, Backup, Passkey:
			factors++
		}
	}
	return channels >= 2 || channels == 1 && factors > 0
}

// ways are the ways of a page each, for every ПИН alike.
func (s *Recovery) ways() []Way {
	all := []Way{SMS, Email, TOTP, Backup}
	if s.Keys.On() {
		all = append(all, Passkey)
	}
	return all
}

// given is what the person answers with.
type given struct {
	code           string
	ticket, signed string // of a passkey
}

// begin starts a recovery of the ПИН, whether it has an account or not.
func (s *Recovery) begin(ctx context.Context, typed string, place notice.Place) (secret string, err error) {
	digits, err := pin.Parse(typed)
	if err != nil {
		e := fail.As(err)
		return "", fail.Fields(fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	if err := s.Throttle.Try(ctx, Beginning, place.Address); err != nil {
		return "", err
	}
	secret = id.Secret()
	return secret, s.insert(ctx, id.Hash(secret), digits)
}

// counted is what attempts at the ПИН are counted by.
func (s *Recovery) counted(ctx context.Context, digits, browser string) (string, error) {
	known, err := s.Door.Known(ctx, digits, browser)
	if known {
		digits += ":" + id.Hash(browser)
	}
	return digits, err
}

const sendJob = "recovery-send"

type order struct {
	Request string `json:"request"` // hash of its secret
	Way     Way    `json:"way"`
}

// Register tells the queue who sends.
func (s *Recovery) Register() {
	// Half a minute of tries: the person looks at the page, and asks anew.
	s.Queue.Handle(sendJob, job.Policy{MaxAttempts: 6, FirstDelay: time.Second, MaxDelay: 20 * time.Second}, s.deliver)
}

// send asks for a code. Whether one goes out is not decided here: the work and
// the answer are the same for every ПИН.
func (s *Recovery) send(ctx context.Context, r request, way Way, browser string) error {
	if !way.sent() {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	counted, err := s.counted(ctx, r.pin, browser)
	if err != nil {
		return err
	}
	if err := s.Throttle.Try(ctx, Asking, string(way)+":"+counted); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := s.Queue.Add(ctx, tx, sendJob, order{r.hash, way}, job.Options{Subject: string(way)})
		return err
	})
}

// deliver sends the code if there is an account that may be recovered by codes,
// with the channel confirmed.
func (s *Recovery) deliver(ctx context.Context, j job.Job) error {
	var o order
	if err := j.Bind(&o); err != nil {
		return err
	}
	r, found, err := s.byHash(ctx, o.Request)
	if err != nil || !found {
		return err
	}
	a, found, err := s.Accounts.ByPIN(ctx, r.pin)
	if err != nil || !found {
		return err
	}
	address := map[Way]string{SMS: a.Phone, Email: a.Email}[o.Way]
	confirmed := map[Way]bool{SMS: a.PhoneVerified, Email: a.EmailVerified}[o.Way]
	allowed, err := s.goesOn(ctx, r, a)
	if err != nil || !allowed || !confirmed || address == "" {
		return err
	}
	err = s.Codes.Send(ctx, onetime.Order{
		Purpose: onetime.Recovery, Owner: r.owner(o.Way), Channel: onetime.Channel(o.Way), Address: address, Lang: a.Lang,
	})
	if fail.Is(err, fail.TooMany) {
		return nil // the phone has rung often enough
	}
	return err
}

// owner binds a code to its own request and channel.
func (r request) owner(way Way) string { return r.hash + ":" + string(way) }

// byCodes says whether the account may be recovered without the card: not one
// that was reported, while changes wait or an operator has not closed the case.
func (s *Recovery) byCodes(ctx context.Context, q db.Querier, a account.Account) (bool, error) {
	pending, err := s.Incidents.Pending(ctx, q, a.ID) // asked for who is not there too: it takes its time
	return err == nil && !pending && a.State == account.Active && !a.Frozen(s.Clock.Now()), err
}

// goesOn says whether a step of the recovery by codes counts: it does not where all
// sessions of the account were ended since the recovery was begun.
func (s *Recovery) goesOn(ctx context.Context, r request, a account.Account) (bool, error) {
	allowed, err := s.byCodes(ctx, s.DB.Read, a)
	return allowed && a.Epoch == r.epoch, err
}

// ask is the question that a passkey of the account answers; any that is right
// does, for every ПИН alike.
func (s *Recovery) ask(r request) (passkey.Question, error) {
	return s.Keys.AskRecovery(r.owner(Passkey))
}

// check takes the answer for the way. Every wrong answer sounds the same and
// costs the same: a code that is wrong, old, spent, or was never sent.
func (s *Recovery) check(ctx context.Context, r request, way Way, by given, browser string, place notice.Place) error {
	if !slices.Contains(s.ways(), way) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	counted, err := s.counted(ctx, r.pin, browser)
	if err != nil {
		return err
	}
	if err := s.Throttle.Try(ctx, Guessing, counted); err != nil {
		return err
	}
	taken, err := s.try(ctx, r)
	if err != nil {
		return err
	}
	if !taken { // for every ПИН alike
		return fail.New(fail.Gone, "identity.recovery.used_up")
	}
	right, err := s.right(ctx, r, way, by, place)
	if err != nil {
		return err
	}
	if !right {
		return fail.Fields(way.wrong())
	}
	if err := s.Throttle.Refund(ctx, Guessing, counted); err != nil {
		return err
	}
	return s.prove(ctx, r.hash, way)
}

func (s *Recovery) right(ctx context.Context, r request, way Way, by given, place notice.Place) (bool, error) {
	if way.sent() {
		err := s.Codes.Check(ctx, onetime.Recovery, r.owner(way), by.code)
		if errors.Is(err, onetime.ErrNone) {
			return false, s.wait(ctx, r) // what checking a code writes, it writes
		}
		if fail.Is(err, fail.Invalid) {
			return false, nil
		}
		return err == nil, err
	}
	a, found, err := s.Accounts.ByPIN(ctx, r.pin)
	if err != nil {
		return false, err
	}
	allowed, err := s.goesOn(ctx, r, a)
	if err != nil {
		return false, err
	}
	if !found || !allowed {
		a = account.Account{}
	}
	if way == Passkey {
		owner, err := s.Keys.CheckRecovery(ctx, r.owner(Passkey), by.ticket, by.signed, place)
		if fail.Is(err, fail.Invalid) {
			return false, nil
		}
		return err == nil && a.ID != "" && owner.ID == a.ID, err
	}
	if way == Backup {
		err := s.Backups.Check(ctx, a, by.code, place)
		if fail.Is(err, fail.Invalid) {
			return false, nil
		}
		return err == nil, err
	}
	return s.Accounts.CheckTOTP(ctx, a, by.code)
}

// Proved is told by the ID card's page that the card of the account's owner
// signed for the recovery of the secret.
func (s *Recovery) Proved(ctx context.Context, secret string, owner account.Account) error {
	r, found, err := s.byHash(ctx, id.Hash(secret))
	if err != nil {
		return err
	}
	if !found || r.pin != owner.PIN {
		return fail.New(fail.Gone, "identity.recovery.gone")
	}
	return s.prove(ctx, r.hash, Card)
}

// finish sets the new password, once: all sessions end, and the person is told
// on every channel. What was put aside and waits for a look is taken away. By card
// it ends the freezing too: a thief has no card.
func (s *Recovery) finish(ctx context.Context, r request, password string, place notice.Place) error {
	if !enough(r.proved) {
		return fail.New(fail.Forbidden, "identity.recovery.more")
	}
	a, _, err := s.Accounts.ByPIN(ctx, r.pin)
	if err != nil {
		return err
	}
	hashed, err := s.Accounts.HashFor(ctx, a, "password", password)
	if err != nil {
		return err
	}
	known := a
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		current, err := s.take(ctx, tx, r.hash)
		if err != nil {
			return err
		}
		var found bool
		if a, found, err = s.Accounts.Hold(ctx, tx, known.ID); err != nil {
			return err
		}
		if !found || !enough(current.proved) {
			return fail.New(fail.Gone, "identity.recovery.gone")
		}
		if a.State != account.Active {
			return fail.New(fail.Forbidden, "identity.account."+string(a.State)).Titled("identity.account." + string(a.State) + "_title") // text: identity.account.*
		}
		byCard := slices.Contains(current.proved, Card)
		if allowed, err := s.byCodes(ctx, tx, a); err != nil {
			return err
		} else if !allowed && !byCard { // reported meanwhile
			return fail.New(fail.Forbidden, "identity.recovery.card_only")
		}
		if a.Epoch != current.epoch { // somebody else may have proved it, before the owner ended all
			return fail.New(fail.Gone, "identity.recovery.gone")
		}
		if byCard {
			if err := s.Accounts.Freeze(ctx, tx, a.ID, time.Time{}); err != nil {
				return err
			}
		}
		if err := s.Accounts.SetPassword(ctx, tx, a.ID, hashed); err != nil {
			return err
		}
		if err := s.Control.EndEverything(ctx, tx, a.ID); err != nil {
			return err
		}
		removed, err := s.Control.Recovered(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		return s.Notices.Tell(ctx, tx, a, notice.Recovered, strings.Join(removed, ", "), place)
	})
	if err != nil {
		return err
	}
	if err := s.Throttle.Clear(ctx, throttle.Password, a.PIN); err != nil {
		return err
	}
	return s.Record(ctx, a.PIN, a.Name(), "account.recovered", "")
}
