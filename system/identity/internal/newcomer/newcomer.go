// Package newcomer makes the account of a person who has proved who they are by
// a certificate, of their ID card or their cloud signature, and has none yet
// (ID-3): they accept the agreement, the population register confirms the data.
package newcomer

import (
	"context"
	"database/sql"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// life is how long the proof waits for the agreement.
var life = setting.Time("newcomer_life", 15*time.Minute, 5*time.Minute, time.Hour, "how long a first sign-in by card or cloud signature waits for the agreement", "it is read meanwhile")

// Register is the population register.
type Register interface {
	Person(ctx context.Context, pin, user, purpose string) (populationapi.Person, error)
}

// Newcomers is the subject.
type Newcomers struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     *page.Site
	Door     *door.Door
	Accounts *account.Accounts
	Consents *consent.Consents
	Register Register
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
}

// Proof is what the certificate said.
type Proof struct {
	PIN        string
	FamilyName string
	GivenName  string      // with the patronymic
	Method     door.Method // Card or Signature
}

// Name is the name as the certificate has it.
func (p Proof) Name() string { return text.Joined(p.FamilyName, p.GivenName) }

// Way is how a person with the proof comes in. A card's key never leaves the
// card; the cloud's is released by a PIN from the mail, which a false page could
// pass on: so its words (RFC 8176) are not those of a phishing-resistant key.
func Way(m door.Method) door.Way {
	if m == door.Card {
		return door.Way{Method: m, AMR: []string{"sc", "pin", "user"}, Level: assurance.High}
	}
	return door.Way{Method: m, AMR: []string{"otp", "pop"}, Level: assurance.Substantial}
}

// begin keeps the proof until the agreement is accepted and gives its secret.
func (n *Newcomers) begin(ctx context.Context, browser string, p Proof) (string, error) {
	secret := id.Secret()
	return secret, n.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return n.insert(ctx, tx, id.Hash(secret), id.Hash(browser), p)
	})
}

// create makes the account, and spends the proof with it: of parallel requests one
// is first. An account that was made meanwhile in another way is not entered by the
// proof from before it (fail.Conflict): its owner may have ended all sessions since.
func (n *Newcomers) create(ctx context.Context, secret string, p Proof, lang text.Lang) (a account.Account, err error) {
	person, err := n.Register.Person(ctx, p.PIN, p.PIN, "registration")
	switch {
	case fail.Is(err, fail.NotFound):
		return a, fail.Wrap(err, fail.Invalid, "identity.newcomer.unknown")
	case fail.Is(err, fail.Unavailable), fail.Is(err, fail.BadNeighbor):
		return a, fail.Wrap(err, fail.Unavailable, "identity.newcomer.no_register")
	case err != nil:
		return a, err
	}
	if person.Deceased || !same(p.FamilyName, person.FamilyName) || !same(p.GivenName, text.Joined(person.GivenName, person.Patronymic)) {
		if err := n.Record(ctx, p.PIN, "", "account.refused", string(p.Method)); err != nil {
			return a, err
		}
		return a, fail.New(fail.Invalid, "identity.newcomer.differs")
	}
	prepared, err := n.Accounts.Prepare(ctx, account.New{
		PIN: p.PIN, FamilyName: person.FamilyName, GivenName: person.GivenName, Patronymic: person.Patronymic, BirthDate: person.BirthDate,
		Citizenship: person.Citizenship, Lang: lang, Level: Way(p.Method).Level,
	})
	if err != nil {
		return a, err
	}
	made := false
	err = n.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		made = false
		first, err := n.spend(ctx, tx, id.Hash(secret))
		if err != nil {
			return err
		}
		if !first {
			return fail.New(fail.Gone, "identity.newcomer.gone")
		}
		if made, err = n.Accounts.Insert(ctx, tx, prepared); err != nil {
			return err
		}
		if a, _, err = n.Accounts.HoldPIN(ctx, tx, p.PIN); err != nil || !made { // one that was opened anew has its epoch
			return err
		}
		return n.Consents.Accept(ctx, tx, a.ID, lang)
	})
	if err != nil {
		return a, err
	}
	if !made && a.State != account.Active {
		return a, nil // the door says why it does not open
	}
	if !made {
		return a, fail.New(fail.Conflict, "identity.newcomer.exists")
	}
	return a, n.Record(ctx, a.PIN, a.Name(), "account.created", string(p.Method))
}

// longest is how much of a name a certificate may hold: RFC 5280, appendix A.1,
// bounds surname to 40 and givenName to 64 characters and less.
const longest = 40

// same compares a name of a certificate with the register's: as people read
// them, and where the certificate has cut a long one, as far as it goes.
func same(certificate, register string) bool {
	fold := func(s string) string {
		return cases.Fold().String(norm.NFC.String(strings.Join(strings.Fields(s), " ")))
	}
	a, b := fold(certificate), fold(register)
	if a == b {
		return true
	}
	return utf8.RuneCountInString(a) >= longest && strings.HasPrefix(b, a)
}
