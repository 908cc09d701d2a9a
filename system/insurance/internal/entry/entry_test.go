package entry_test

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/entry"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

var clerk = entry.Clerk{Sender: treated.Sender{PIN: "10408198400512", Name: "Асылбекова Назгүл", Role: "Статистик"}, Hospital: "950174"}

func each(t *testing.T, run func(t *testing.T, k entry.Desk)) {
	t.Helper()
	rules, err := rule.Load()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := price.Demo()
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(treatedtest.Now)
		run(t, entry.Desk{DB: d, Clock: now, Fund: treated.Fund{
			DB: d, Clock: now, Queue: job.New(d, now, slog.New(slog.DiscardHandler), job.Config{}), Catalogue: rules, Tables: tables,
			OrganisationName: func(code string) string { return code },
		}})
	})
}

// typed is what an operator types for a case with nothing wrong in it.
func typed() map[string]string {
	return map[string]string{
		"number": "1", "pin": "2 12091960 00217", "name": "Жумабеков Эрмек Асанович", "region": "41708000000000", "rural": "1",
		"insured": "1", "policy": "P-000217", "category": "pensioner", "admission": "emergency", "hours": "6",
		"admitted_at": "2026-11-10T09:30", "discharged_at": "2026-11-19T14:00", "outcome": "discharged", "result": "improved",
		"mv0_department": "05", "mv1_department": "18", "mv1_from": "2026-11-12T08:00",
		"dx0_stage": "admission", "dx0_rank": "main", "dx0_code": "j18.9", "dx0_text": "Пневмония",
		"dx1_stage": "final", "dx1_rank": "main", "dx1_code": "J18.0", "dx1_text": "Бронхопневмония",
		"doctor": "11503198500123", "doctor_name": "Асанова Айгүл", "head": "20207197800045", "head_name": "Токтогулов Бакыт",
	}
}

func formOf(values map[string]string) *page.Form {
	form := page.NewForm()
	for name, value := range values {
		form.Set(name, value)
	}
	return form
}

func save(t *testing.T, k entry.Desk, d entry.Draft, values map[string]string) entry.Draft {
	t.Helper()
	d, err := k.Save(t.Context(), d.ID, d.Version, entry.Kept(formOf(values)), clerk)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func begun(t *testing.T, k entry.Desk) entry.Draft {
	t.Helper()
	d, err := k.Begin(t.Context(), clerk)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// MC-6
func TestWhatIsTypedBecomesACase(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		d := save(t, k, begun(t, k), typed())
		decision, sent, err := k.Send(t.Context(), d, d.Form(), clerk)
		if err != nil || !sent || decision.State != insuranceapi.Accepted || decision.Number != "00000011895017426" || len(decision.Findings) != 0 {
			t.Fatalf("%v %+v, %v", sent, decision, err)
		}
		w, err := k.Fund.Read(t.Context(), decision.CaseID, treated.Expert{PIN: clerk.PIN, Hospital: clerk.Hospital})
		if err != nil {
			t.Fatal(err)
		}
		c := w.Case
		if c.BedDays != 9 || c.Department != "18" || c.Patient.Sex != "male" || c.Patient.BirthDate.String() != "1960-09-12" || c.Patient.PIN != "21209196000217" ||
			c.Diagnoses[0].Code != "J18.9" || !c.Moves[0].Until.Equal(c.Moves[1].From) || !c.Moves[1].Until.Equal(c.DischargedAt) || w.Way != treated.ByHand {
			t.Errorf("%+v", c)
		}
		again, err := k.Open(t.Context(), d.ID, clerk)
		if err != nil || again.CaseID != decision.CaseID || len(again.Values) != 0 {
			t.Errorf("a sent draft keeps %+v, %v", again, err)
		}
		if drafts, err := k.Drafts(t.Context(), clerk.Hospital); err != nil || len(drafts) != 0 {
			t.Errorf("drafts %+v, %v", drafts, err)
		}
	})
}

