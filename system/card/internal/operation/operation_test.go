package operation

import (
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

func findings(err error) string {
	var fields []string
	if e := fail.As(err); e != nil {
		for _, f := range e.Findings {
			fields = append(fields, f.Field)
		}
	}
	return strings.Join(fields, " ")
}

func TestOperations(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		in := Operating{Once: id.New(), Operation: Operation{
			At: now, Code: "A16.12.1", Name: "Стентирование", Anaesthesia: "local", Protocol: "Ход операции.", SurgeonPIN: formtest.DoctorPIN, SurgeonName: formtest.DoctorName,
		}}
		if got := findings(Operate(ctx, w.Desk, stayID, Operating{Once: id.New()})); got != "at operation code surgeon anaesthesia protocol" {
			t.Fatal(got)
		}
		for range 2 {
			if err := Operate(ctx, w.Desk, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		correction := in
		correction.Once, correction.Root, correction.Seen, correction.Complication = id.New(), in.Once, 1, "Гематома"
		if got := findings(Operate(ctx, w.Desk, stayID, correction)); got != "reason" {
			t.Fatal(got)
		}
		correction.Reason = "Не указано осложнение"
		nurse := formtest.Nurse(t.Context())
		if err := Operate(nurse, w.Desk, stayID, correction); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		for range 2 {
			if err := Operate(ctx, w.Desk, stayID, correction); err != nil {
				t.Fatal(err)
			}
		}
		all, err := Operations(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(all) != 1 || all[0].Version != 2 || all[0].Complication != "Гематома" || len(all[0].Former) != 1 {
			t.Fatalf("%+v %v", all, err)
		}
		for _, query := range []string{`UPDATE operation SET protocol = 'x'`, `DELETE FROM operation`} {
			if err := w.TryExec(query); err == nil {
				t.Errorf("the database took %s", query)
			}
		}
	})
}

// An operation lies within the stay, to the minute: neither before the admission,
// nor in the future, nor after the discharge, and it ends after it began.
func TestAnOperationLiesWithinTheStay(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		admitted := now.Add(-48 * time.Hour)
		operate := func(once, root string, seen int, at, ended time.Time) error {
			return Operate(ctx, w.Desk, stayID, Operating{Once: once, Root: root, Seen: seen, Reason: "Время", Operation: Operation{
				At: at, EndedAt: ended, Code: "A16.12.1", Name: "Стентирование", Anaesthesia: "local", Protocol: "Ход операции.",
				SurgeonPIN: formtest.DoctorPIN, SurgeonName: formtest.DoctorName,
			}})
		}
		for what, c := range map[string]struct {
			at, ended time.Time
			key       string
		}{
			"a minute before the admission": {admitted.Add(-time.Minute), time.Time{}, "card.history.at_before_admission"},
			"a minute from now":             {now.Add(time.Minute), time.Time{}, "card.history.at_future"},
			"ended before it began":         {now.Add(-time.Hour), now.Add(-2 * time.Hour), "card.operations.ended_wrong"},
			"will have ended":               {now.Add(-time.Hour), now.Add(time.Minute), "card.operations.ended_wrong"},
		} {
			e := fail.As(operate(id.New(), "", 0, c.at, c.ended))
			if e == nil || len(e.Findings) != 1 || e.Findings[0].Key != c.key {
				t.Errorf("%s: %+v", what, e)
			}
		}
		first := id.New()
		if err := operate(first, "", 0, admitted, admitted.Add(time.Hour)); err != nil {
			t.Fatal("at the moment of the admission:", err)
		}
		left := now.Add(-time.Hour)
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $1`, db.Micros(left))
		if err := operate(id.New(), "", 0, left, time.Time{}); !fail.Is(err, fail.Conflict) {
			t.Error("a new operation of a stay that is over:", err)
		}
		e := fail.As(operate(id.New(), first, 1, left.Add(time.Minute), time.Time{}))
		if e == nil || len(e.Findings) != 1 || e.Findings[0].Key != "card.history.at_after_discharge" {
			t.Errorf("corrected to after the discharge: %+v", e)
		}
		if n := w.Int(`SELECT COUNT(*) FROM operation`); n != 1 {
			t.Errorf("%d operations were written", n)
		}
	})
}

// Every moment of an operation against every moment of its stay, written and
// corrected: admission ≤ beginning ≤ end ≤ discharge, or now while there is none.
func TestMomentsOfAnOperationAgainstThoseOfItsStay(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		admitted, left := now.Add(-48*time.Hour), now.Add(-time.Hour)
		operate := func(once, root string, seen int, at, ended time.Time) error {
			return Operate(ctx, w.Desk, stayID, Operating{Once: once, Root: root, Seen: seen, Reason: "Время", Operation: Operation{
				At: at, EndedAt: ended, Code: "A16.12.1", Name: "Стентирование", Anaesthesia: "local", Protocol: "Ход операции.",
				SurgeonPIN: formtest.DoctorPIN, SurgeonName: formtest.DoctorName,
			}})
		}
		moments := []time.Time{
			admitted.Add(-time.Minute), admitted, admitted.Add(time.Hour), left.Add(-time.Minute), left, left.Add(time.Minute), now, now.Add(time.Minute),
		}
		first, seen := id.New(), 1
		if err := operate(first, "", 0, admitted, admitted); err != nil {
			t.Fatal(err)
		}
		try := func(what, root string, last time.Time) {
			t.Helper()
			for _, at := range moments {
				for _, ended := range append([]time.Time{{}}, moments...) {
					fits := !at.Before(admitted) && !at.After(last) && (ended.IsZero() || !ended.Before(at) && !ended.After(last))
					err := operate(id.New(), root, seen, at, ended)
					if fits != (err == nil) || err != nil && !fail.Is(err, fail.Invalid) {
						t.Errorf("%s from %v to %v of a stay from %v to %v: %v", what, at, ended, admitted, last, err)
					}
					if err == nil && root != "" {
						seen++
					}
				}
			}
		}
		try("written", "", now)
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $1`, db.Micros(left))
		try("corrected", first, left)
	})
}

