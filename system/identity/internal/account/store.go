package account

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

const columns = `id, pin, family_name, given_name, patronymic, sex, birth_date, citizenship, email, email_verified,
	phone, phone_verified, telegram, channel, lang, level, state, frozen_until, password, totp, totp_step, created_at`

// selected are all columns: those of an account that is made, and since when it
// has what was added later.
const selected = columns + `, phone_at, email_at, telegram_at, totp_at, epoch`

// ByPIN is the account of the ПИН; false when there is none.
func (s *Accounts) ByPIN(ctx context.Context, pin string) (Account, bool, error) {
	return s.one(s.DB.Read.QueryRowContext(ctx, `SELECT `+selected+` FROM account WHERE pin = $1`, pin))
}

// ByID is the account of the subject; false when there is none.
func (s *Accounts) ByID(ctx context.Context, id string) (Account, bool, error) {
	return s.one(s.DB.Read.QueryRowContext(ctx, `SELECT `+selected+` FROM account WHERE id = $1`, id))
}

// Named is the ПИН and the name of the account's person; "" when there is none.
func (s *Accounts) Named(ctx context.Context, tx *sql.Tx, id string) (pin, name string, err error) {
	var a Account
	err = tx.QueryRowContext(ctx, `SELECT pin, family_name, given_name, patronymic FROM account WHERE id = $1`, id).
		Scan(&a.PIN, &a.FamilyName, &a.GivenName, &a.Patronymic)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return a.PIN, a.Name(), err
}

func (s *Accounts) one(row *sql.Row) (Account, bool, error) {
	var a Account
	var birth, lang string
	var emailOK, phoneOK, frozen, created, phoneAt, emailAt, telegramAt, totpAt int64
	err := row.Scan(&a.ID, &a.PIN, &a.FamilyName, &a.GivenName, &a.Patronymic, &a.Sex, &birth, &a.Citizenship, &a.Email, &emailOK,
		&a.Phone, &phoneOK, &a.Telegram, &a.Channel, &lang, &a.Level, &a.State, &frozen, &a.password, &a.totp, &a.totpStep, &created,
		&phoneAt, &emailAt, &telegramAt, &totpAt, &a.Epoch)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, db.Explain(err)
	}
	a.BirthDate, a.Lang, a.CreatedAt = db.Date(birth), text.Lang(lang), db.Time(created)
	a.EmailVerified, a.PhoneVerified, a.FrozenUntil = emailOK == 1, phoneOK == 1, db.Time(frozen)
	a.PhoneAt, a.EmailAt, a.TelegramAt, a.TOTPAt = db.Time(phoneAt), db.Time(emailAt), db.Time(telegramAt), db.Time(totpAt)
	return a, true, nil
}

func (s *Accounts) known(ctx context.Context, pin string) (bool, error) {
	a, found, err := s.ByPIN(ctx, pin)
	return found && a.State != Closed, err
}

// Insert keeps a prepared account; false when the ПИН has one already. One that
// was closed is opened again, unless it was closed by a thief: while it is frozen
// it waits for an operator.
func (s *Accounts) Insert(ctx context.Context, tx *sql.Tx, a Account) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO account (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '', $13, $14, $15, 0, $16, $17, 0, $18)
		ON CONFLICT (pin) DO UPDATE SET family_name = $3, given_name = $4, patronymic = $5, sex = $6, birth_date = $7, citizenship = $8,
			email = $9, email_verified = $10, phone = $11, phone_verified = $12, telegram = '', channel = '', lang = $13, level = $14, state = $15,
			frozen_until = 0, password = $16, totp = $17,
			phone_at = 0, email_at = 0, telegram_at = 0, totp_at = 0
		WHERE account.state = 'closed' AND account.id = $1 AND account.frozen_until < $18`,
		a.ID, a.PIN, a.FamilyName, a.GivenName, a.Patronymic, a.Sex, a.BirthDate.String(), a.Citizenship, a.Email, db.Flag(a.EmailVerified),
		a.Phone, db.Flag(a.PhoneVerified), string(a.Lang), string(a.Level), string(a.State), a.password, a.totp, db.Micros(a.CreatedAt))
}

// HoldPIN is Hold by the ПИН.
func (s *Accounts) HoldPIN(ctx context.Context, tx *sql.Tx, pin string) (Account, bool, error) {
	return s.one(tx.QueryRowContext(ctx, `SELECT `+selected+` FROM account WHERE pin = $1`+s.DB.ForUpdate(), pin))
}

// spendStep marks the authenticator's time step as used; false when it, or a
// later one, was used before.
func (s *Accounts) spendStep(ctx context.Context, accountID string, step int64) (bool, error) {
	fresh := false
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		fresh, err = s.spend(ctx, tx, accountID, step)
		return err
	})
	return fresh, err
}

func (s *Accounts) spend(ctx context.Context, tx *sql.Tx, accountID string, step int64) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE account SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, accountID, step)
}

// SpendStep marks, in the transaction that binds an authenticator, the time step
// of the code that confirmed it as used.
func (s *Accounts) SpendStep(ctx context.Context, tx *sql.Tx, accountID string, step int64) error {
	_, err := s.spend(ctx, tx, accountID, step)
	return err
}

// set changes one column, whose name is ours and not the caller's input.
func (s *Accounts) set(ctx context.Context, tx *sql.Tx, accountID, column, value string) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET `+column+` = $2 WHERE id = $1`, accountID, value)
	return err
}

func (s *Accounts) setContact(ctx context.Context, tx *sql.Tx, accountID, column, value string) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET `+column+` = $2, `+column+`_verified = $3, `+column+`_at = $4 WHERE id = $1`,
		accountID, value, db.Flag(value != ""), s.since(value))
	return err
}

// setFactor is set for what has a time since which it is there.
func (s *Accounts) setFactor(ctx context.Context, tx *sql.Tx, accountID, column, value string) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET `+column+` = $2, `+column+`_at = $3 WHERE id = $1`, accountID, value, s.since(value))
	return err
}

func (s *Accounts) since(value string) int64 {
	if value == "" {
		return 0
	}
	return db.Micros(s.Clock.Now())
}

// giveBack sets the column as it was, unless something else has taken its place.
func (s *Accounts) giveBack(ctx context.Context, tx *sql.Tx, accountID, column, verified, value string, added int64) (bool, error) {
	return db.ChangedOne(ctx, tx, `UPDATE account SET `+column+` = $2, `+column+`_at = $3`+verified+` WHERE id = $1 AND `+column+` = ''`, accountID, value, added)
}

// Empty takes away, in the transaction, all that would let anybody in: what an
// account that is closed has no more.
func (s *Accounts) Empty(ctx context.Context, tx *sql.Tx, accountID string) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET password = '', totp = '', email = '', email_verified = 0, phone = '', phone_verified = 0,
		telegram = '', channel = '', phone_at = 0, email_at = 0, telegram_at = 0, totp_at = 0 WHERE id = $1`, accountID)
	return err
}

// Freeze keeps factors and contacts as they are until the moment: the zero time
// thaws them.
func (s *Accounts) Freeze(ctx context.Context, tx *sql.Tx, accountID string, until time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET frozen_until = $2 WHERE id = $1`, accountID, db.Micros(until))
	return err
}

// Hold locks the account's row until the transaction ends and gives it as it
// stands now: of two changes at once, the second sees what the first did.
func (s *Accounts) Hold(ctx context.Context, tx *sql.Tx, accountID string) (Account, bool, error) {
	return s.one(tx.QueryRowContext(ctx, `SELECT `+selected+` FROM account WHERE id = $1`+s.DB.ForUpdate(), accountID))
}
