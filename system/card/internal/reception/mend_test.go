package reception_test

import (
	"context"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// What the reception did not know is said later, but only while the stay is open,
// and only in the hospital where the patient lies.
func TestAnAdmissionIsMendedWhileTheStayIsOpen(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, _ *clock.Manual) {
		p, _, err := patient.Find(ctx, d, patientPIN)
		if err != nil {
			t.Fatal(err)
		}
		a := admission(d, p.ID, "")
		a.Kind = reception.Emergency
		stayID, err := reception.Admit(ctx, d, a)
		if err != nil {
			t.Fatal(err)
		}
		m := reception.Mending{HoursSinceOnset: 6, BroughtBy: "ambulance", Referrer: "ФАП Сокулук", Payment: "paid", Transport: "chair"}
		if err := reception.Mend(ctx, d, stayID, m); err != nil {
			t.Fatal(err)
		}
		v, err := stay.Find(ctx, d, stayID)
		if err != nil || v.HoursSinceOnset != 6 || v.BroughtBy != "ambulance" || v.Referrer != "ФАП Сокулук" || v.Payment != "paid" || v.Transport != "chair" {
			t.Errorf("%+v, %v", v, err)
		}
		if n := count(t, d, `SELECT COUNT(*) FROM access_record WHERE action = 'stay.mend'`); n != 1 {
			t.Errorf("%d access records", n)
		}
		for field, bad := range map[string]reception.Mending{
			"hours":      {HoursSinceOnset: 721, BroughtBy: "self"},
			"brought_by": {HoursSinceOnset: 1, BroughtBy: "camel"},
			"payment":    {BroughtBy: "self", Payment: "shells"},
			"transport":  {BroughtBy: "self", Transport: "wings"},
		} {
			err := reception.Mend(ctx, d, stayID, bad)
			if e := fail.As(err); e == nil || e.Kind != fail.Invalid || len(e.Findings) != 1 || e.Findings[0].Field != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		elsewhere := desk.Of(ctx)
		elsewhere.Post.Organisation = "950201"
		if err := reception.Mend(desk.With(ctx, elsewhere), d, stayID, m); !fail.Is(err, fail.NotFound) {
			t.Errorf("another hospital: %v", err)
		}
		if err := d.DB.Tx(ctx, discharged(stayID, d.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		if err := reception.Mend(ctx, d, stayID, m); !fail.Is(err, fail.Conflict) {
			t.Errorf("after the discharge: %v", err)
		}
	})
}

// Hours since the onset are of an emergency alone.
func TestAPlannedAdmissionHasNoHours(t *testing.T) {
	world(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *cardtest.Neighbours, _ *clock.Manual) {
		p, _, err := patient.Find(ctx, d, patientPIN)
		if err != nil {
			t.Fatal(err)
		}
		stayID, err := reception.Admit(ctx, d, admission(d, p.ID, cardtest.BedID("18", 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := reception.Mend(ctx, d, stayID, reception.Mending{HoursSinceOnset: 6, BroughtBy: "self"}); err != nil {
			t.Fatal(err)
		}
		if v, err := stay.Find(ctx, d, stayID); err != nil || v.HoursSinceOnset != 0 {
			t.Errorf("%d hours, %v", v.HoursSinceOnset, err)
		}
	})
}
