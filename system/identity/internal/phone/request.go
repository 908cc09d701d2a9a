package phone

import (
	"context"
	"crypto/rand"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/passkey"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

var requestLife = setting.Time("qr_life", 2*time.Minute, 30*time.Second, 5*time.Minute, "how long the QR code of a sign-in waits for the phone", "a picture of it that is passed on comes too late")

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
	proof   proof
	epoch   int64 // the account's when it was approved
}

// proof is by what the phone's owner approved.
type proof string

// The proofs.
const (
	byPIN     proof = "pin"
	byPasskey proof = "passkey"
)

// amr are the methods of the sign-in that was approved so (RFC 8176). A key that
// was asked on the phone does not bind the screen that it let in: that one is
// not said to resist phishing.
func (p proof) amr() []string {
	if p == byPasskey {
		return []string{"user", "mca", "mfa"}
	}
	return []string{"pin", "mca", "mfa"}
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
		Client: client, Agent: place.Agent, Address: place.Address, State: Waiting, Expires: p.Clock.Now().Add(p.Door.Lives.Time(requestLife)),
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

// approver is the person before the phone.
type approver struct {
	account account.Account
	session string // its SID
	level   assurance.Level
	place   notice.Place
}

// owner is whose answer with a key is taken: the one for this request, in this
// session.
func (r Request) owner(session string) string {
	return session + " " + r.browser + " " + strconv.FormatInt(r.Expires.UnixMicro(), 10)
}

// askKey is the question for a key that approves the request.
func (p *Phones) askKey(ctx context.Context, by approver, scanned string) (passkey.Question, error) {
	r, err := p.find(ctx, by.account.ID, scanned)
	if err != nil {
		return passkey.Question{}, err
	}
	return p.Keys.AskApproval(ctx, by.account, r.owner(by.session))
}

// approveByPIN lets the browser in, once: the number is the one that it shows,
// and the PIN that of the device.
func (p *Phones) approveByPIN(ctx context.Context, by approver, d Device, scanned, number, pin string) error {
	r, err := p.find(ctx, by.account.ID, scanned)
	if err != nil {
		return err
	}
	if err := p.check(ctx, d, pin, by.place); err != nil {
		return err
	}
	return p.approve(ctx, r, by, number, byPIN)
}

// approveByKey does so by a key of the person's, which has made sure of its user.
// Answers are counted like those of the second factor.
func (p *Phones) approveByKey(ctx context.Context, by approver, scanned, number, ticket, answer string) error {
	r, err := p.find(ctx, by.account.ID, scanned)
	if err != nil {
		return err
	}
	counted := by.account.ID + ":approve"
	if err := p.Throttle.Try(ctx, throttle.Factor, counted); err != nil {
		return err
	}
	if _, err := p.Keys.CheckApproval(ctx, by.account, r.owner(by.session), ticket, answer, by.place); err != nil {
		return err
	}
	if err := p.Throttle.Clear(ctx, throttle.Factor, counted); err != nil {
		return err
	}
	return p.approve(ctx, r, by, number, byPasskey)
}

// approve takes the number. A wrong one refuses the request for good: who cannot
// see the other screen is being led by somebody else.
func (p *Phones) approve(ctx context.Context, r Request, by approver, number string, how proof) error {
	if strings.TrimSpace(number) != big.NewInt(r.number).String() {
		if _, err := p.decide(ctx, r, Refused, by, ""); err != nil {
			return err
		}
		return fail.New(fail.Forbidden, "identity.phone.number_wrong")
	}
	decided, err := p.decide(ctx, r, Approved, by, how)
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
	if _, err := p.decide(ctx, r, Refused, approver{account: a}, ""); err != nil {
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
func (p *Phones) take(ctx context.Context, browser, flow string) (account.Account, door.Way, error) {
	r, found, err := p.ofBrowser(ctx, id.Hash(browser))
	if err != nil {
		return account.Account{}, door.Way{}, err
	}
	if found && r.State == Approved && r.flow == flow && r.Expires.After(p.Clock.Now()) {
		if found, err = p.use(ctx, r); err != nil {
			return account.Account{}, door.Way{}, err
		}
		if found {
			a, known, err := p.Accounts.ByID(ctx, r.account)
			if err != nil || known && a.Epoch == r.epoch {
				return a, door.Way{Method: door.Phone, AMR: r.proof.amr(), Level: assurance.Least(assurance.Substantial, r.level)}, err
			}
		}
	}
	return account.Account{}, door.Way{}, fail.New(fail.Forbidden, "identity.phone.not_approved")
}
