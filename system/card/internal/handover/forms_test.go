package handover

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// MC-7: the card's own totals of a month, to the last form.
func TestTheFormsOfAMonth(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		stayID := w.Ready(formtest.PatientPIN)
		end := form.Ending{At: w.Clock.Now().Add(-10 * time.Minute), Outcome: "discharged", Result: "improved"}
		n, err := discharge.Discharge(formtest.Doctor(t.Context()), w.Desk, stayID, end)
		if err != nil {
			t.Fatal(err)
		}
		h := Handover{Desk: w.Desk, Fund: newFund(w)}
		month := cardapi.Month{Organisation: n.Organisation, Month: "2026-11"}
		read := func(m cardapi.Month) []cardapi.FormLine {
			t.Helper()
			lines, err := h.Forms(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			return lines
		}
		if lines := read(month); len(lines) != 1 || lines[0] != (cardapi.FormLine{Number: n.String(), Revision: 1, State: form.Queued}) {
			t.Errorf("queued: %+v", lines)
		}
		err = h.Decide(t.Context(), insuranceapi.Decision{CaseID: "c", Number: n.String(), Revision: 1, State: insuranceapi.Accepted, Price: 1999613, At: w.Clock.Now()})
		if err != nil {
			t.Fatal(err)
		}
		if lines := read(month); len(lines) != 1 || lines[0].State != form.Accepted || lines[0].Price != 1999613 {
			t.Errorf("accepted: %+v", lines)
		}
		for _, other := range []cardapi.Month{{Organisation: n.Organisation, Month: "2026-10"}, {Organisation: n.Organisation, Month: "2026-12"}, {Organisation: "950201", Month: "2026-11"}} {
			if lines := read(other); len(lines) != 0 {
				t.Errorf("%+v has %+v", other, lines)
			}
		}
		if _, err := h.Forms(t.Context(), cardapi.Month{Organisation: n.Organisation, Month: "soon"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("no month: %v", err)
		}
		w.Exec(`UPDATE form SET state = 'voided'`)
		if lines := read(month); len(lines) != 0 {
			t.Errorf("a voided form counts: %+v", lines)
		}
	})
}
