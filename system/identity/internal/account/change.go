package account

import (
	"context"
	"database/sql"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
)

// The changes below run in the caller's transaction, so that what follows from
// them (telling the person, ending sessions) is done with them or not at all.
// Whether the person may make them is the caller's to know: see package door.

// HashFor makes the stored form of a new password of the account; fail.Fields of
// field tells its weaknesses, among them words that belong to the person. It
// takes its time, so it is made before the transaction.
func (s *Accounts) HashFor(ctx context.Context, a Account, field, password string) (Hashed, error) {
	if len(Weaknesses(field, password)) == 0 && Personal(password, a) {
		return Hashed{}, fail.Fields(fail.Finding{Field: field, Key: "identity.password.personal"})
	}
	return s.Hash(ctx, field, password)
}

// Hash is HashFor for a password that nobody has chosen.
func (s *Accounts) Hash(ctx context.Context, field, password string) (Hashed, error) {
	if findings := Weaknesses(field, password); len(findings) > 0 {
		return Hashed{}, fail.Fields(findings...)
	}
	phc, err := s.hasher.hash(ctx, password)
	return Hashed{phc}, err
}

// Hashed is a password that was found good and hashed.
type Hashed struct{ phc string }

// SetPassword changes the password.
func (s *Accounts) SetPassword(ctx context.Context, tx *sql.Tx, accountID string, password Hashed) error {
	return s.set(ctx, tx, accountID, "password", password.phc)
}

// SetPhone binds a confirmed phone (+996…), or with "" takes it away.
func (s *Accounts) SetPhone(ctx context.Context, tx *sql.Tx, accountID, phone string) error {
	return s.setContact(ctx, tx, accountID, "phone", phone)
}

// SetEmail binds a confirmed address, or with "" takes it away.
func (s *Accounts) SetEmail(ctx context.Context, tx *sql.Tx, accountID, email string) error {
	return s.setContact(ctx, tx, accountID, "email", email)
}

// SetTelegram binds a chat (ID-6), or with "" takes it away.
func (s *Accounts) SetTelegram(ctx context.Context, tx *sql.Tx, accountID, chat string) error {
	return s.setFactor(ctx, tx, accountID, "telegram", chat)
}

// SetChannel chooses the second factor that is asked for first.
func (s *Accounts) SetChannel(ctx context.Context, tx *sql.Tx, accountID, channel string) error {
	return s.set(ctx, tx, accountID, "channel", channel)
}

// SetLevel raises or lowers the level that the proofing earned.
func (s *Accounts) SetLevel(ctx context.Context, tx *sql.Tx, accountID string, level assurance.Level) error {
	return s.set(ctx, tx, accountID, "level", string(level))
}

// SetState blocks, closes or opens the account.
func (s *Accounts) SetState(ctx context.Context, tx *sql.Tx, accountID string, state State) error {
	return s.set(ctx, tx, accountID, "state", string(state))
}

// SetTOTP binds an authenticator app (ID-7) by its base32 secret, or with ""
// takes it away.
func (s *Accounts) SetTOTP(ctx context.Context, tx *sql.Tx, accountID, secret string) error {
	sealed := ""
	if secret != "" {
		var err error
		if sealed, err = s.Box.Seal("totp", accountID, []byte(secret)); err != nil {
			return err
		}
	}
	return s.setFactor(ctx, tx, accountID, "totp", sealed)
}

// Frozen says whether the account's factors and contacts may not be changed now.
func (a Account) Frozen(now time.Time) bool { return a.FrozenUntil.After(now) }

// TOTPStep is the time step (RFC 6238) whose code the secret's authenticator
// shows as code, among now and the steps beside it; 0 when it is none of them.
func TOTPStep(secret, code string, now time.Time) int64 {
	current := now.Unix() / step
	matched := int64(0)
	for _, counter := range []int64{current - 1, current, current + 1} {
		// The library compares in constant time.
		right, err := hotp.ValidateCustom(code, uint64(counter), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}) //nolint:gosec // a time after 1970
		if err == nil && right {
			matched = counter
		}
	}
	return matched
}
