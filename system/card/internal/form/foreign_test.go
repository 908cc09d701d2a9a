package form_test

import (
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

// The form says of a foreigner, whose country is kept by its code, which it is.
func TestAForeignersCountryStandsOnTheForm(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID := w.Ready("")
		w.Exec(`UPDATE patient SET kind = 'foreigner', country = 'KZ', citizenship = '' WHERE id = (SELECT patient_id FROM stay WHERE id = $1)`, stayID)
		r, err := form.Load(t.Context(), w.Desk.DB.Read, stayID, formtest.Hospital, "")
		if err != nil || r.Patient.Citizenship != "KZ" {
			t.Errorf("%q %v", r.Patient.Citizenship, err)
		}
		if r, err = form.Load(t.Context(), w.Desk.DB.Read, w.Ready(formtest.PatientPIN), formtest.Hospital, ""); err != nil || r.Patient.Citizenship != "KGZ" {
			t.Errorf("a citizen's: %q %v", r.Patient.Citizenship, err)
		}
	})
}