// What cannot be read hides nothing of what else is wrong: all is told at once, each
// field once, and a form with nothing else against it has no price.
func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		wrong := typed()
		wrong["mother"] = "99"
		wrong["birth_order"], wrong["number"], wrong["admitted_at"], wrong["result"], wrong["dx1_code"] = "77", "", "yesterday", "", "И10"
		d := save(t, k, begun(t, k), wrong)
		form := d.Form()
		_, decision, err := k.Check(t.Context(), d, form)
		if err != nil || decision.State != insuranceapi.Returned {
			t.Fatalf("%+v, %v", decision, err)
		}
		for _, field := range []string{"birth_order", "number", "admitted_at", "mother"} {
			if form.Error(t.Context(), field) == "" {
				t.Errorf("nothing is said of %s", field)
			}
			if slices.ContainsFunc(decision.Findings, func(f insuranceapi.Finding) bool { return entry.FieldOf(f.Field) == field }) {
				t.Errorf("%s is told of twice: %+v", field, decision.Findings)
			}
		}
		for _, field := range []string{"result", "dx0_code"} {
			if !slices.ContainsFunc(decision.Findings, func(f insuranceapi.Finding) bool { return entry.FieldOf(f.Field) == field }) {
				t.Errorf("nothing is said of %s: %+v", field, decision.Findings)
			}
		}
		almost := typed()
		almost["birth_order"] = "77"
		d = save(t, k, d, almost)
		if _, decision, err := k.Check(t.Context(), d, d.Form()); err != nil || decision.State != insuranceapi.Returned || decision.Price != 0 {
			t.Errorf("a form that cannot be read has a price: %+v, %v", decision, err)
		}
		if _, sent, err := k.Send(t.Context(), d, d.Form(), clerk); err != nil || sent {
			t.Errorf("it was sent: %v", err)
		}
	})
}

// With an error it stays a draft; nothing reaches the list of cases.
func TestErrorsAreMendedBeforeSending(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		wrong := typed()
		wrong["hours"], wrong["dx1_code"] = "", "И10"
		d := save(t, k, begun(t, k), wrong)
		decision, sent, err := k.Send(t.Context(), d, d.Form(), clerk)
		if err != nil || sent || len(decision.Findings) < 2 {
			t.Fatalf("%v %+v, %v", sent, decision, err)
		}
		wrong["admitted_at"] = "yesterday"
		d = save(t, k, d, wrong)
		form := d.Form()
		if _, sent, err = k.Send(t.Context(), d, form, clerk); err != nil || sent || form.OK() {
			t.Fatalf("sent with no day of admission: %v, %v", sent, err)
		}
		d = save(t, k, d, typed())
		if _, sent, err = k.Send(t.Context(), d, d.Form(), clerk); err != nil || !sent {
			t.Fatalf("%v, %v", sent, err)
		}
	})
}

func TestTwoWhoEnterOneDraftDoNotOverwriteEachOther(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		d := begun(t, k)
		var all sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 10 {
			all.Go(func() {
				_, err := k.Save(t.Context(), d.ID, d.Version, entry.Kept(formOf(typed())), clerk)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won != 1 {
			t.Errorf("%d of 10 who saved the same version won", won)
		}
	})
}

// A draft sent by ten at once, after a crash or a double click, is one case.
func TestADraftSentTwiceIsOneCase(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		d := save(t, k, begun(t, k), typed())
		var all sync.WaitGroup
		ids := make([]string, 10)
		for i := range ids {
			all.Go(func() {
				decision, _, err := k.Send(t.Context(), d, d.Form(), clerk)
				if err != nil {
					t.Error(err)
				}
				ids[i] = decision.CaseID
			})
		}
		all.Wait()
		for _, caseID := range ids {
			if caseID == "" || caseID != ids[0] {
				t.Fatalf("cases %q", ids)
			}
		}
	})
}

// Two operators type different forms under one number: the second is told.
func TestANumberIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		first := save(t, k, begun(t, k), typed())
		if _, sent, err := k.Send(t.Context(), first, first.Form(), clerk); err != nil || !sent {
			t.Fatalf("%v, %v", sent, err)
		}
		other := typed()
		other["pin"], other["name"], other["birth_date"], other["sex"] = "", "Башка Киши", "1970-01-01", "male"
		second := save(t, k, begun(t, k), other)
		form := second.Form()
		if _, sent, err := k.Send(t.Context(), second, form, clerk); err != nil || sent || form.OK() || form.Findings[0].Key != "insurance.entry.number_taken" {
			t.Errorf("%v %+v, %v", sent, form.Findings, err)
		}
	})
}

