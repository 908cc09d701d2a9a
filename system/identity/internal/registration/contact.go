package registration

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
)

// agree keeps which version was accepted, in which language and when (ID-16):
// here until there is an account.
func (g *Registrations) agree(ctx context.Context, r Registration, version string) error {
	r.Agreement, r.AgreementLang, r.AgreedAt = version, r.Lang, g.Clock.Now()
	return g.update(ctx, r)
}

// claim keeps who the person says they are, where the register says otherwise.
func (g *Registrations) claim(ctx context.Context, r Registration, doubt string, c Claim) error {
	r.Doubt, r.Claim = doubt, &c
	return g.update(ctx, r)
}

// contact is one of the two ways to reach the person.
type contact struct {
	name    string // phone, email: of the pages and fields
	channel onetime.Channel
	parse   func(typed string) (string, error)
	mask    func(address string) string
}

var (
	byPhone = contact{"phone", onetime.SMS, factor.ParsePhone, factor.MaskPhone}
	byEmail = contact{"email", onetime.Email, factor.ParseEmail, factor.MaskEmail}
)

// of is the address and when it was confirmed.
func (c contact) of(r *Registration) (address *string, at *time.Time) {
	if c.channel == onetime.SMS {
		return &r.Phone, &r.PhoneAt
	}
	return &r.Email, &r.EmailAt
}

func owner(r Registration, c contact) string { return r.ID + " " + c.name }

// ask takes an address and has a code sent to it.
func (g *Registrations) ask(ctx context.Context, r Registration, c contact, typed string) error {
	parsed, err := c.parse(typed)
	if err != nil {
		return err
	}
	address, at := c.of(&r)
	if *address != parsed || !at.IsZero() {
		*address, *at = parsed, time.Time{}
		if err := g.update(ctx, r); err != nil {
			return err
		}
	}
	return g.send(ctx, r, c)
}

// send has a code sent to the address that is waited for.
func (g *Registrations) send(ctx context.Context, r Registration, c contact) error {
	address, _ := c.of(&r)
	if *address == "" {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	return g.Codes.Send(ctx, onetime.Order{Purpose: onetime.Registration, Owner: owner(r, c), Channel: c.channel, Address: *address, Lang: r.Lang, Limited: r.ID})
}

// confirm takes the code: the address is the person's.
func (g *Registrations) confirm(ctx context.Context, r Registration, c contact, typed string) error {
	sent, found, err := g.Codes.Sent(ctx, onetime.Registration, owner(r, c))
	if err != nil {
		return err
	}
	address, at := c.of(&r)
	if found && sent.Address != *address { // another page has changed it meanwhile
		return changed()
	}
	if err := g.Codes.Check(ctx, onetime.Registration, owner(r, c), typed); err != nil {
		return err
	}
	*at = g.Clock.Now()
	return g.update(ctx, r)
}
