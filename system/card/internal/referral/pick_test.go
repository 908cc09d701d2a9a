package referral

import (
	"testing"
	"time"
)

// The department that was asked for a bed expects the person, from the moment at
// which the referral is written until its last day is over; nobody else does.
func TestADepartmentExpectsWhoWasReferredToABed(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		in := w.writing()
		in.Urgency = "urgent"
		r := w.send(in)
		for _, of := range []struct {
			organisation, department string
			want                     int
		}{{second, "18", 1}, {second, "05", 0}, {third, "18", 0}} {
			found, err := (Drawer{w.desk}).Expected(w.receiver(), of.organisation, of.department)
			if err != nil || len(found) != of.want {
				t.Fatalf("%+v: %+v %v", of, found, err)
			}
			if of.want > 0 && (found[0].PatientID != w.patient.ID || found[0].PIN != patientPIN || found[0].ReferralID != r.ID || !found[0].Urgent || found[0].Diagnosis == "") {
				t.Errorf("%+v", found[0])
			}
		}
		w.exec(`UPDATE referral SET purpose = 'consultation' WHERE id = $1`, r.ID)
		if found, err := (Drawer{w.desk}).Expected(w.receiver(), second, "18"); err != nil || len(found) != 0 {
			t.Errorf("a consultation takes a bed: %+v %v", found, err)
		}
		w.exec(`UPDATE referral SET purpose = 'hospitalisation' WHERE id = $1`, r.ID)
		w.clock.Advance(r.End().Sub(w.clock.Now()) - time.Second)
		if found, err := (Drawer{w.desk}).Expected(w.receiver(), second, "18"); err != nil || len(found) != 1 {
			t.Errorf("in the last second: %+v %v", found, err)
		}
		w.clock.Advance(2 * time.Second)
		if found, err := (Drawer{w.desk}).Expected(w.receiver(), second, "18"); err != nil || len(found) != 0 {
			t.Errorf("expected when it is late: %+v %v", found, err)
		}
	})
}