func TestAReturnedCaseIsCorrectedUnderItsNumber(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		d := save(t, k, begun(t, k), typed())
		first, _, err := k.Send(t.Context(), d, d.Form(), clerk)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Correct(t.Context(), first.CaseID, clerk); !fail.Is(err, fail.Conflict) {
			t.Errorf("an accepted case: %v", err)
		}
		if err := k.Fund.Return(t.Context(), first.CaseID, "Уточните исход.", treated.Expert{PIN: "12511199000088", Name: "Эксперт"}); err != nil {
			t.Fatal(err)
		}
		stranger := clerk
		stranger.Hospital = "950201"
		if _, err := k.Correct(t.Context(), first.CaseID, stranger); !fail.Is(err, fail.NotFound) {
			t.Errorf("another hospital's case: %v", err)
		}
		drafts := map[string]bool{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 5 { // two who begin work on one draft
			all.Go(func() {
				d, err := k.Correct(t.Context(), first.CaseID, clerk)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				drafts[d.ID] = true
			})
		}
		all.Wait()
		if len(drafts) != 1 {
			t.Fatalf("%d drafts of one correction", len(drafts))
		}
		d, err = k.Correct(t.Context(), first.CaseID, clerk)
		if err != nil {
			t.Fatal(err)
		}
		values := maps.Clone(d.Values)
		values["result"], values["number"] = "recovered", "7"
		d = save(t, k, d, values)
		second, sent, err := k.Send(t.Context(), d, d.Form(), clerk)
		if err != nil || !sent || second.Number != first.Number || second.Revision != 2 || second.State != insuranceapi.Accepted {
			t.Errorf("%v %+v, %v", sent, second, err)
		}
	})
}

func TestWhoWorksOnADraftIsOnRecordAndOthersDoNotSeeIt(t *testing.T) {
	each(t, func(t *testing.T, k entry.Desk) {
		d := save(t, k, begun(t, k), typed())
		if _, err := k.Open(t.Context(), d.ID, clerk); err != nil {
			t.Fatal(err)
		}
		records, err := audit.Of(t.Context(), k.DB.Read, "21209196000217", 10)
		if err != nil || len(records) != 2 || records[0].Action != entry.Action || records[0].ActorPIN != clerk.PIN {
			t.Errorf("records %+v, %v", records, err)
		}
		stranger := clerk
		stranger.Hospital = "950201"
		for name, do := range map[string]func() error{
			"open":    func() error { _, err := k.Open(t.Context(), d.ID, stranger); return err },
			"save":    func() error { _, err := k.Save(t.Context(), d.ID, d.Version, typed(), stranger); return err },
			"discard": func() error { return k.Discard(t.Context(), d.ID, stranger) },
		} {
			if err := do(); !fail.Is(err, fail.NotFound) {
				t.Errorf("%s by another hospital: %v", name, err)
			}
		}
		if err := k.Discard(t.Context(), d.ID, clerk); err != nil {
			t.Error(err)
		}
		if _, err := k.Open(t.Context(), d.ID, clerk); !fail.Is(err, fail.NotFound) {
			t.Errorf("after it was deleted: %v", err)
		}
	})
}

func TestTheNumberIsMadeOfWhatIsKnown(t *testing.T) {
	c := treatedtest.Good()
	for typed, want := range map[string]string{
		"1": "00000011895017426", "0000042": "00000421895017426", "0000 042": "00000421895017426",
		"00000011895017426": "00000011895017426", "12345678": "12345678", "": "", "x": "x",
	} {
		if got := entry.Number(typed, c); got != want {
			t.Errorf("%q became %q", typed, got)
		}
	}
	c.DischargedAt = time.Date(2027, 1, 1, 0, 0, 0, 0, clock.Bishkek)
	if got := entry.Number("1", c); got != "00000011895017427" {
		t.Error(got)
	}
}
