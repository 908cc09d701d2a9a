package act

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Open is a month that is over and has accepted cases in no act.
type Open struct {
	Organisation, Month string
	Cases               int
	Price               int64
}

func monthOf(t time.Time) string { return clock.DateOf(t).String()[:7] }

// Waiting are the months that could be settled, of those asked for, the oldest first,
// and whether there are more than a page of them.
func (k Acts) Waiting(ctx context.Context, by Filter) (list []Open, more bool, err error) {
	list, err = monthsOf(ctx, k.DB.Read, by, k.Clock.Now(), PageSize+1)
	return list[:min(len(list), PageSize)], len(list) > PageSize, db.Explain(err)
}

// Card is the card's own totals; cardapi.Client is the real one.
type Card interface {
	Forms(ctx context.Context, m cardapi.Month) ([]cardapi.FormLine, error)
}

// Kinds of differences.
const (
	NotAtFund  = "not_at_fund" // the card has the form, the fund has no case
	NotInCard  = "not_in_card" // the fund has a case from the exchange, the card no valid form
	OtherState = "state"       // both have it, one says accepted and the other returned
	OtherPrice = "price"
	OtherTurn  = "revision" // one has a newer revision
)

// Difference is one case on which the card and the fund do not agree.
type Difference struct {
	Number     string
	Kind       string
	CaseID     string // at the fund, "" when it has none
	Card, Fund string // state in each, "" for none
	CardPrice  int64  // tyiyn
	FundPrice  int64
}

// Reconciled is a hospital's month compared to the last case.
type Reconciled struct {
	Organisation, Month string
	Compared            int   // cases that both have or should have
	ByHand              int   // entered by hand: the card does not know of them
	CardPrice           int64 // tyiyn, of what the card knows as accepted
	FundPrice           int64 // tyiyn, of those that came through the exchange
	HandPrice           int64
	Differences         []Difference // none when all is well
}

// Reconcile compares the month with the card's own list. The demo's invented
// past, of which no card knows, is left out.
func (k Acts) Reconcile(ctx context.Context, card Card, organisation, month string) (Reconciled, error) {
	forms, err := card.Forms(ctx, cardapi.Month{Organisation: organisation, Month: month})
	if err != nil {
		return Reconciled{}, err
	}
	cases, err := ofMonth(ctx, k.DB.Read, organisation, month)
	if err != nil {
		return Reconciled{}, err
	}
	return compare(organisation, month, forms, cases), nil
}

func compare(organisation, month string, forms []cardapi.FormLine, cases []known) Reconciled {
	r := Reconciled{Organisation: organisation, Month: month}
	inCard := map[string]cardapi.FormLine{}
	for _, f := range forms {
		inCard[f.Number] = f
		r.CardPrice += f.Price
	}
	for _, c := range cases {
		f, there := inCard[c.Number]
		delete(inCard, c.Number)
		switch {
		case c.Way == treated.ByHand && !there:
			r.ByHand++
			r.HandPrice += c.Price
			continue
		case c.Demo && !there:
			continue
		}
		r.Compared++
		r.FundPrice += c.Price
		d := Difference{Number: c.Number, CaseID: c.ID, Card: f.State, Fund: c.State, CardPrice: f.Price, FundPrice: c.Price}
		switch {
		case !there:
			d.Kind = NotInCard
		case f.Revision != c.Revision:
			d.Kind = OtherTurn
		case f.State != c.State:
			d.Kind = OtherState
		case f.Price != c.Price:
			d.Kind = OtherPrice
		default:
			continue
		}
		r.Differences = append(r.Differences, d)
	}
	for _, f := range inCard {
		r.Compared++
		r.Differences = append(r.Differences, Difference{Number: f.Number, Kind: NotAtFund, Card: f.State, CardPrice: f.Price})
	}
	slices.SortFunc(r.Differences, func(a, b Difference) int { return strings.Compare(a.Number, b.Number) })
	return r
}
