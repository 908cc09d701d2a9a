// Package account keeps people's accounts: who they are, how they are reached,
// and how they prove who they are.
package account

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
)

// Account is one person's account.
type Account struct {
	ID            string // the public, stable "sub"
	PIN           string
	FamilyName    string
	GivenName     string
	Patronymic    string
	Sex           string // female, male, unknown
	BirthDate     clock.Date
	Citizenship   string // ISO 3166-1 alpha-3
	Email         string
	EmailVerified bool
	Phone         string // +996…
	PhoneVerified bool
	Telegram      string // chat id of the bound messenger, "" without one
	Channel       string // second factor asked for first, "" for the strongest
	Lang          text.Lang
	Level         assurance.Level // earned by the proofing
	State         State
	FrozenUntil   time.Time // no factor or contact changes before
	CreatedAt     time.Time
	Epoch         int64 // counts how often its sessions were ended: a sign-in that began before goes no further
	// Since when the account has them; zero when it had them from its beginning.
	PhoneAt, EmailAt, TelegramAt, TOTPAt time.Time

	password string // PHC string
	totp     string // sealed
	totpStep int64
}

// Name is surname, given name, patronymic.
func (a Account) Name() string {
	return text.Joined(a.FamilyName, a.GivenName, a.Patronymic)
}

// State says whether the account may be used.
type State string

// The states. Blocked by an operator; closed by its owner.
const (
	Active  State = "active"
	Blocked State = "blocked"
	Closed  State = "closed"
)

// HasPassword says that the set-up came that far (ID-4).
func (a Account) HasPassword() bool { return a.password != "" }

// HasTOTP says that an authenticator app is bound.
func (a Account) HasTOTP() bool { return a.totp != "" }

// New is what an account is made of. The data must have been checked against
// the population register before (ID-2).
type New struct {
	PIN                               string
	FamilyName, GivenName, Patronymic string
	BirthDate                         clock.Date
	Citizenship                       string // "" is KGZ
	Email, Phone                      string // confirmed, or ""
	Lang                              text.Lang
	Level                             assurance.Level // "" is Substantial
	Password                          string          // "": set at the first sign-in, by the set-up
	TOTP                              string          // base32, or "" to have codes sent
}

// Accounts are all accounts.
type Accounts struct {
	DB     *db.DB
	Clock  clock.Clock
	Box    *seal.Box
	hasher *hasher
}

// NewAccounts makes them.
func NewAccounts(d *db.DB, c clock.Clock, box *seal.Box) *Accounts {
	return &Accounts{DB: d, Clock: c, Box: box, hasher: newHasher()}
}

// Create makes the account of a person. One that is there already stays as it
// is, and false is returned; one that its owner closed is opened again with the
// data of the new proofing and the "sub" it had.
func (s *Accounts) Create(ctx context.Context, n New) (bool, error) {
	digits, err := pin.Parse(n.PIN)
	if err != nil {
		return false, err
	}
	if known, err := s.known(ctx, digits); err != nil || known {
		return false, err
	}
	a, err := s.Prepare(ctx, n)
	if err != nil {
		return false, err
	}
	made := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		made, err = s.Insert(ctx, tx, a)
		return err
	})
	return made, err
}

// Prepare makes an account that is not kept yet. Hashing the password takes its
// time, so it is done before the transaction of Insert.
func (s *Accounts) Prepare(ctx context.Context, n New) (Account, error) {
	digits, err := pin.Parse(n.PIN)
	if err != nil {
		return Account{}, err
	}
	if n.Password != "" {
		if findings := Weaknesses("password", n.Password); len(findings) > 0 {
			return Account{}, fail.Fields(findings...)
		}
	}
	if n.FamilyName == "" || n.GivenName == "" {
		return Account{}, fail.Fields(fail.Finding{Field: "family_name", Key: "kit.field.required"})
	}
	if n.Password != "" && n.Phone == "" && n.Email == "" && n.TOTP == "" {
		// Nobody could ever pass the second factor.
		return Account{}, fail.Fields(fail.Finding{Field: "phone", Key: "kit.field.required"})
	}
	subject := id.Secret()
	if closed, found, err := s.ByPIN(ctx, digits); err != nil {
		return Account{}, err
	} else if found && closed.State == Closed {
		subject = closed.ID // what is sealed below is sealed for it
	}
	a := Account{
		ID: subject, PIN: digits, FamilyName: page.Clean(n.FamilyName), GivenName: page.Clean(n.GivenName), Patronymic: page.Clean(n.Patronymic),
		Sex: pin.Sex(digits), BirthDate: n.BirthDate, Citizenship: n.Citizenship,
		Email: n.Email, EmailVerified: n.Email != "", Phone: n.Phone, PhoneVerified: n.Phone != "", Lang: n.Lang,
		Level: n.Level, State: Active, CreatedAt: s.Clock.Now(),
	}
	if a.Level == "" {
		a.Level = assurance.Substantial
	}
	if a.Sex == "" {
		a.Sex = "unknown"
	}
	if a.Citizenship == "" {
		a.Citizenship = "KGZ"
	}
	if a.BirthDate.IsZero() {
		a.BirthDate, _ = pin.BirthDate(digits)
	}
	if _, ok := text.Parse(string(a.Lang)); !ok {
		a.Lang = text.KY
	}
	if n.Password != "" {
		if a.password, err = s.hasher.hash(ctx, n.Password); err != nil {
			return Account{}, err
		}
	}
	if n.TOTP != "" {
		if a.totp, err = s.Box.Seal("totp", a.ID, []byte(n.TOTP)); err != nil {
			return Account{}, err
		}
	}
	return a, nil
}

// CheckPassword finds the account that the ПИН and the password belong to. An
// unknown ПИН costs the same work as a wrong password, and gives the same answer.
func (s *Accounts) CheckPassword(ctx context.Context, digits, password string) (Account, bool, error) {
	a, found, err := s.ByPIN(ctx, digits)
	if err != nil {
		return Account{}, false, err
	}
	stored := a.password
	if !found || stored == "" || a.State == Closed {
		found = false
		stored = nobody
	}
	right, err := s.hasher.verify(ctx, stored, password)
	if err != nil {
		return Account{}, false, err
	}
	return a, found && right, nil
}

// step is the length of a TOTP time step (RFC 6238).
const step = 30

// CheckTOTP says whether the code is the authenticator's of now or of a step
// beside. A code serves once: its step is remembered, and none before it is
// taken again.
func (s *Accounts) CheckTOTP(ctx context.Context, a Account, code string) (bool, error) {
	if a.totp == "" {
		return false, nil
	}
	secret, err := s.Box.Open("totp", a.ID, a.totp)
	if err != nil {
		return false, err
	}
	matched := TOTPStep(string(secret), code, s.Clock.Now())
	if matched == 0 {
		return false, nil
	}
	return s.spendStep(ctx, a.ID, matched)
}
