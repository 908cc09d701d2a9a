package operation

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
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

func TestProcedures(t *testing.T) {
	if len(Procedures()) < 20 {
		t.Fatal(len(Procedures()))
	}
	for query, want := range map[string]int{"стентир": 1, "кесар": 1, "аппенд": 2, "a16.12.2": 1, "": 0, "щщ": 0} {
		if got := FindProcedures(query); len(got) != want {
			t.Errorf("%q: %v", query, got)
		}
	}
}
