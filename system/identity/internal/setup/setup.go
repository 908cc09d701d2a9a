// Package setup leads a new account through what it must have before it is used
// (ID-4): a password, a second factor, ten backup codes. It goes on where it was
// left. The change of the password stands here, too.
package setup

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/passkey"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
)

// Step is a step of the set-up.
type Step int

// The steps.
const (
	Password Step = 1
	Factor   Step = 2
	Backup   Step = 3
	Done     Step = 4
)

// Setup is the subject.
type Setup struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     *page.Site
	Door     *door.Door
	Accounts *account.Accounts
	Sessions *sso.Sessions
	Factors  *factor.Factors
	Contacts *factor.Contacts
	Backups  *factor.Backups
	Keys     *passkey.Keys
	Bot      string // name of the Telegram bot, "" without one
}

// Next is the step that the account has to do next. An account that has a
// password and a factor from before there was a set-up is done.
func (s *Setup) Next(ctx context.Context, a account.Account) (Step, error) {
	if !a.HasPassword() {
		return Password, nil
	}
	kinds, err := s.Factors.Of(ctx, a)
	if err != nil {
		return 0, err
	}
	if len(kinds) == 0 {
		return Factor, nil
	}
	step, begun, err := s.step(ctx, a.ID)
	switch {
	case err != nil:
		return 0, err
	case !begun:
		return Done, nil
	}
	return max(step, Factor), nil
}

// Detour implements door.Door's: the set-up stands before everything else.
func (s *Setup) Detour(ctx context.Context, a account.Account) (string, error) {
	next, err := s.Next(ctx, a)
	if err != nil || next == Done {
		return "", err
	}
	return "/set-up", nil
}

// choose sets the account's first password and goes on to the factor.
func (s *Setup) choose(ctx context.Context, a account.Account, password string, place notice.Place) error {
	hashed, err := s.Accounts.HashFor(ctx, a, "password", password)
	if err != nil {
		return err
	}
	return s.Door.Change(ctx, a, notice.PasswordChanged, "", place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		if err := s.Accounts.SetPassword(ctx, tx, before.ID, hashed); err != nil {
			return err
		}
		return s.advance(ctx, tx, before.ID, Factor)
	})
}

// change sets another password and ends the account's sessions elsewhere, with the
// sign-ins that are under way: the old password was right for them.
func (s *Setup) change(ctx context.Context, who door.Person, password string, place notice.Place) error {
	hashed, err := s.Accounts.HashFor(ctx, who.Account, "password", password)
	if err != nil {
		return err
	}
	return s.Door.Change(ctx, who.Account, notice.PasswordChanged, "", place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		if err := s.Accounts.SetPassword(ctx, tx, before.ID, hashed); err != nil {
			return err
		}
		return s.Sessions.EndAll(ctx, tx, before.ID, who.Session.SID)
	})
}

// goOn writes that the account's set-up has come to the step.
func (s *Setup) goOn(ctx context.Context, accountID string, step Step) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.advance(ctx, tx, accountID, step) })
}
