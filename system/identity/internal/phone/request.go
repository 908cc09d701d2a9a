package phone

import (
	"context"
	"crypto/rand"
	"math/big"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

const requestLife = 2 * time.Minute

// State is where a sign-in by phone stands.
type State string

// The states.
const (
	Waiting  State = "waiting"
	Approved State = "approved"
	Refused  State = "refused"
	Gone     State = "gone" // run out, or used
)

// Request is a browser that waits for a phone.
type Request struct {
	Client  string // who asks, "" for ЕСИ itself
	Agent   string // the browser
	Address string // its network address
	State   State
	Expires time.Time

	browser string // hash
	number  int64
	flow    string
	account string
	level   assurance.Level
}

// shown is what the waiting browser shows.
type shown struct {
	token  string // in the QR code
	code   string // to type where no camera helps: XXXX-XXXX
	number int64  // two digits, typed on the phone: whoever approves looks at this screen
}

// letters are easy to tell apart and to say.
const letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

func random(below int64) int64 {
	n, _ := rand.Int(rand.Reader, big.NewInt(below)) // never fails since Go 1.24
	return n.Int64()
}

func code() string {
	var b strings.Builder
	for range 8 {
		_ = b.WriteByte(letters[random(int64(len(letters)))]) // a builder takes everything
	}
	return b.String()
}

// ask makes the browser wait: what it waited for before is forgotten.
func (p *Phones) ask(ctx context.Context, browser, flow, client string, place notice.Place) (shown, error) {
	if err := p.Throttle.Try(ctx, throttle.Asking, place.Address); err != nil {
		return shown{}, err
	}
	s := shown{token: id.Secret(), code: code(), number: 10 + random(90)}
	r := Request{
		Client: client, Agent: place.Agent, Address: place.Address, State: Waiting, Expires: p.Clock.Now().Add(requestLife),
		browser: id.Hash(browser), number: s.number, flow: flow,
	}
	return s, p.keep(ctx, r, id.Hash(s.token), id.Hash("code "+s.code))
}

// normal is a typed code as it was shown: without blanks and dashes, in capitals.
func normal(typed string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(letters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
}

// find is the waiting request of a scanned token or a typed code.
func (p *Phones) find(ctx context.Context, accountID, scanned string) (Request, error) {
	if err := p.Throttle.Try(ctx, throttle.Scanning, accountID); err != nil {
		return Request{}, err
	}
	hash := id.Hash("code " + normal(scanned))
	if len(scanned) == 43 {
		hash = id.Hash(scanned)
	}
	r, found, err := p.byHash(ctx, hash)
	if err != nil {
		return Request{}, err
	}
	if !found || r.State != Waiting || !r.Expires.After(p.Clock.Now()) {
		return Request{}, fail.Fields(fail.Finding{Field: "code", Key: "identity.phone.code_gone"})
	}
	return r, p.Throttle.Clear(ctx, throttle.Scanning, accountID)
}

// approve lets the browser in, once: the number is the one that it shows, and
// the PIN that of the device. A wrong number refuses the request for good: who
// cannot see the other screen is being led by somebody else.
func (p *Phones) approve(ctx context.Context, a account.Account, d Device, level assurance.Level, scanned, number, pin string, place notice.Place) error {
	r, err := p.find(ctx, a.ID, scanned)
	if err != nil {
		return err
	}
	if err := p.check(ctx, d, pin, place); err != nil {
		return err
	}
	if strings.TrimSpace(number) != big.NewInt(r.number).String() {
		if _, err := p.decide(ctx, r, Refused, a.ID, level); err != nil {
			return err
		}
		return fail.New(fail.Forbidden, "identity.phone.number_wrong")
	}
	decided, err := p.decide(ctx, r, Approved, a.ID, level)
	if err == nil && !decided {
		err = fail.Fields(fail.Finding{Field: "code", Key: "identity.phone.code_gone"})
	}
	return err
}

// refuse ends the request: "this was not me".
func (p *Phones) refuse(ctx context.Context, a account.Account, scanned string) error {
	r, err := p.find(ctx, a.ID, scanned)
	if err != nil {
		return err
	}
	if _, err := p.decide(ctx, r, Refused, a.ID, ""); err != nil {
		return err
	}
	return p.Record(ctx, a.PIN, a.Name(), "phone.refused", r.Client)
}

// state is where the browser's request stands.
func (p *Phones) state(ctx context.Context, browser string) (State, error) {
	r, found, err := p.ofBrowser(ctx, id.Hash(browser))
	if err != nil {
		return "", err
	}
	if !found || !r.Expires.After(p.Clock.Now()) {
		return Gone, nil
	}
	return r.State, nil
}

// take uses the approval: of two at once, one is first. fail.Fields when nothing
// is approved.
func (p *Phones) take(ctx context.Context, browser, flow string) (account.Account, assurance.Level, error) {
	r, found, err := p.ofBrowser(ctx, id.Hash(browser))
	if err != nil {
		return account.Account{}, "", err
	}
	if found && r.State == Approved && r.flow == flow && r.Expires.After(p.Clock.Now()) {
		if found, err = p.use(ctx, r); err != nil {
			return account.Account{}, "", err
		}
		if found {
			a, known, err := p.Accounts.ByID(ctx, r.account)
			if err != nil || known {
				return a, r.level, err
			}
		}
	}
	return account.Account{}, "", fail.New(fail.Forbidden, "identity.phone.not_approved")
}
