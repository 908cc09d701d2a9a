// Package charge makes and tells charges.
package charge

import (
	"context"
	"database/sql"
	"errors"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/payment/paymentapi"
)

// MaxAmount is 1,000,000,000 som in tyiyn: more is a slip of the hand.
const MaxAmount = 100_000_000_000

// Service keeps charges.
type Service struct {
	DB    *db.DB
	Clock clock.Clock
}

var _ paymentapi.API = (*Service)(nil)

// Charge implements paymentapi.API.
func (s *Service) Charge(ctx context.Context, r paymentapi.Request) (paymentapi.Charge, error) {
	caller := exchangeapi.CallerOf(ctx)
	if caller.Client == (exchangeapi.Subsystem{}) {
		return paymentapi.Charge{}, fail.New(fail.Forbidden, "kit.exchange_only")
	}
	r.Purpose = text.Words{KY: page.Clean(r.Purpose.KY), RU: page.Clean(r.Purpose.RU), EN: page.Clean(r.Purpose.EN)}
	if err := check(r); err != nil {
		return paymentapi.Charge{}, err
	}
	wanted := paymentapi.Charge{
		ID: id.New(), Reference: r.Reference, Payer: r.Payer, Amount: r.Amount, Purpose: r.Purpose, State: "due", CreatedAt: s.Clock.Now(),
	}
	var kept paymentapi.Charge
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		isNew, err := insert(ctx, tx, caller.Client.String(), wanted)
		if err != nil {
			return err
		}
		if isNew {
			kept = wanted
			return audit.Add(ctx, tx, s.Clock, audit.Record{
				Subject: r.Payer, ActorPIN: caller.User, ActorName: exchangeapi.NameOf(caller.Client), Via: "payment",
				Action: "charge", Purpose: "service", Object: wanted.ID, RequestID: caller.ID,
			})
		}
		kept, err = byReference(ctx, tx, caller.Client.String(), r.Reference)
		if err != nil {
			return err
		}
		if kept.Payer != r.Payer || kept.Amount != r.Amount {
			return fail.New(fail.Conflict, "payment.reference_taken")
		}
		return nil
	})
	return kept, err
}

func check(r paymentapi.Request) error {
	var wrong []fail.Finding
	if r.Reference == "" || len(r.Reference) > 200 || page.Clean(r.Reference) != r.Reference {
		wrong = append(wrong, fail.Finding{Field: "reference", Key: "payment.bad_reference"})
	}
	if parsed, err := pin.Parse(r.Payer); err != nil || parsed != r.Payer {
		wrong = append(wrong, fail.Finding{Field: "payer", Key: "payment.bad_payer"})
	}
	if r.Amount <= 0 || r.Amount > MaxAmount {
		wrong = append(wrong, fail.Finding{Field: "amount", Key: "payment.bad_amount"})
	}
	for _, words := range []string{r.Purpose.KY, r.Purpose.RU, r.Purpose.EN} {
		if utf8.RuneCountInString(words) > 300 {
			wrong = append(wrong, fail.Finding{Field: "purpose", Key: "payment.bad_purpose"})
			break
		}
	}
	if r.Purpose.KY == "" || r.Purpose.RU == "" {
		wrong = append(wrong, fail.Finding{Field: "purpose", Key: "payment.bad_purpose"})
	}
	if len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	return nil
}

// Find implements paymentapi.API. A subsystem finds its own charges alone.
func (s *Service) Find(ctx context.Context, chargeID string) (paymentapi.Charge, error) {
	if uuid.Validate(chargeID) != nil {
		return paymentapi.Charge{}, fail.New(fail.NotFound, "kit.not_found")
	}
	c, err := byID(ctx, s.DB.Read, exchangeapi.CallerOf(ctx).Client.String(), chargeID)
	if errors.Is(err, sql.ErrNoRows) {
		return c, fail.New(fail.NotFound, "kit.not_found")
	}
	return c, db.Explain(err)
}
