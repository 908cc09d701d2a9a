package reception

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Referrals is where referrals (057/у) wait for the patient. A nil one has none.
type Referrals interface {
	// Waiting are the referrals of the patient to the organisation that are open
	// and not yet taken, newest first.
	Waiting(ctx context.Context, p patient.Patient, organisation string) ([]Waiting, error)
	// Close marks the referral as taken by the stay, in the transaction of the
	// admission. fail.Conflict: it was withdrawn or taken meanwhile, or is not
	// this patient's to this organisation.
	Close(ctx context.Context, tx *sql.Tx, referralID string, p patient.Patient, organisation, stayID string) error
}

// Waiting is a referral that the admission may pick up.
type Waiting struct {
	ID       string
	Number   string
	From     string // code of the organisation that referred
	FromName string // in the reader's language
	Profile  string // in the reader's language
	Code     string // ICD-10
	Text     string // of the diagnosis
	At       time.Time
	Urgent   bool
}

// waiting is the list for the page; a referral that cannot be read now stops no
// admission, it is said in the log.
func waiting(ctx context.Context, d *desk.Desk, referrals Referrals, p patient.Patient) []Waiting {
	if referrals == nil {
		return nil
	}
	all, err := referrals.Waiting(ctx, p, desk.Of(ctx).Post.Organisation)
	if err != nil {
		d.Log.WarnContext(ctx, "referrals not read", "system", "card", "error", err.Error())
	}
	return all
}

// closeReferral tells what is wrong with the referral as a finding of the form.
func closeReferral(ctx context.Context, tx *sql.Tx, referrals Referrals, p patient.Patient, stayID string, a Admission) error {
	if a.ReferralID == "" {
		return nil
	}
	if referrals == nil {
		return fail.Fields(fail.Finding{Field: "referral_id", Key: "card.admit.referral_gone"})
	}
	err := referrals.Close(ctx, tx, a.ReferralID, p, desk.Of(ctx).Post.Organisation, stayID)
	if e := fail.As(err); e != nil && (e.Kind == fail.Conflict || e.Kind == fail.NotFound) {
		return fail.Fields(fail.Finding{Field: "referral_id", Key: e.Key, Args: e.Args})
	}
	return err
}
