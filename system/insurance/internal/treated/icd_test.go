package treated_test

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
)

// A code that ICD-10 had at admission and has no longer at discharge passes as
// what was written then, and returns the case as a final diagnosis: at the
// intake, before sending, in the simulator and in the replay alike.
func TestACodeIsOneOnItsDay(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		good := treatedtest.Good()
		rows := ""
		for i, d := range good.Diagnoses {
			if !strings.Contains(rows, ";"+d.Code+";") {
				rows += string(rune('1'+i)) + ";" + d.Code + ";Диагноз;;1\n"
			}
		}
		const head = "ID;MKB_CODE;MKB_NAME;ID_PARENT;ACTUAL\n"
		read := func(on *clock.Manual, rows string) {
			t.Helper()
			if _, err := icd.Import(t.Context(), f.DB, on, strings.NewReader(head+rows), "test", nil); err != nil {
				t.Fatal(err)
			}
		}
		found := func(d insuranceapi.Decision, err error) []string {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			var of []string
			for _, x := range d.Findings {
				if x.Rule == "DGN-017" {
					of = append(of, x.Reason.RU)
				}
			}
			return of
		}
		f.ICD = icd.NewBook(f.DB)
		wrong := good
		wrong.Diagnoses = slices.Clone(good.Diagnoses)
		wrong.Diagnoses[2].Code = "U07.9"
		if of := found(f.Simulate(t.Context(), wrong)); len(of) != 0 {
			t.Errorf("without a classification: %v", of)
		}
		read(clock.NewManual(good.AdmittedAt.AddDate(0, -1, 0)), rows+"9;U07.9;Отменённая болезнь;;1\n")
		read(clock.NewManual(good.AdmittedAt.Add(time.Minute)), rows)

		atAdmission := good
		atAdmission.Diagnoses = slices.Clone(good.Diagnoses)
		atAdmission.Diagnoses[0].Code = "U07.9"
		if of := found(f.Simulate(t.Context(), atAdmission)); len(of) != 0 {
			t.Errorf("valid on its day: %v", of)
		}
		for what, of := range map[string][]string{
			"simulator": found(f.Simulate(t.Context(), wrong)), "check": found(f.Check(doctor(t), wrong)),
			"intake": found(f.Submit(doctor(t), wrong)), "by hand": found(f.Enter(t.Context(), wrong, clerk)),
		} {
			if len(of) != 1 || !strings.Contains(of[0], "(U07.9)") {
				t.Errorf("%s: %v", what, of)
			}
		}
		d, err := f.Submit(doctor(t), wrong)
		if err != nil || d.State != insuranceapi.Returned {
			t.Fatalf("%+v, %v", d, err)
		}
		why, err := f.Why(t.Context(), d.CaseID, "DGN-017", expert)
		if err != nil || len(why.Rules[0].Findings) != 1 || len(why.Unlisted) != 1 || why.Unlisted[0].Code != "U07.9" {
			t.Errorf("replayed: %+v, %v", why.Unlisted, err)
		}
	})
}

// A code of an operation holds on the day of the operation in Bishkek, whatever the
// table says of the day of discharge: at the intake, before sending, in the
// simulator and in the replay alike. Without a table nothing is said.
func TestACodeOfAnOperationIsOneOnItsDay(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		good := treatedtest.Good()
		midnight := time.Date(2026, 11, 12, 0, 0, 0, 0, clock.Bishkek)
		with := func(code string, at time.Time) insuranceapi.Case {
			c := good
			c.Operations = []insuranceapi.Operation{{At: at, Code: code, Name: "Операция", Anaesthesia: "local"}}
			return c
		}
		found := func(d insuranceapi.Decision, err error) int {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, x := range d.Findings {
				if x.Rule == "OPR-006" {
					n++
				}
			}
			return n
		}
		f.Procedures = procedure.NewBook(f.DB)
		if n := found(f.Simulate(t.Context(), with("X1", midnight))); n != 0 {
			t.Errorf("without a table: %d", n)
		}
		const table = "X1,2020-01-01,2026-11-11,а,а,a\nX2,2026-11-12,,б,б,b\n"
		if _, err := procedure.Import(t.Context(), f.DB, f.Clock, strings.NewReader(table), "test"); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			code string
			at   time.Time
			says int
		}{
			{"X1", midnight.Add(-time.Second), 0},
			{"X1", midnight, 1},
			{"X2", midnight, 0},
			{"X2", midnight.Add(-time.Second), 1},
			{"Х2", midnight, 0},
			{"x2", midnight, 0},
			{"X3", midnight, 1},
			{"X", midnight, 1},
			{"", midnight, 0},
			{"X3", time.Time{}, 0},
		} {
			if n := found(f.Simulate(t.Context(), with(tc.code, tc.at))); n != tc.says {
				t.Errorf("%s at %v: %d", tc.code, tc.at, n)
			}
		}
		wrong := with("X1", midnight)
		wrong.Operations = append(wrong.Operations, wrong.Operations[0], insuranceapi.Operation{At: midnight, Code: "X2", Name: "б", Anaesthesia: "none"})
		for what, n := range map[string]int{
			"check": found(f.Check(doctor(t), wrong)), "intake": found(f.Submit(doctor(t), wrong)), "by hand": found(f.Enter(t.Context(), wrong, clerk)),
		} {
			if n != 2 {
				t.Errorf("%s: %d", what, n)
			}
		}
		d, err := f.Submit(doctor(t), wrong)
		if err != nil || d.State != insuranceapi.Returned {
			t.Fatalf("%+v, %v", d, err)
		}
		why, err := f.Why(t.Context(), d.CaseID, "OPR-006", expert)
		if err != nil || len(why.Rules[0].Findings) != 2 || len(why.UnlistedOperations) != 1 || why.UnlistedOperations[0].Code != "X1" || why.Rules[0].Left {
			t.Errorf("replayed: %+v, %v", why.UnlistedOperations, err)
		}
		for _, x := range why.Rules[0].Findings {
			if !strings.Contains(x.Reason.RU, "(X1, 12.11.2026)") {
				t.Error(x.Reason.RU)
			}
		}
	})
}

// A rule that a later version of the program no longer has is not replayed; what
// it found is shown as it was recorded.
func TestARuleThatIsGoneIsShownAsRecorded(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.BedDays = 4
		d := submit(t, f, wrong, insuranceapi.Returned)
		err := f.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE case_decision SET decision = REPLACE(decision, 'BED-001', 'OLD-001')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		why, err := f.Why(t.Context(), d.CaseID, "OLD-001", expert)
		if err != nil || len(why.Rules) != 0 || len(why.Gone) != 1 || why.Gone[0].Field != "bed_days" {
			t.Errorf("%+v, %v", why.Gone, err)
		}
		if _, err := f.Why(t.Context(), d.CaseID, "OLD-002", expert); err == nil {
			t.Error("a rule that found nothing is shown")
		}
	})
}
