// Package consent asks the person before data go to a system, keeps what was
// allowed, and the agreement of use that was accepted (ID-8, ID-16).
package consent

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// AgreementVersion names the agreement of use that is in force. A new version
// is asked for again.
const AgreementVersion = "2026-09-01"

// AgreementDate is the version as a reader is shown it: 01.09.2026.
func AgreementDate() string {
	day, _ := clock.ParseDate(AgreementVersion) // a constant that is a day
	return text.Date(day)
}

// optional are the scopes that the person may leave out.
var optional = []string{openid.ScopeEmail, openid.ScopePhone}

// Consents is the subject.
type Consents struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     *page.Site
	Accounts *account.Accounts
	Sessions *sso.Sessions
	Provider *openid.Provider
	Record   func(ctx context.Context, pin, name, action, object string) error
	// Organisations names those on whose behalf the person acts; may be nil.
	Organisations func(ctx context.Context, pin string) ([]string, error)
}

// Consent is what a person allowed a system.
type Consent struct {
	Client     string
	Scopes     []string
	Remembered bool
	GivenAt    time.Time

	begun time.Time // since when there is one: before GivenAt where it was asked again
}

// Remembered is openid.Config.Remembered: what was allowed for good, if it
// covers all that is asked for now and the agreement in force was accepted.
func (c *Consents) Remembered(ctx context.Context, accountID, client string, asked []string) ([]string, time.Time, error) {
	given, askedThen, err := c.remembered(ctx, accountID, client)
	if err != nil || !given.Remembered {
		return nil, time.Time{}, err
	}
	var allowed []string
	for _, scope := range asked {
		if !slices.Contains(askedThen, scope) {
			return nil, time.Time{}, nil
		}
		if slices.Contains(given.Scopes, scope) {
			allowed = append(allowed, scope)
		}
	}
	return allowed, given.begun, nil
}

// AcceptAgreement keeps that the person accepted the agreement in force.
func (c *Consents) AcceptAgreement(ctx context.Context, a account.Account, lang text.Lang) error {
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return c.accept(ctx, tx, a.ID, lang) })
	if err != nil {
		return err
	}
	return c.Record(ctx, a.PIN, a.Name(), "agreement.accepted", AgreementVersion)
}

// decision is what the person answered on the page.
type decision struct {
	allowed  []string
	remember bool
	lang     text.Lang
}

// allow keeps the decision, the agreement and the flow's answer together.
func (c *Consents) allow(ctx context.Context, a account.Account, flow openid.Flow, d decision) error {
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := c.accept(ctx, tx, a.ID, d.lang); err != nil {
			return err
		}
		if err := c.save(ctx, tx, a.ID, flow, d); err != nil {
			return err
		}
		return c.Provider.Allow(ctx, tx, flow.ID, a.ID, d.allowed)
	})
	if err != nil {
		return err
	}
	return c.Record(ctx, a.PIN, a.Name(), "consent.given", flow.Client.ID)
}

// Accept keeps that the person accepted the agreement in force (ID-16), in the
// transaction of what it was accepted for.
func (c *Consents) Accept(ctx context.Context, tx *sql.Tx, accountID string, lang text.Lang) error {
	return c.accept(ctx, tx, accountID, lang)
}

// Withdraw takes the consent back: what was granted ends, and the system is
// told to end its sessions.
func (c *Consents) Withdraw(ctx context.Context, a account.Account, client string) error {
	err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := c.delete(ctx, tx, a.ID, client); err != nil {
			return err
		}
		return c.Provider.Withdraw(ctx, tx, a.ID, client)
	})
	if err != nil {
		return err
	}
	return c.Record(ctx, a.PIN, a.Name(), "consent.withdrawn", client)
}

// Value is one thing that a system is told, in the reader's words.
type Value struct{ Name, Text string }

// Values are what the scopes tell of the person: the very words.
func (c *Consents) Values(ctx context.Context, a account.Account, scopes []string) ([]Value, error) {
	var values []Value
	add := func(key, said string) {
		if said != "" {
			values = append(values, Value{text.T(ctx, key), said})
		}
	}
	if slices.Contains(scopes, openid.ScopeProfile) {
		add("identity.cabinet.name", a.Name())
		add("identity.pin", Masked(a.PIN))
		add("identity.cabinet.birth", text.Date(a.BirthDate))
		if a.Sex != "unknown" {
			add("identity.cabinet.sex", text.T(ctx, "identity.sex."+a.Sex)) // text: identity.sex.*
		}
		add("identity.cabinet.citizenship", a.Citizenship)
	}
	if slices.Contains(scopes, openid.ScopeOrganizations) {
		said := text.T(ctx, "identity.consent.no_organisation")
		if c.Organisations != nil {
			names, err := c.Organisations(ctx, a.PIN)
			if err != nil {
				return nil, err
			}
			if len(names) > 0 {
				said = strings.Join(names, ", ")
			}
		}
		add("identity.cabinet.organisations", said)
	}
	if slices.Contains(scopes, openid.ScopeEmail) {
		add("identity.cabinet.email", a.Email)
	}
	if slices.Contains(scopes, openid.ScopePhone) {
		add("identity.cabinet.phone", factor.GroupPhone(a.Phone))
	}
	return values, nil
}

// Masked shows the ends of a ПИН: nobody who looks over the shoulder has it.
func Masked(pin string) string {
	if len(pin) != 14 {
		return "•••"
	}
	return pin[:1] + " •••••••• ••" + pin[11:]
}

// Describe is the scope in plain words.
func Describe(ctx context.Context, scope string) string {
	key, ok := map[string]string{
		openid.ScopeOpenID: "identity.scope.openid", openid.ScopeProfile: "identity.scope.profile", openid.ScopeOrganizations: "identity.scope.organizations",
		openid.ScopeEmail: "identity.scope.email", openid.ScopePhone: "identity.scope.phone", openid.ScopeOffline: "identity.scope.offline",
		openid.ScopeUserRead: "identity.scope.user_read", openid.ScopePatientRead: "identity.scope.patient_read",
		openid.ScopeDeviceAPI: "identity.scope.device_api", openid.ScopeSignatureAPI: "identity.scope.signature_api",
		openid.ScopeNotificationAPI: "identity.scope.notification_api",
		openid.ScopeLaunchPatient:   "identity.scope.launch_patient", openid.ScopeFHIRUser: "identity.scope.fhir_user",
	}[scope]
	if ok {
		return text.T(ctx, key)
	}
	return describeClinical(ctx, scope)
}

// describeClinical is a scope of FHIR resources in plain words.
func describeClinical(ctx context.Context, scope string) string {
	whose, kind, ok := openid.Clinical(scope)
	if !ok {
		return scope
	}
	manner := "_read"
	switch reads, writes := openid.Rights(scope); {
	case reads && writes:
		manner = "_both"
	case writes:
		manner = "_write"
	}
	if kind == "*" {
		return text.T(ctx, "identity.scope."+whose+manner) // text: identity.scope.*
	}
	if manner == "_read" {
		manner = ""
	}
	return text.T(ctx, "identity.scope."+whose+manner+"_kind", "Kind", text.T(ctx, "identity.kind."+kind)) // text: identity.kind.*
}

// mayLeaveOut says that the person may allow the rest without this scope: what
// reaches them, one kind of medical data of several, and whatever writes.
func mayLeaveOut(scope string) bool {
	_, kind, clinical := openid.Clinical(scope)
	_, writes := openid.Rights(scope)
	return slices.Contains(optional, scope) || clinical && (kind != "*" || writes)
}
