package cardapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// OwnCard is an exchange card as the woman herself is shown it (MC-3).
type OwnCard struct {
	Card      ExchangeCard  `json:"card"`
	Days      int           `json:"days"`      // gestational age today, or when the pregnancy ended
	GiveFrom  clock.Date    `json:"give_from"` // the day from which the clinic gives the card
	NextVisit clock.Date    `json:"next_visit,omitzero"`
	Outcome   string        `json:"outcome,omitempty"` // "" while the pregnancy goes on
	EndedOn   clock.Date    `json:"ended_on,omitzero"`
	Code      string        `json:"code,omitempty"` // to show at the hospital; "" when there is none to show
	Show      string        `json:"show,omitempty"` // address for the QR code
	Opened    []CardOpening `json:"opened"`
	TearOff   *TearOff      `json:"tear_off,omitempty"` // the hospital's about her, in its newest version
}

// CardOpening is who opened the card and on what basis.
type CardOpening struct {
	At           time.Time  `json:"at"`
	Organisation text.Words `json:"organisation"`
	Name         string     `json:"name"`
	Basis        string     `json:"basis"`
}

// CardPaperQuery asks for form 113/у of the woman's own pregnancy.
type CardPaperQuery struct {
	PIN       string    `json:"pin"`
	Pregnancy string    `json:"pregnancy"`
	Lang      text.Lang `json:"lang"` // ky, ru
}

// CardPaper is the form as it is printed.
type CardPaper struct {
	PDF []byte `json:"pdf"`
}

// OwnCards is what a woman has of her exchange cards through the portal.
type OwnCards interface {
	// OwnCards are her cards, the newest first; none is an empty list.
	OwnCards(ctx context.Context, pin string) ([]OwnCard, error)
	// OwnCardPaper is the form of one of them; fail.NotFound of any other.
	OwnCardPaper(ctx context.Context, q CardPaperQuery) (CardPaper, error)
}

var _ OwnCards = Client{}

// OwnCards implements OwnCards. The person asks for their own.
func (c Client) OwnCards(ctx context.Context, pin string) ([]OwnCard, error) {
	var all []OwnCard
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceExchangeCards, Path: "/own", Body: Query{PIN: pin}, User: pin, Issue: "own-request"}, &all)
	return all, err
}

// OwnCardPaper implements OwnCards.
func (c Client) OwnCardPaper(ctx context.Context, q CardPaperQuery) (CardPaper, error) {
	var paper CardPaper
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceExchangeCards, Path: "/own-paper", Body: q, User: q.PIN, Issue: "own-request"}, &paper)
	return paper, err
}

// ServeOwnCards registers the part of the service that is the woman's own.
func ServeOwnCards(p *exchangeapi.Provider, api OwnCards) {
	exchangeapi.Serve(p, ServiceExchangeCards, "/own", func(ctx context.Context, in Query) ([]OwnCard, error) { return api.OwnCards(ctx, in.PIN) })
	exchangeapi.Serve(p, ServiceExchangeCards, "/own-paper", api.OwnCardPaper)
}
