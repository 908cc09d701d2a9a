package reception

import (
	"testing"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// What the kind of the person says is not asked: an unknown person's admission is
// an emergency, a foreigner pays; of a citizen nothing is presumed.
func TestTheKindOfThePersonIsTakenOver(t *testing.T) {
	for kind, want := range map[string][2]string{patient.Nameless: {Emergency, ""}, patient.Foreigner: {"", "paid"}, patient.Citizen: {"", ""}, patient.Newborn: {"", ""}} {
		form := page.NewForm("kind", "")
		known(form, patient.Patient{Kind: kind})
		if got := [2]string{form.Get("kind"), form.Get("payment")}; got != want {
			t.Errorf("%s: kind of admission and payment %q, not %q", kind, got, want)
		}
	}
}
