package factor

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// Contacts binds phones and e-mails to accounts: a code goes to the new address,
// and who types it on the page has it. Pages call it behind door.Fresh.
//
//	err := contacts.Ask(ctx, person.Account, onetime.SMS, form.Get("phone")) // findings: "phone"
//	…
//	err := contacts.Confirm(ctx, person.Account, onetime.SMS, form.Get("code"), place) // findings: "code"
type Contacts struct {
	Clock    clock.Clock
	Accounts *account.Accounts
	Codes    *onetime.Codes
	Throttle *throttle.Throttle
	Door     *door.Door
	Factors  *Factors
}

// owner of the code: a phone and an e-mail of one account are confirmed apart.
func owner(a account.Account, channel onetime.Channel) string { return string(channel) + ":" + a.ID }

// Ask sends a code to the phone (onetime.SMS) or e-mail (onetime.Email) as
// typed, to be confirmed. What is wrong with it is a finding of "phone" or
// "email"; too many codes are fail.TooMany.
func (c *Contacts) Ask(ctx context.Context, a account.Account, channel onetime.Channel, typed string) error {
	var address string
	var err error
	field, current := "phone", a.Phone
	if channel == onetime.Email {
		field, current = "email", a.Email
		address, err = ParseEmail(typed)
	} else {
		address, err = ParsePhone(typed)
	}
	if err != nil {
		return err
	}
	if address == current {
		return finding(field, "identity.contact.same")
	}
	return c.send(ctx, a, channel, address)
}

// Again sends another code to the address that waits.
func (c *Contacts) Again(ctx context.Context, a account.Account, channel onetime.Channel) error {
	address, waiting, err := c.Waiting(ctx, a, channel)
	if err != nil {
		return err
	}
	if !waiting {
		return finding("code", "identity.code.spent")
	}
	return c.send(ctx, a, channel, address)
}

func (c *Contacts) send(ctx context.Context, a account.Account, channel onetime.Channel, address string) error {
	if err := thawed(a, c.Clock); err != nil {
		return err
	}
	return c.Codes.Send(ctx, onetime.Order{
		Purpose: onetime.Contact, Owner: owner(a, channel), Channel: channel, Address: address, Lang: a.Lang, Limited: a.ID,
	})
}

func thawed(a account.Account, c clock.Clock) error {
	if a.Frozen(c.Now()) {
		return fail.New(fail.Forbidden, "identity.frozen", "Until", a.FrozenUntil.In(clock.Bishkek).Format("02.01.2006 15:04")).Titled("identity.frozen_title")
	}
	return nil
}

// Waiting is the phone or e-mail whose code is waited for; false when none is.
func (c *Contacts) Waiting(ctx context.Context, a account.Account, channel onetime.Channel) (string, bool, error) {
	order, found, err := c.Codes.Sent(ctx, onetime.Contact, owner(a, channel))
	return order.Address, found, err
}

// Confirm binds the waiting phone, e-mail or chat when the code is right, and
// tells the person on the channels of before. A wrong code is a finding of
// "code".
func (c *Contacts) Confirm(ctx context.Context, a account.Account, channel onetime.Channel, code string, place notice.Place) error {
	if err := thawed(a, c.Clock); err != nil {
		return err
	}
	if err := c.Throttle.Try(ctx, throttle.Factor, "contact:"+a.ID); err != nil {
		return err
	}
	// The address is read before the code is taken: a code that is right was sent
	// before it was typed, so no other address can have come between.
	address, waiting, err := c.Waiting(ctx, a, channel)
	if err != nil {
		return err
	}
	if !waiting {
		return finding("code", "identity.code.spent")
	}
	if err := c.Codes.Check(ctx, onetime.Contact, owner(a, channel), code); err != nil {
		return err
	}
	if err := c.Throttle.Clear(ctx, throttle.Factor, "contact:"+a.ID); err != nil {
		return err
	}
	kind, detail := notice.ContactChanged, Masked(channel, address)
	if channel == onetime.Telegram {
		kind = notice.FactorAdded
	}
	return c.Door.Change(ctx, a, kind, detail, place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		switch channel {
		case onetime.SMS:
			return c.Accounts.SetPhone(ctx, tx, before.ID, address)
		case onetime.Email:
			return c.Accounts.SetEmail(ctx, tx, before.ID, address)
		case onetime.Telegram:
			return c.Accounts.SetTelegram(ctx, tx, before.ID, address)
		}
		return errors.New("factor: no such channel")
	})
}

// Remove takes the phone, e-mail or messenger away; fail.Conflict when it is the
// last factor.
func (c *Contacts) Remove(ctx context.Context, a account.Account, channel onetime.Channel, place notice.Place) error {
	address := map[onetime.Channel]string{onetime.SMS: a.Phone, onetime.Email: a.Email, onetime.Telegram: a.Telegram}[channel]
	if address == "" {
		return nil // gone already
	}
	return c.Door.Change(ctx, a, notice.FactorRemoved, Masked(channel, address), place, func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		if err := c.Factors.Spare(ctx, tx, before, Kind(channel)); err != nil {
			return err
		}
		switch channel {
		case onetime.SMS:
			return c.Accounts.SetPhone(ctx, tx, before.ID, "")
		case onetime.Email:
			return c.Accounts.SetEmail(ctx, tx, before.ID, "")
		case onetime.Telegram:
			return c.Accounts.SetTelegram(ctx, tx, before.ID, "")
		}
		return errors.New("factor: no such channel")
	})
}

// Masked is the address as messages and pages may show it.
func Masked(channel onetime.Channel, address string) string {
	switch channel {
	case onetime.SMS:
		return MaskPhone(address)
	case onetime.Email:
		return MaskEmail(address)
	}
	return "Telegram"
}
