package reception

import (
	"context"
	"database/sql"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// Mending is what is said of an admission later, while the patient still lies:
// what nobody knew or asked at night in the reception.
type Mending struct {
	HoursSinceOnset int // 0: not said; of an emergency alone
	BroughtBy       string
	Referrer        string // code of an organisation, or words
	Payment         string // of Payments
	Transport       string // of Transports
}

// Mend writes it into the open stay. After the discharge the form stands, and
// only the fund's return opens it again: fail.Conflict.
func Mend(ctx context.Context, d *desk.Desk, stayID string, m Mending) error {
	v, err := stay.Find(ctx, d, stayID)
	if err != nil {
		return err
	}
	var findings []fail.Finding
	if m.HoursSinceOnset < 0 || m.HoursSinceOnset > mostHours {
		findings = append(findings, fail.Finding{Field: "hours", Key: "card.admit.hours_bounds", Args: fail.Args("Most", mostHours)})
	}
	if !slices.Contains(BroughtBy, m.BroughtBy) {
		findings = append(findings, fail.Finding{Field: "brought_by", Key: "kit.field.choose"})
	}
	if !slices.Contains(Payments, m.Payment) {
		findings = append(findings, fail.Finding{Field: "payment", Key: "kit.field.choose"})
	}
	if !slices.Contains(Transports, m.Transport) {
		findings = append(findings, fail.Finding{Field: "transport", Key: "kit.field.choose"})
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	if v.Kind == Planned {
		m.HoursSinceOnset = 0
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		open, err := updateAdmission(ctx, tx, v.ID, v.Organisation, m)
		if err != nil {
			return err
		}
		if !open {
			return fail.New(fail.Conflict, "card.history.closed", "At", text.Moment(v.DischargedAt))
		}
		return d.Seen(ctx, tx, v.Patient.PIN, "stay.mend", v.ID)
	})
}