// Consent and protocol name the same side: where they do not, the page asks, and
// what happened can still be written.
func TestTheSideOfAnOperation(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		if err := procedure.Demo(t.Context(), w.Desk.DB, w.Clock); err != nil {
			t.Fatal(err)
		}
		w.Desk.Procedures = procedure.NewBook(w.Desk.DB)
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		in := Operating{Once: id.New(), Operation: Operation{
			At: now, Code: "A16.30", Name: "Грыжесечение", Anaesthesia: "local", Protocol: "Ход операции.", SurgeonPIN: formtest.DoctorPIN, SurgeonName: formtest.DoctorName,
		}}
		if got := findings(Operate(ctx, w.Desk, stayID, in)); got != "side" {
			t.Fatal("a paired organ without a side:", got)
		}
		in.Side = "upwards"
		if got := findings(Operate(ctx, w.Desk, stayID, in)); got != "side" {
			t.Fatal(got)
		}
		agree := consent.Asking{Once: id.New(), Kind: "operation", Subject: "Грыжесечение", Side: "left", Way: consent.Paper, Signer: "Пациент", Relation: "self"}
		if err := consent.Take(ctx, w.Desk, nil, stayID, agree); err != nil {
			t.Fatal(err)
		}
		in.Side = "right"
		err := Operate(ctx, w.Desk, stayID, in)
		if findings(err) != "despite" || told(err) != "left" {
			t.Fatal(err)
		}
		in.Despite = "both" // a tick for something else
		if got := findings(Operate(ctx, w.Desk, stayID, in)); got != "despite" {
			t.Fatal(got)
		}
		in.Despite = "left"
		if err := Operate(ctx, w.Desk, stayID, in); err != nil {
			t.Fatal(err)
		}
		if w.Int(`SELECT COUNT(*) FROM access_record WHERE action = 'operations.despite'`) != 1 {
			t.Error("that the surgeon was told is not on record")
		}
		all, err := Operations(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(all) != 1 || all[0].Side != "right" {
			t.Fatalf("%+v %v", all, err)
		}
		in.Once, in.Side, in.Despite = id.New(), "left", ""
		if err := Operate(ctx, w.Desk, stayID, in); err != nil {
			t.Error("the side agreed to:", err)
		}
		in.Protocol = "Другая операция"
		if err := Operate(ctx, w.Desk, stayID, in); !fail.Is(err, fail.Conflict) {
			t.Error("a protocol was lost without a word:", err)
		}
		if err := consent.Withdraw(ctx, w.Desk, stayID, agree.Once, "Передумал"); err != nil {
			t.Fatal(err)
		}
		in.Once, in.Side = id.New(), "both"
		if err := Operate(ctx, w.Desk, stayID, in); err != nil {
			t.Error("a consent that was taken back holds nobody up:", err)
		}
	})
}

func TestAgainst(t *testing.T) {
	signed := func(side string) consent.Consent {
		return consent.Consent{Kind: "operation", State: consent.Signed, Side: side}
	}
	for _, c := range []struct {
		sides []string
		done  string
		want  string
	}{
		{nil, "left", ""},
		{[]string{""}, "left", ""},
		{[]string{"left"}, "", ""},
		{[]string{"left"}, "left", ""},
		{[]string{"left"}, "right", "left"},
		{[]string{"both"}, "left", ""},
		{[]string{"left"}, "both", "left"},
		{[]string{"left", "right"}, "right", ""},
		{[]string{"none"}, "left", "none"},
	} {
		var all []consent.Consent
		for _, side := range c.sides {
			all = append(all, signed(side))
		}
		if got := consent.Against(all, c.done); got != c.want {
			t.Errorf("%v, %s: %q", c.sides, c.done, got)
		}
	}
	asked := signed("left")
	asked.State = consent.Asked
	if got := consent.Against([]consent.Consent{asked}, "right"); got != "" {
		t.Error("nobody has signed it:", got)
	}
}

// Where no table of operations was imported there is no list to choose from: the
// doctor is told so, not that this operation is missing in a list.
func TestWithoutATableOfOperationsThePageSaysSo(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		refused := func() string {
			t.Helper()
			form := page.NewForm()
			form.Set("operation_text", "Никем не названная операция")
			if _, _, err := named(t.Context(), procedure.NewBook(w.Desk.DB), form, w.Clock.Now()); err != nil || len(form.Findings) != 1 {
				t.Fatalf("%+v, %v", form.Findings, err)
			}
			return form.Findings[0].Field + " " + form.Findings[0].Key
		}
		if got := refused(); got != "code card.operations.no_list" {
			t.Error(got)
		}
		if err := procedure.Demo(t.Context(), w.Desk.DB, w.Clock); err != nil {
			t.Fatal(err)
		}
		if got := refused(); got != "code card.operations.code_needed" {
			t.Error(got)
		}
		if listed, none := codeField(t.Context(), page.NewForm(), true), codeField(t.Context(), page.NewForm(), false); listed.Hint == none.Hint {
			t.Errorf("the hint says %q of a list that there is not", none.Hint)
		}
	})
}
