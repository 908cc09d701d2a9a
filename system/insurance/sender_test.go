package insurance_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

// MC-6: a hospital's own information system sends cases as the card does, of its own
// organisation alone; it hears of decisions, and its month is reconciled with its list.
func TestAHospitalsOwnSystemSendsItsCases(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		clinic := exchangeapi.Subsystem{Instance: exchangeapi.Instance, Class: "COM", Member: "70000099", Code: "clinic"}
		laboratory := clinic
		laboratory.Code = "laboratory"
		as := func(who exchangeapi.Subsystem) insuranceapi.Client {
			exchange := *h.api.Exchange
			exchange.Self = who
			return insuranceapi.Client{Exchange: &exchange}
		}
		senders := func(text string) {
			t.Helper()
			r, err := insurance.ImportSenders(t.Context(), h.env, strings.NewReader(text))
			if err != nil || len(r.Bad) != 0 {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		own := treatedtest.Good()
		own.Organisation, own.Number, own.Patient.PIN, own.Patient.Name = "950201", "00000011895020126", "", "Киши"
		foreign := treatedtest.Good() // of 950174
		squatter := own               // its organisation, another's number
		squatter.Number = foreign.Number
		refused := func(what string, who exchangeapi.Subsystem, c insuranceapi.Case) {
			t.Helper()
			if _, err := as(who).Submit(t.Context(), c, "r-"+what, ""); !fail.Is(err, fail.Forbidden) {
				t.Errorf("%s: submitted, %v", what, err)
			}
			if d, err := as(who).Check(t.Context(), c, ""); !fail.Is(err, fail.Forbidden) {
				t.Errorf("%s: checked, %+v, %v", what, d, err)
			}
		}
		refused("before it was named", clinic, own)
		senders("organisation,subsystem\n950201," + clinic.String() + "\n")
		refused("another system", laboratory, own)
		refused("another hospital's case", clinic, foreign)
		refused("another hospital's number", clinic, squatter)
		empty := own
		empty.Organisation = ""
		refused("nobody's case", clinic, empty)
		d, err := as(clinic).Submit(t.Context(), own, "r1", "11503198500123")
		if err != nil || d.State != insuranceapi.Accepted {
			t.Fatalf("%+v, %v", d, err)
		}
		if again, err := h.api.Submit(t.Context(), own, "r2", ""); err != nil || again.CaseID != d.CaseID {
			t.Errorf("the card sends the same case: %+v, %v", again, err)
		}
		if rules, err := as(clinic).Rules(t.Context(), treatedtest.Good().Patient.BirthDate); err != nil || len(rules) != 0 {
			t.Errorf("%d rules of 1960, %v", len(rules), err)
		}

		// The system of the hospital gives the fund what the card gives.
		took, line := make(chan insuranceapi.Decision, 1), cardapi.FormLine{Number: own.Number, Revision: 1, State: "accepted", Price: d.Price}
		theirs := exchangeapi.NewProvider(clinic, key, h.log)
		cardapi.Serve(theirs, card{took: took, forms: func(cardapi.Month) ([]cardapi.FormLine, error) { return []cardapi.FormLine{line}, nil }})
		h.providers[clinic] = theirs
		expert := h.expert(t)
		body := expert.get("/acts/reconcile?lang=ru&organisation=950201&month=2026-11", http.StatusOK)
		if !strings.Contains(body, "Расхождений нет") {
			t.Errorf("not reconciled with the hospital's own list: %s", body)
		}
		if w := expert.do(http.MethodPost, "/cases/"+d.CaseID+"/return", url.Values{"comment": {"Нет протокола."}}); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		h.runs(t)
		select {
		case told := <-took:
			if told.CaseID != d.CaseID || told.State != insuranceapi.Returned || told.Comment != "Нет протокола." {
				t.Errorf("told %+v", told)
			}
		case told := <-h.card.took:
			t.Errorf("the card was told %+v", told)
		case <-time.After(20 * time.Second):
			t.Error("nobody was told of the return")
		}
		if again, err := as(clinic).Submit(t.Context(), own, "r1", ""); err != nil || again.State != insuranceapi.Returned {
			t.Errorf("sent again: %+v, %v", again, err)
		}
		if body := expert.get("/acts/reconcile?lang=ru&organisation=950201&month=2026-11", http.StatusOK); !strings.Contains(body, "1 расхождение") {
			t.Error("a difference is not found")
		}
		corrected := own
		corrected.Revision, corrected.Replaces = 2, d.CaseID
		if d, err := as(clinic).Submit(t.Context(), corrected, "r3", ""); err != nil || d.State != insuranceapi.Accepted {
			t.Errorf("corrected: %+v, %v", d, err)
		}
		senders("950201,\n")
		refused("after the word was taken back", clinic, own)
	})
}

// What an operator's file of senders has wrong is told by its line, and is left out.
func TestAFileOfSendersIsRead(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		read := func(text string) (rows, changed int, bad []string) {
			t.Helper()
			r, err := insurance.ImportSenders(t.Context(), h.env, strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			return r.Rows, r.Changed, r.Bad
		}
		good := "950201,central-server/COM/70000099/clinic\n"
		if rows, changed, bad := read("\ufefforganisation,subsystem\n" + good); rows != 1 || changed != 1 || len(bad) != 0 {
			t.Error(rows, changed, bad)
		}
		if rows, changed, bad := read(good); rows != 1 || changed != 0 || len(bad) != 0 {
			t.Error(rows, changed, bad)
		}
		if rows, changed, bad := read("95020,central-server/COM/70000099/clinic\n95020x,central-server/COM/70000099/clinic\n950174,clinic\n950174,central-server/GOV/70000040/state-payments\n950201,\n"); rows != 5 || changed != 1 || len(bad) != 4 {
			t.Error(rows, changed, bad)
		}
		if _, err := insurance.ImportSenders(t.Context(), h.env, strings.NewReader("a,b,c\n")); err == nil {
			t.Error("a file of another kind was read")
		}
	})
}
