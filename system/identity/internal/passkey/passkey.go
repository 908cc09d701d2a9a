// Package passkey is the keys of people's devices (WebAuthn, W3C
// Recommendation, level 3): made once, opened by the finger, face or code of the
// device, and of no use on any page but ЕСИ's own. With one alone a person signs
// in; after a password one is the second factor.
package passkey

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// Copied is told when a key's counter went back: there may be a copy of it.
const Copied notice.Kind = "passkey_copied"

const (
	maxName   = 60       // characters
	maxAnswer = 32 << 10 // bytes
)

var (
	questionLife = setting.Time("passkey_question_life", 15*time.Minute, 2*time.Minute, time.Hour, "how long a passkey's answer is waited for", "a sign-in page may stand open as long; the answer serves once")
	maxKeys      = setting.Number("passkey_count", 20, 2, 100, "passkeys of one account", "each is another way in")
)

// Key is a key that an account is opened with.
type Key struct {
	ID      string // base64url
	Account string
	Name    string // the person's own word for it
	Synced  bool   // kept by a password manager on several devices
	Suspect time.Time
	Created time.Time
	Used    time.Time

	credential webauthn.Credential
}

// AMR is the key's methods as a sign-in names them (RFC 8176): the key, and that
// the device made sure of its user.
func (k Key) AMR() []string {
	if k.Synced {
		return []string{"swk", "user"}
	}
	return []string{"hwk", "user"}
}

// Keys are all keys.
type Keys struct {
	DB       *db.DB
	Clock    clock.Clock
	Box      *seal.Box
	Accounts *account.Accounts
	Notices  *notice.Notices
	Door     *door.Door
	// Spare refuses the removal of the last factor; see factor.Factors.
	Spare func(ctx context.Context, tx *sql.Tx, before account.Account) error

	web *webauthn.WebAuthn
}

// Open binds the keys to the address at which people see ЕСИ. An address that is
// a number has no keys: On says so.
func (k *Keys) Open(base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	if u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return nil
	}
	k.web, err = webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "ЕСИ", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation, // which maker's key it is, is not ours to know
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	return err
}

// On says whether keys can be used at ЕСИ's address.
func (k *Keys) On() bool { return k.web != nil }

// Question is what the page's script puts to the browser, and the ticket with
// which the answer comes back.
type Question struct {
	Ticket  string `json:"ticket"`
	Options any    `json:"options"`
}

// purpose is what an answer is good for; a ticket for one does not open another.
type purpose string

const (
	register purpose = "register"
	enter    purpose = "enter"
	second   purpose = "second"
	approve  purpose = "approve"
	regain   purpose = "recover"
)

// ticket is kept by the page, sealed: nothing is written until it is answered,
// and any process may take the answer.
type ticket struct {
	Session webauthn.SessionData `json:"session"`
	Until   int64                `json:"until"`
}

// issue seals the question for its purpose and for who may answer it: a browser,
// a session, a sign-in under way.
func (k *Keys) issue(p purpose, owner string, session *webauthn.SessionData, options any) (Question, error) {
	data, err := json.Marshal(ticket{*session, db.Micros(k.Clock.Now().Add(k.Door.Lives.Time(questionLife)))})
	if err != nil {
		return Question{}, err
	}
	sealed, err := k.Box.Seal("passkey "+string(p), owner, data)
	return Question{sealed, options}, err
}

// redeem opens the ticket, once: a question is not answered twice.
func (k *Keys) redeem(ctx context.Context, p purpose, owner, sealed string) (webauthn.SessionData, error) {
	gone := fail.New(fail.Invalid, "identity.passkey.again")
	if len(sealed) > maxAnswer {
		return webauthn.SessionData{}, gone
	}
	data, err := k.Box.Open("passkey "+string(p), owner, sealed)
	if err != nil {
		return webauthn.SessionData{}, gone
	}
	var t ticket
	if err := json.Unmarshal(data, &t); err != nil {
		return webauthn.SessionData{}, err
	}
	if !k.Clock.Now().Before(db.Time(t.Until)) {
		return webauthn.SessionData{}, gone
	}
	sum := sha256.Sum256([]byte(t.Session.Challenge))
	first, err := k.spend(ctx, hex.EncodeToString(sum[:]), t.Until)
	if err == nil && !first {
		err = gone
	}
	return t.Session, err
}

// person is an account as the library sees it.
type person struct {
	account account.Account
	keys    []Key
}

// WebAuthnID implements webauthn.User: the account's id tells nothing about the
// person.
func (p person) WebAuthnID() []byte { return []byte(p.account.ID) }

// WebAuthnName implements webauthn.User: the device shows it.
func (p person) WebAuthnName() string { return p.account.Name() }

