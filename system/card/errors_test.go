package card

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/page/pagetest"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Whatever form is sent with nothing filled in, or as it came: each error that is told leads to its
// field, and they are told in the order of the fields.
func TestErrorsAreToldInTheOrderOfTheFields(t *testing.T) {
	f := newFilledHospital(t)
	hospital := f.staff(t, "20000000000101", workforceapi.Head, cardtest.Hospital)
	outpatient := f.staff(t, "20000000000102", workforceapi.Head, clinic)
	sent, refused := map[string]bool{}, 0
	for _, route := range pageRoutes(t) {
		method, path := f.path(route)
		if method != http.MethodGet {
			continue
		}
		b := hospital
		if strings.HasPrefix(path, "/antenatal") || strings.Contains(path, "pregnancy") {
			b = outpatient
		}
		status, _, body := b.send(method, path, nil)
		if status != http.StatusOK || strings.HasPrefix(body, "%PDF") || strings.HasPrefix(body, "PK") {
			continue
		}
		for _, form := range pagetest.Forms(t, body) {
			if !form.Asks || sent[form.Action] {
				continue
			}
			sent[form.Action] = true
			for _, values := range []url.Values{form.Empty, form.Came} {
				status, _, answer := b.send(http.MethodPost, form.Action, values)
				if status == http.StatusUnprocessableEntity {
					refused++
					pagetest.Summary(t, path+" → "+form.Action, answer)
				}
			}
		}
	}
	if refused < 20 {
		t.Errorf("only %d forms were refused", refused)
	}
}
