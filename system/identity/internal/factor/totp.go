package factor

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"net/url"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// offerLife is the time to find and install an app.
var offerLife = setting.Time("authenticator_offer_life", 15*time.Minute, 5*time.Minute, time.Hour, "how long the QR code for an authenticator app waits for its first code", "an app is found and installed meanwhile")

// Authenticators binds authenticator apps (ID-7).
type Authenticators struct {
	DB       *db.DB
	Clock    clock.Clock
	Box      *seal.Box
	Accounts *account.Accounts
	Door     *door.Door
	Factors  *Factors
}

// Offer is a secret for the person's app, bound when a code of it was typed.
type Offer struct {
	Secret string // base32
	URI    string // otpauth://, for the QR code
}

// Grouped is the secret in fours, for typing.
func (o Offer) Grouped() string { return text.Fours(o.Secret) }

// Offer gives the offer that waits in the session, so that a page loaded again shows
// the same secret, or a new one: never one that was shown in another session, which
// may have been somebody else's.
func (s *Authenticators) Offer(ctx context.Context, a account.Account, sid string) (Offer, error) {
	secret, found, err := s.waiting(ctx, a.ID, sid)
	if err != nil {
		return Offer{}, err
	}
	if !found {
		random := make([]byte, 20) // 160 bits, as RFC 4226 recommends
		_, _ = rand.Read(random)   // never fails since Go 1.24
		secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random)
		if secret, err = s.put(ctx, a.ID, sid, secret); err != nil {
			return Offer{}, err
		}
	}
	// The label has no ПИН: screens of apps are seen by others.
	label := url.PathEscape("ЕСИ:" + a.GivenName)
	query := url.Values{"secret": {secret}, "issuer": {"ЕСИ"}, "digits": {"6"}, "period": {"30"}}
	return Offer{secret, "otpauth://totp/" + label + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")}, nil
}

// Confirm binds the app when the code is the offer's. The code's step is spent:
// it does not sign in as well. A wrong code is a finding of "code".
func (s *Authenticators) Confirm(ctx context.Context, a account.Account, sid, typed string, place notice.Place) error {
	if err := thawed(a, s.Clock); err != nil {
		return err
	}
	typed = strings.Join(strings.Fields(typed), "")
	if len(typed) != 6 || strings.Trim(typed, "0123456789") != "" {
		return finding("code", "identity.code.form")
	}
	// Tries are not counted: the secret stands on the page of who tries.
	secret, found, err := s.waiting(ctx, a.ID, sid)
	if err != nil {
		return err
	}
	if !found {
		return finding("code", "identity.totp.gone")
	}
	step := account.TOTPStep(secret, typed, s.Clock.Now())
	if step == 0 {
		return finding("code", "identity.totp.wrong")
	}
	return s.Door.Change(ctx, a, notice.FactorAdded, "TOTP", place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		if taken, err := s.take(ctx, tx, before.ID, sid); err != nil {
			return err
		} else if !taken {
			return finding("code", "identity.totp.gone") // bound a moment ago
		}
		if err := s.Accounts.SetTOTP(ctx, tx, before.ID, secret); err != nil {
			return err
		}
		return s.Accounts.SpendStep(ctx, tx, before.ID, step)
	})
}

// Remove takes the app away; fail.Conflict when it is the last factor.
func (s *Authenticators) Remove(ctx context.Context, a account.Account, place notice.Place) error {
	if !a.HasTOTP() {
		return nil // gone already
	}
	return s.Door.Change(ctx, a, notice.FactorRemoved, "TOTP", place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		if err := s.Factors.Spare(ctx, tx, before, TOTP); err != nil {
			return err
		}
		return s.Accounts.SetTOTP(ctx, tx, before.ID, "")
	})
}
