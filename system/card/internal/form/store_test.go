package form_test

import (
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

// A member of staff without an organisation must not see the stays of all.
func TestAStayIsThereForItsOwnOrganisationAlone(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID := w.Ready(formtest.PatientPIN)
		for organisation, there := range map[string]bool{formtest.Hospital: true, form.Anywhere: true, "": false, "950999": false} {
			_, err := form.Load(t.Context(), w.Desk.DB.Read, stayID, organisation, "")
			if there && err != nil || !there && !fail.Is(err, fail.NotFound) {
				t.Errorf("%q: %v", organisation, err)
			}
		}
	})
}
