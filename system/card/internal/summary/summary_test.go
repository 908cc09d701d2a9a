package summary

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/handover"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// The portal fetches the patient's own summary through the exchange; others'
// are not there; each access is on record.
func TestSummaries(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		service := Service{Desk: w.Desk, Handover: handover.Handover{Desk: w.Desk}}
		provider := exchangeapi.NewProvider(exchangeapi.Card, "key", slog.New(slog.DiscardHandler))
		cardapi.Serve(provider, service)
		server := httptest.NewServer(formtest.Exchange(provider))
		defer server.Close()
		portal := cardapi.Client{Exchange: &exchangeapi.Client{Self: exchangeapi.Portal, Address: server.URL, Key: "key"}}
		ctx := t.Context()

		if heads, err := portal.Summaries(ctx, formtest.PatientPIN); err != nil || len(heads) != 0 {
			t.Fatal("somebody never treated:", heads, err)
		}
		stayID := w.Ready(formtest.PatientPIN)
		if _, err := portal.Summary(ctx, formtest.PatientPIN, stayID); !fail.Is(err, fail.NotFound) {
			t.Fatal("before the discharge:", err)
		}
		n, err := discharge.Discharge(formtest.Doctor(ctx), w.Desk, stayID, form.Ending{
			At: w.Clock.Now().Add(-time.Minute), Outcome: "discharged", Result: "improved", Recommendations: "Диета № 10.",
		})
		if err != nil {
			t.Fatal(err)
		}
		heads, err := portal.Summaries(ctx, formtest.PatientPIN)
		if err != nil || len(heads) != 1 || heads[0].Form != n.String() || heads[0].OrganisationName.KY != "Улуттук оорукана" {
			t.Fatal(heads, err)
		}
		s, err := portal.Summary(ctx, formtest.PatientPIN, stayID)
		if err != nil {
			t.Fatal(err)
		}
		if s.PatientName != "Жумабеков Эрмек Асанович" || len(s.Diagnoses) != 2 || s.Course == "" || s.Recommendations != "Диета № 10." ||
			s.Doctor != formtest.DoctorName || s.HeadOfDepartment != formtest.HeadName || s.Department.RU != "Терапевтическое отделение" {
			t.Fatalf("%+v", s)
		}
		if _, err := portal.Summary(ctx, formtest.PIN(9), stayID); !fail.Is(err, fail.NotFound) {
			t.Fatal("somebody else's:", err)
		}
		records, err := audit.Of(ctx, w.Desk.DB.Read, formtest.PatientPIN, 10)
		if err != nil || len(records) < 2 || records[0].Action != "summary.read" || records[0].Purpose != "own-request" || records[0].Via != "portal" ||
			records[0].ActorPIN != formtest.PatientPIN || records[0].RequestID == "" {
			t.Fatalf("%+v %v", records, err)
		}
	})
}

func TestOnlyOneselfAndTheFund(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		service := Service{Desk: w.Desk, Handover: handover.Handover{Desk: w.Desk}}
		ctx := exchangeapi.WithCaller(t.Context(), exchangeapi.Caller{Client: exchangeapi.Portal, User: formtest.PIN(1)})
		if _, err := service.Summaries(ctx, formtest.PatientPIN); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		if _, err := service.Summaries(ctx, "12"); !fail.Is(err, fail.Invalid) {
			t.Fatal(err)
		}
		if err := service.Decide(ctx, insuranceapi.Decision{}); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
	})
}
