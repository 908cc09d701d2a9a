package charge

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/quick"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/payment/migration"
	"github.com/sanarip/sanarip/system/payment/paymentapi"
)

func as(t *testing.T, s exchangeapi.Subsystem) context.Context {
	return exchangeapi.WithCaller(t.Context(), exchangeapi.Caller{Client: s, ID: "r"})
}

func request(reference string, amount int64) paymentapi.Request {
	return paymentapi.Request{Reference: reference, Payer: demo.Patient.PIN, Amount: amount, Purpose: text.Words{KY: "Көчүрмө", RU: "Выписка"}}
}

// TestPT10OneChargeForOneReference: a hundred at once make one charge (PT-10).
func TestPT10OneChargeForOneReference(t *testing.T) {
	dbtest.Each(t, "payment", migration.Sets, func(t *testing.T, d *db.DB) {
		s := &Service{DB: d, Clock: clock.System{}}
		var mu sync.Mutex
		ids := map[string]int{}
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				c, err := s.Charge(as(t, exchangeapi.Portal), request("application-1", 12_500))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				ids[c.ID]++
			})
		}
		group.Wait()
		if len(ids) != 1 {
			t.Fatalf("%d charges", len(ids))
		}
		var chargeID string
		for chargeID = range ids {
		}
		found, err := s.Find(as(t, exchangeapi.Portal), chargeID)
		if err != nil || found.State != "due" || found.Amount != 12_500 || found.Purpose.KY != "Көчүрмө" || !found.PaidAt.IsZero() {
			t.Errorf("%+v, %v", found, err)
		}
		if _, err := s.Find(as(t, exchangeapi.Card), chargeID); !fail.Is(err, fail.NotFound) {
			t.Errorf("another subsystem finds it: %v", err)
		}
		other, err := s.Charge(as(t, exchangeapi.Card), request("application-1", 12_500))
		if err != nil || other.ID == chargeID {
			t.Errorf("another subsystem's reference: %+v, %v", other, err)
		}
		if _, err := s.Charge(as(t, exchangeapi.Portal), request("application-1", 12_501)); !fail.Is(err, fail.Conflict) {
			t.Errorf("another amount under the same reference: %v", err)
		}
	})
}

// TestAmountIsMoreThanNothing: whatever the amount, only those above 0 and
// within reason are charged.
func TestAmountIsMoreThanNothing(t *testing.T) {
	s := &Service{DB: dbtest.SQLite(t, "payment", migration.Sets...), Clock: clock.System{}}
	n := 0
	property := func(amount int64) bool {
		n++
		c, err := s.Charge(as(t, exchangeapi.Portal), request(fmt.Sprint("r", n), amount))
		if amount > 0 && amount <= MaxAmount {
			return err == nil && c.Amount == amount
		}
		return fail.Is(err, fail.Invalid)
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 60}); err != nil {
		t.Error(err)
	}
	for _, amount := range []int64{-1, 0, 1, MaxAmount, MaxAmount + 1, -1 << 63, 1<<63 - 1} {
		if !property(amount) {
			t.Errorf("amount %d", amount)
		}
	}
}

func TestHostileRequests(t *testing.T) {
	s := &Service{DB: dbtest.SQLite(t, "payment", migration.Sets...), Clock: clock.System{}}
	for name, spoil := range map[string]func(*paymentapi.Request){
		"no reference":  func(r *paymentapi.Request) { r.Reference = "" },
		"control signs": func(r *paymentapi.Request) { r.Reference = "a\x00b" },
		"no payer":      func(r *paymentapi.Request) { r.Payer = "" },
		"bad payer":     func(r *paymentapi.Request) { r.Payer = "99999999999999" },
		"no purpose":    func(r *paymentapi.Request) { r.Purpose = text.Words{EN: "x"} },
	} {
		r := request("r", 1)
		spoil(&r)
		if _, err := s.Charge(as(t, exchangeapi.Portal), r); !fail.Is(err, fail.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Charge(t.Context(), request("r", 1)); !fail.Is(err, fail.Forbidden) {
		t.Errorf("a charge by nobody: %v", err)
	}
}
