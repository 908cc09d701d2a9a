package exchangecard

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// mostOwn bounds how many cards a woman is shown.
const mostOwn = 20

// Own answers a woman who asks through the portal for her own cards.
type Own struct{ Desk *desk.Desk }

var _ cardapi.OwnCards = Own{}

// OwnCards implements cardapi.OwnCards.
func (o Own) OwnCards(ctx context.Context, person string) ([]cardapi.OwnCard, error) {
	person, err := asksForHerself(ctx, person)
	if err != nil {
		return nil, err
	}
	ids, err := pregnanciesOf(ctx, o.Desk.DB.Read, person, mostOwn)
	if err != nil || len(ids) == 0 {
		return []cardapi.OwnCard{}, err // nothing is told of her
	}
	var all []cardapi.OwnCard
	for _, one := range ids {
		card, err := o.card(ctx, one)
		if err != nil {
			return nil, err
		}
		all = append(all, card)
	}
	return all, o.seen(ctx, person, all[0].Card.Mother.Name, "antenatal.own_read", "")
}

// card is what she is shown of a record.
func (o Own) card(ctx context.Context, pregnancyID string) (cardapi.OwnCard, error) {
	q, today := o.Desk.DB.Read, clock.DateOf(o.Desk.Clock.Now())
	r, err := antenatal.Load(ctx, q, pregnancyID, "")
	if err != nil {
		return cardapi.OwnCard{}, err
	}
	c := cardapi.OwnCard{
		Card: r.Card(), Days: max(0, r.Days(today)), GiveFrom: gestation.Plus(r.DatedFrom, gestation.MilestoneOn(gestation.GiveCard, today).Days),
		NextVisit: r.NextVisit, Outcome: r.Outcome, EndedOn: r.EndedOn, Opened: []cardapi.CardOpening{},
	}
	c.Card.ClinicName = o.Desk.Directory.Name(ctx, r.Organisation)
	// What a doctor asked her alone, such as violence at home, is not put on a page
	// that may be read over a shoulder.
	c.Card.Registration.Risks, c.Card.Registration.RiskNote = nil, ""
	codes, err := codesOf(ctx, q, r.ID)
	if err != nil {
		return c, err
	}
	if len(codes) > 0 && codes[0].RevokedAt.IsZero() && r.State == antenatal.Open {
		c.Code, c.Show = codes[0].Code, ShowAddress(o.Desk.BaseURL, codes[0].Code)
	}
	opened, err := openingsOf(ctx, q, r.ID)
	if err != nil {
		return c, err
	}
	for _, one := range opened {
		c.Opened = append(c.Opened, cardapi.CardOpening{At: one.At, Organisation: o.Desk.Directory.Name(ctx, one.Organisation), Name: one.ByName, Basis: one.Basis})
	}
	returned, err := tearOffsOf(ctx, q, r.ID)
	if err == nil && len(returned) > 0 {
		c.TearOff = &returned[0].TearOff
	}
	return c, err
}

// OwnCardPaper implements cardapi.OwnCards.
func (o Own) OwnCardPaper(ctx context.Context, q cardapi.CardPaperQuery) (cardapi.CardPaper, error) {
	person, err := asksForHerself(ctx, q.PIN)
	if err != nil {
		return cardapi.CardPaper{}, err
	}
	if !slices.Contains([]text.Lang{text.KY, text.RU}, q.Lang) {
		return cardapi.CardPaper{}, fail.New(fail.Invalid, "kit.bad_request")
	}
	r, err := antenatal.Load(ctx, o.Desk.DB.Read, q.Pregnancy, "")
	if err != nil {
		return cardapi.CardPaper{}, err
	}
	if r.Patient.PIN != person {
		return cardapi.CardPaper{}, fail.New(fail.NotFound, "card.antenatal.not_found")
	}
	p, err := paperOf(ctx, o.Desk, r)
	if err != nil {
		return cardapi.CardPaper{}, err
	}
	pdf, err := p.in(ctx, o.Desk, q.Lang, r.Organisation, "")
	if err != nil {
		return cardapi.CardPaper{}, err
	}
	return cardapi.CardPaper{PDF: pdf}, o.seen(ctx, person, r.Patient.FullName(), "antenatal.own_print", r.ID)
}

// asksForHerself is the ПИН of who asks; nobody is told of another.
func asksForHerself(ctx context.Context, person string) (string, error) {
	parsed, err := pin.Parse(person)
	if err != nil {
		return "", err
	}
	if exchangeapi.CallerOf(ctx).User != parsed {
		return "", fail.New(fail.Forbidden, "card.summary.not_yours")
	}
	return parsed, nil
}

// seen records that she was answered, and through which system.
func (o Own) seen(ctx context.Context, person, name, action, object string) error {
	caller := exchangeapi.CallerOf(ctx)
	return o.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return audit.Add(ctx, tx, o.Desk.Clock, audit.Record{
			Subject: person, ActorPIN: caller.User, ActorName: name, Via: exchangeapi.NameOf(caller.Client),
			Action: action, Purpose: "own-request", Object: object, RequestID: caller.ID,
		})
	})
}
