package exchangecard

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Cards answers what maternity hospitals ask through the exchange.
type Cards struct{ Desk *desk.Desk }

// OpenCard gives the card by the code that the woman shows or because she lies
// in the hospital that asks. Who asks must hold a post in that hospital today by
// НИСУР; the opening is recorded for the woman and for the clinic.
func (c Cards) OpenCard(ctx context.Context, q cardapi.CardQuery) (cardapi.ExchangeCard, error) {
	d, caller := c.Desk, exchangeapi.CallerOf(ctx)
	post, err := c.postOf(ctx, caller.User, q.Organisation)
	if err != nil {
		return cardapi.ExchangeCard{}, err
	}
	var card cardapi.ExchangeCard
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := c.find(ctx, tx, q)
		if err != nil {
			return err
		}
		r, err := antenatal.Whole(ctx, tx, p)
		if err != nil {
			return err
		}
		card = r.Card()
		card.OpenedAt = d.Clock.Now()
		o := Opening{card.OpenedAt, q.Organisation, post.PersonName, q.Basis}
		if err := insertOpening(ctx, tx, p.ID, o, caller.ID); err != nil {
			return err
		}
		return audit.Add(ctx, tx, d.Clock, audit.Record{
			Subject: p.Patient.PIN, ActorPIN: caller.User, ActorName: post.PersonName, ActorRole: post.Title.RU,
			Organisation: post.OrganisationName.RU, Via: "card", Action: "antenatal.open_card", Purpose: "card_" + q.Basis, Object: p.ID, RequestID: caller.ID,
		})
	})
	if err != nil {
		return cardapi.ExchangeCard{}, err
	}
	card.ClinicName = d.Directory.Name(ctx, card.Clinic)
	return card, nil
}

func (c Cards) postOf(ctx context.Context, pin, organisation string) (workforceapi.Post, error) {
	posts, err := workforceapi.Client{Exchange: c.Desk.Exchange}.Posts(ctx, pin)
	if err != nil {
		return workforceapi.Post{}, err
	}
	i := slices.IndexFunc(posts, func(p workforceapi.Post) bool {
		return p.Organisation == organisation && slices.Contains(desk.Ward, p.Role)
	})
	if i < 0 {
		return workforceapi.Post{}, fail.New(fail.Forbidden, "card.maternity.no_right")
	}
	return posts[i], nil
}

func (c Cards) find(ctx context.Context, tx *sql.Tx, q cardapi.CardQuery) (antenatal.Pregnancy, error) {
	switch q.Basis {
	case cardapi.BasisShown:
		return byCode(ctx, tx, q.Code)
	case cardapi.BasisAdmission:
		fits, err := stayFits(ctx, tx, q.Stay, q.Organisation, q.PIN)
		if err != nil {
			return antenatal.Pregnancy{}, err
		}
		if !fits {
			return antenatal.Pregnancy{}, fail.New(fail.Forbidden, "card.maternity.not_here")
		}
		return ofPIN(ctx, tx, q.PIN)
	}
	return antenatal.Pregnancy{}, fail.New(fail.Invalid, "kit.bad_request")
}