// WebAuthnDisplayName implements webauthn.User.
func (p person) WebAuthnDisplayName() string { return p.account.Name() }

// WebAuthnCredentials implements webauthn.User.
func (p person) WebAuthnCredentials() []webauthn.Credential {
	credentials := make([]webauthn.Credential, 0, len(p.keys))
	for _, each := range p.keys {
		credentials = append(credentials, each.credential)
	}
	return credentials
}

func (k *Keys) person(ctx context.Context, a account.Account) (person, error) {
	keys, err := k.Of(ctx, a.ID)
	return person{a, keys}, err
}

func refused() error { return fail.New(fail.Invalid, "identity.passkey.refused") }

// AskNew is the question that makes a new key for the account. owner is the
// session.
func (k *Keys) AskNew(ctx context.Context, a account.Account, owner string) (Question, error) {
	p, err := k.person(ctx, a)
	if err != nil {
		return Question{}, err
	}
	if !k.On() || int64(len(p.keys)) >= k.Door.Lives.Number(maxKeys) {
		return Question{}, fail.New(fail.Conflict, "identity.passkey.many")
	}
	options, session, err := k.web.BeginRegistration(p, webauthn.WithExclusions(webauthn.Credentials(p.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return Question{}, err
	}
	return k.issue(register, a.ID+" "+owner, session, options.Response)
}

// Add takes the answer and keeps the new key under the person's name for it.
func (k *Keys) Add(ctx context.Context, a account.Account, owner, sealed, answer, name string, place notice.Place) error {
	if name = page.Clean(name); name == "" || len([]rune(name)) > maxName {
		return fail.Fields(fail.Finding{Field: "name", Key: "identity.passkey.name_form"})
	}
	if !k.On() || len(answer) > maxAnswer {
		return refused()
	}
	session, err := k.redeem(ctx, register, a.ID+" "+owner, sealed)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return refused()
	}
	p, err := k.person(ctx, a)
	if err != nil {
		return err
	}
	credential, err := k.web.CreateCredential(p, session, parsed)
	if err != nil {
		return refused()
	}
	credential.Attestation = webauthn.CredentialAttestation{} // not ours to keep
	key := Key{
		ID: base64.RawURLEncoding.EncodeToString(credential.ID), Account: a.ID, Name: name, Created: k.Clock.Now(), credential: *credential,
	}
	return k.Door.Change(ctx, a, notice.FactorAdded, name, place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		count, err := k.Count(ctx, tx, before.ID)
		if err != nil {
			return err
		}
		if int64(count) >= k.Door.Lives.Number(maxKeys) {
			return fail.New(fail.Conflict, "identity.passkey.many")
		}
		added, err := k.insert(ctx, tx, key)
		if err == nil && !added {
			err = refused() // the key of another account, or of this one
		}
		return err
	})
}

// AskEnter is the question of the sign-in page: any key may answer, it says
// whose it is. owner is the browser.
func (k *Keys) AskEnter(owner string) (Question, error) { return k.askAny(enter, owner) }

// AskRecovery is the question of a recovery under way, its owner. Like that of
// the sign-in page it names no key: it is the same whether the ПИН that is being
// recovered has an account and keys or not.
func (k *Keys) AskRecovery(owner string) (Question, error) { return k.askAny(regain, owner) }

func (k *Keys) askAny(use purpose, owner string) (Question, error) {
	if !k.On() {
		return Question{}, refused()
	}
	options, session, err := k.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Question{}, err
	}
	return k.issue(use, owner, session, options.Response)
}

// Enter takes the answer of the sign-in page: whose key it is, and which. A key
// that is unknown and one whose answer is wrong are refused alike.
func (k *Keys) Enter(ctx context.Context, owner, sealed, answer string, place notice.Place) (account.Account, Key, error) {
	return k.takeAny(ctx, enter, owner, sealed, answer, place)
}

// CheckRecovery takes the answer to AskRecovery: whose key it is.
func (k *Keys) CheckRecovery(ctx context.Context, owner, sealed, answer string, place notice.Place) (account.Account, error) {
	a, _, err := k.takeAny(ctx, regain, owner, sealed, answer, place)
	return a, err
}

