package patient_test

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/migration"
)

// The blood group keeps who wrote it and when, until the group itself changes.
func TestDetailsKeepWhoWroteTheBloodGroup(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, now := cardtest.Desk(t, store, n)
		p, _, err := patient.Register(n.As(t.Context(), 0), d, patient.Patient{FamilyName: "Асанова", GivenName: "Айгүл", Sex: patient.Female})
		if err != nil {
			t.Fatal(err)
		}
		in := patient.Details{BloodGroup: "A", Rhesus: "-", KinName: "Асанов Азамат", KinRelation: "муж", KinPhone: "0555 000000", SocialStatus: "works", Alerts: "йод"}
		for i, c := range []struct {
			change func()
			by     string
			at     time.Time
		}{
			{func() {}, "Асанова Айгүл Маратовна", cardtest.Start},
			{func() { in.Phone = "0700 000000" }, "Асанова Айгүл Маратовна", cardtest.Start},
			{func() { in.Rhesus = "+" }, "Мамытова Жибек Таалайбековна", cardtest.Start.Add(2 * time.Hour)},
		} {
			c.change()
			if err := patient.SaveDetails(n.As(t.Context(), i), d, p.ID, in); err != nil {
				t.Fatal(err)
			}
			got, err := patient.LoadDetails(t.Context(), d.DB.Read, p.ID)
			if err != nil || got.BloodBy != c.by || !got.BloodAt.Equal(c.at) || got.Kin() != "Асанов Азамат (муж), 0555 000000" {
				t.Errorf("%d: %+v, %v", i, got, err)
			}
			now.Advance(time.Hour)
		}
		for field, bad := range map[string]patient.Details{"blood_group": {BloodGroup: "C"}, "rhesus": {BloodGroup: "0", Rhesus: "?"}, "social_status": {SocialStatus: "king"}} {
			if e := fail.As(patient.SaveDetails(n.As(t.Context(), 0), d, p.ID, bad)); e == nil || e.Kind != fail.Invalid || e.Findings[0].Field != field {
				t.Errorf("%s: %v", field, e)
			}
		}
	})
}
