// Package factor is what a person confirms sign-ins with beside the password:
// phone, e-mail, messenger (ID-5, ID-6), authenticator app (ID-7) and backup
// codes (ID-4). Keys of devices have a package of their own: passkey.
package factor

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// Kind is a kind of factor; it is also the channel of a sign-in's second step.
type Kind string

// The kinds. Backup codes are no factor to live by: who has them alone has none.
const (
	TOTP     Kind = "totp"
	Passkey  Kind = "passkey"
	SMS      Kind = "sms"
	Telegram Kind = "telegram"
	Email    Kind = "email"
	Backup   Kind = "backup"
)

// Factors are what people's accounts are confirmed with.
type Factors struct {
	DB    *db.DB
	Clock clock.Clock
	// Keys counts the account's passkeys.
	Keys func(ctx context.Context, q db.Querier, accountID string) (int, error)
}

// Of is the account's factors, the strongest first; the person's own choice
// comes before all.
func (f *Factors) Of(ctx context.Context, a account.Account) ([]Kind, error) {
	return f.of(ctx, f.DB.Read, a)
}

func (f *Factors) of(ctx context.Context, q db.Querier, a account.Account) ([]Kind, error) {
	keys, err := f.Keys(ctx, q, a.ID)
	if err != nil {
		return nil, err
	}
	var kinds []Kind
	for _, each := range []struct {
		there bool
		kind  Kind
	}{
		{keys > 0, Passkey},
		{a.HasTOTP(), TOTP},
		{a.PhoneVerified && a.Phone != "", SMS},
		{a.Telegram != "", Telegram},
		{a.EmailVerified && a.Email != "", Email},
	} {
		if each.there {
			kinds = append(kinds, each.kind)
		}
	}
	if i := slices.Index(kinds, Kind(a.Channel)); i > 0 {
		kinds = slices.Insert(slices.Delete(kinds, i, i+1), 0, Kind(a.Channel))
	}
	return kinds, nil
}

// Spare refuses, in the transaction of a removal, to take away the last factor
// of the account: nobody could sign in any more. The account's row is held by
// the caller, so that of two removals at once the second sees the first.
func (f *Factors) Spare(ctx context.Context, tx *sql.Tx, before account.Account, remove Kind) error {
	kinds, err := f.of(ctx, tx, before)
	if err != nil {
		return err
	}
	if remove == Passkey {
		if count, err := f.Keys(ctx, tx, before.ID); err != nil || count > 1 {
			return err // another key stays
		}
	}
	if len(kinds) < 2 && slices.Contains(kinds, remove) {
		return fail.New(fail.Conflict, "identity.factor.last")
	}
	return nil
}

// First makes the kind the one that is asked for first.
func (f *Factors) First(ctx context.Context, accounts *account.Accounts, a account.Account, chosen Kind) error {
	return f.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return accounts.SetChannel(ctx, tx, a.ID, string(chosen))
	})
}