func (k *Keys) takeAny(ctx context.Context, use purpose, owner, sealed, answer string, place notice.Place) (account.Account, Key, error) {
	if !k.On() || len(answer) > maxAnswer {
		return account.Account{}, Key{}, refused()
	}
	session, err := k.redeem(ctx, use, owner, sealed)
	if err != nil {
		return account.Account{}, Key{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return account.Account{}, Key{}, refused()
	}
	var p person
	var trouble error // of ours, not of the answer
	find := func(_, handle []byte) (webauthn.User, error) {
		a, found, err := k.Accounts.ByID(ctx, string(handle))
		if err != nil {
			trouble = err
			return nil, err
		}
		if !found || a.State == account.Closed {
			return nil, refused()
		}
		p, trouble = k.person(ctx, a)
		return p, trouble
	}
	_, credential, err := k.web.ValidatePasskeyLogin(find, session, parsed)
	if trouble != nil {
		return account.Account{}, Key{}, trouble
	}
	if err != nil {
		return account.Account{}, Key{}, refused()
	}
	key, err := k.used(ctx, p, credential, place)
	return p.account, key, err
}

// AskSecond is the question for the second step of the account's sign-in. owner
// is the sign-in under way.
func (k *Keys) AskSecond(ctx context.Context, a account.Account, owner string) (Question, error) {
	return k.askOwn(ctx, second, a, owner)
}

// CheckSecond takes its answer.
func (k *Keys) CheckSecond(ctx context.Context, a account.Account, owner, sealed, answer string, place notice.Place) (Key, error) {
	return k.checkOwn(ctx, second, a, owner, sealed, answer, place)
}

// AskApproval is the question for a key with which the account's owner, signed
// in here, approves a sign-in elsewhere. owner is the session and what is
// approved.
func (k *Keys) AskApproval(ctx context.Context, a account.Account, owner string) (Question, error) {
	return k.askOwn(ctx, approve, a, owner)
}

// CheckApproval takes its answer.
func (k *Keys) CheckApproval(ctx context.Context, a account.Account, owner, sealed, answer string, place notice.Place) (Key, error) {
	return k.checkOwn(ctx, approve, a, owner, sealed, answer, place)
}

// askOwn is a question that a key of the account alone answers.
func (k *Keys) askOwn(ctx context.Context, use purpose, a account.Account, owner string) (Question, error) {
	p, err := k.person(ctx, a)
	if err != nil {
		return Question{}, err
	}
	if !k.On() || len(p.keys) == 0 {
		return Question{}, refused()
	}
	options, session, err := k.web.BeginLogin(p, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Question{}, err
	}
	return k.issue(use, a.ID+" "+owner, session, options.Response)
}

func (k *Keys) checkOwn(ctx context.Context, use purpose, a account.Account, owner, sealed, answer string, place notice.Place) (Key, error) {
	if !k.On() || len(answer) > maxAnswer {
		return Key{}, refused()
	}
	session, err := k.redeem(ctx, use, a.ID+" "+owner, sealed)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Key{}, refused()
	}
	p, err := k.person(ctx, a)
	if err != nil {
		return Key{}, err
	}
	credential, err := k.web.ValidateLogin(p, session, parsed)
	if err != nil {
		return Key{}, refused()
	}
	return k.used(ctx, p, credential, place)
}

// used keeps the key's counter. One that did not go on means that there may be a
// copy: the key is put aside, the person is told, and nobody gets in with it.
func (k *Keys) used(ctx context.Context, p person, credential *webauthn.Credential, place notice.Place) (Key, error) {
	var key Key
	for _, each := range p.keys {
		if string(each.credential.ID) == string(credential.ID) {
			key = each
		}
	}
	if !key.Suspect.IsZero() {
		return Key{}, fail.New(fail.Invalid, "identity.passkey.suspect")
	}
	var copied bool
	err := k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		copied = credential.Authenticator.CloneWarning
		if !copied {
			kept, err := k.count(ctx, tx, key.ID, *credential)
			if err != nil {
				return err
			}
			copied = !kept // two answers at once with one count
		}
		if !copied {
			return nil
		}
		if first, err := k.suspect(ctx, tx, key.ID); err != nil || !first {
			return err
		}
		return k.Notices.Tell(ctx, tx, p.account, Copied, key.Name, place)
	})
	if err == nil && copied {
		err = fail.New(fail.Invalid, "identity.passkey.suspect")
	}
	return key, err
}

// Remove takes the account's key away; fail.Conflict when it is the last factor.
func (k *Keys) Remove(ctx context.Context, a account.Account, keyID string, place notice.Place) error {
	keys, err := k.All(ctx, a.ID)
	if err != nil {
		return err
	}
	for _, each := range keys { // one's own alone
		if each.ID != keyID {
			continue
		}
		return k.Door.Change(ctx, a, notice.FactorRemoved, each.Name, place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
			if each.Suspect.IsZero() { // one put aside is no factor any more
				if err := k.Spare(ctx, tx, before); err != nil {
					return err
				}
			}
			return k.remove(ctx, tx, before.ID, keyID)
		})
	}
	return nil // gone already
}
