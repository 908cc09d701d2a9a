package registration

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// start is what the first page gives.
type start struct {
	pin, passport string
	doubt         bool // the person says that the data are right although they did not fit
	address       string
	flow          string
	lang          text.Lang
}

// begin compares ПИН and passport with the population register and begins a
// registration; it gives the cookie's secret. Data that do not fit are refused
// in one sentence, whatever does not fit: no such ПИН, another passport, a
// passport that has run out, a person who has died.
func (g *Registrations) begin(ctx context.Context, s start) (string, error) {
	digits, err := pin.Parse(s.pin)
	if err != nil {
		e := fail.As(err)
		return "", fail.Fields(fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	passport, err := ParsePassport(s.passport)
	if err != nil {
		return "", err
	}
	if err := g.Throttle.Try(ctx, checksByHost, s.address); err != nil {
		return "", err
	}
	if err := g.Throttle.Try(ctx, checks, digits); err != nil {
		return "", err
	}
	person, err := g.find(ctx, digits, passport)
	if err != nil {
		return "", err
	}
	if err := g.Record(ctx, digits, "", "registration.checked", ""); err != nil {
		return "", err
	}
	if person == nil && !s.doubt {
		return "", fail.Fields(fail.Finding{Field: "pin", Key: "identity.register.unfit"})
	}
	now, secret := g.Clock.Now(), id.Secret()
	r := Registration{
		ID: id.New(), State: Open, Lang: s.lang, Flow: s.flow, PIN: digits, Passport: passport, Person: person, CreatedAt: now, Expires: now.Add(g.Door.Lives.Time(OpenFor)),
	}
	if person == nil {
		r.Doubt = "other" // until the person says which
	}
	return secret, g.insert(ctx, r, id.Hash(secret))
}

// find asks the register; nil when the data do not fit.
func (g *Registrations) find(ctx context.Context, digits, passport string) (*populationapi.Person, error) {
	p, err := g.Person(ctx, digits, "", "registration")
	if fail.Is(err, fail.NotFound) {
		return nil, nil //nolint:nilnil // nobody is an answer
	}
	if err != nil { // whatever it was, the person did nothing wrong
		g.Site.Log.WarnContext(ctx, "the population register is out of reach", "system", "identity", "error", err.Error())
		return nil, fail.Wrap(err, fail.Unavailable, "identity.register.away")
	}
	if !Fits(p, passport, clock.DateOf(g.Clock.Now())) {
		return nil, nil //nolint:nilnil // as above
	}
	return &p, nil
}

// Fits says whether the register's person holds the passport on the day.
func Fits(p populationapi.Person, passport string, day clock.Date) bool {
	valid := p.Passport.Expires.IsZero() || !p.Passport.Expires.Before(day)
	return !p.Deceased && valid && p.Passport.Series+p.Passport.Number == passport
}
