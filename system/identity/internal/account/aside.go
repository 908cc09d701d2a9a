package account

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// Kinds of what can be put aside. Their words are identity.aside.<kind>.
const (
	KindPhone    = "phone"
	KindEmail    = "email"
	KindTelegram = "telegram"
	KindTOTP     = "totp"
	KindPasskey  = "passkey"
	KindBackup   = "backup"
	KindDevice   = "device"
)

// Aside is a contact or factor that is taken out of use and may be given back.
type Aside struct {
	Kind      string
	Reference string // which of several, "" for what an account has once
	Name      string // the person's own word for it, "" where it has none
	Value     string // what is given back, "" where the row stays in its place
	Added     time.Time
}

// PutAside takes, in the transaction that holds the account's row, the contacts
// and the authenticator away that were added since the moment. What the account
// had from its beginning came with the proofing and stays.
func (s *Accounts) PutAside(ctx context.Context, tx *sql.Tx, a Account, since time.Time) ([]Aside, error) {
	var aside []Aside
	for _, each := range []struct {
		thing Aside
		take  func(ctx context.Context, tx *sql.Tx, accountID, none string) error
	}{
		{Aside{Kind: KindPhone, Value: a.Phone, Added: a.PhoneAt}, s.SetPhone},
		{Aside{Kind: KindEmail, Value: a.Email, Added: a.EmailAt}, s.SetEmail},
		{Aside{Kind: KindTelegram, Value: a.Telegram, Added: a.TelegramAt}, s.SetTelegram},
		{Aside{Kind: KindTOTP, Value: a.totp, Added: a.TOTPAt}, s.SetTOTP},
	} {
		if each.thing.Value == "" || each.thing.Added.IsZero() || each.thing.Added.Before(since) {
			continue
		}
		if err := each.take(ctx, tx, a.ID, ""); err != nil {
			return nil, err
		}
		aside = append(aside, each.thing)
	}
	return aside, nil
}

// GiveBack sets it again as it was; false when the account has another meanwhile.
func (s *Accounts) GiveBack(ctx context.Context, tx *sql.Tx, accountID string, thing Aside) (bool, error) {
	verified := ""
	switch thing.Kind {
	case KindPhone, KindEmail:
		verified = `, ` + thing.Kind + `_verified = 1`
	case KindTelegram, KindTOTP:
	default:
		return false, nil
	}
	if thing.Value == "" {
		return false, nil
	}
	return s.giveBack(ctx, tx, accountID, thing.Kind, verified, thing.Value, db.Micros(thing.Added))
}

// Discard has nothing more to do: the value was taken away.
func (s *Accounts) Discard(context.Context, *sql.Tx, string, Aside) error { return nil }
