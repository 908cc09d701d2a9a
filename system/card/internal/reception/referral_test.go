package reception_test

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
)

// paper is a drawer of referrals in memory, for the seam alone.
type paper struct {
	mu    sync.Mutex
	open  []reception.Waiting
	taken map[string]string // by stay
}

func (p *paper) Waiting(context.Context, patient.Patient, string) ([]reception.Waiting, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.open), nil
}

func (p *paper) Close(_ context.Context, _ *sql.Tx, referralID string, _ patient.Patient, _, stayID string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, w := range p.open {
		if w.ID == referralID {
			p.open, p.taken[referralID] = slices.Delete(p.open, i, i+1), stayID
			return nil
		}
	}
	return fail.New(fail.Conflict, "card.admit.referral_gone")
}

// An admission closes the referral it names; one withdrawn meanwhile admits
// nobody and is said at its field.
func TestAnAdmissionClosesItsReferral(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, _ *clock.Manual) {
		p, _, err := patient.Find(ctx, d, patientPIN)
		if err != nil {
			t.Fatal(err)
		}
		drawer := &paper{open: []reception.Waiting{{ID: "r1", Code: "I10"}}, taken: map[string]string{}}
		a := admission(d, p.ID, cardtest.BedID("18", 1))
		a.ReferralID = "r2"
		for _, referrals := range []reception.Referrals{drawer, nil} {
			_, err = reception.AdmitReferred(ctx, d, referrals, a)
			if e := fail.As(err); e == nil || len(e.Findings) != 1 || e.Findings[0].Field != "referral_id" {
				t.Errorf("a referral that is gone: %v", err)
			}
		}
		if n := count(t, d, `SELECT COUNT(*) FROM stay`); n != 0 {
			t.Errorf("%d stays of a referral that is gone", n)
		}
		a.ReferralID = "r1"
		stayID, err := reception.AdmitReferred(ctx, d, drawer, a)
		if err != nil || drawer.taken["r1"] != stayID {
			t.Errorf("%v, taken by %q, stay %q", err, drawer.taken["r1"], stayID)
		}
	})
}
