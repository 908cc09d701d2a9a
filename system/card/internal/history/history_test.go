package history

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
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

// MC-1: an entry is signed when written and never changes; a correction is a
// new version with author and reason, and the former text stays.
func TestWriteAndCorrect(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		first := Writing{Once: id.New(), Kind: Diary, Body: "Состояние удовлетворительное.", At: now}
		for range 2 {
			if err := Write(ctx, w.Desk, stayID, first); err != nil {
				t.Fatal(err)
			}
		}
		if w.Int(`SELECT COUNT(*) FROM entry`) != 1 {
			t.Fatal("sent twice, written twice")
		}
		w.Clock.Advance(time.Hour)
		c := Correcting{Once: id.New(), Root: first.Once, Seen: 1, Body: "Состояние средней тяжести.", At: now, Reason: "Описка"}
		other := desk.With(t.Context(), formtest.Staff("20711199000377", "Исаков Данияр", workforceapi.Doctor))
		if err := Correct(other, w.Desk, stayID, c); !fail.Is(err, fail.Forbidden) {
			t.Fatal("another doctor:", err)
		}
		without := c
		without.Reason = ""
		if got := findings(Correct(ctx, w.Desk, stayID, without)); got != "reason" {
			t.Fatal(got)
		}
		for range 2 {
			if err := Correct(ctx, w.Desk, stayID, c); err != nil {
				t.Fatal(err)
			}
		}
		stale := c
		stale.Once, stale.Body = id.New(), "Ещё раз"
		if err := Correct(ctx, w.Desk, stayID, stale); fail.As(err) == nil || fail.As(err).Key != "card.history.corrected_meanwhile" {
			t.Fatal(err)
		}
		head := Correcting{Once: id.New(), Root: first.Once, Seen: 2, Body: "Состояние тяжёлое.", At: now, Reason: "Обход"}
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $1`, w.Clock.Now().UnixMicro()) // also after the discharge
		if err := Correct(formtest.Head(t.Context()), w.Desk, stayID, head); err != nil {
			t.Fatal(err)
		}
		all, err := Entries(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		e := all[0]
		if e.Version != 3 || e.Body != "Состояние тяжёлое." || e.ByPIN != formtest.HeadPIN || len(e.Former) != 2 ||
			e.Former[1].Body != first.Body || e.Former[0].Reason != "Описка" || e.author() != formtest.DoctorPIN {
			t.Fatalf("%+v", e)
		}
		for _, query := range []string{
			`UPDATE entry SET body = 'x'`, `UPDATE entry SET signed_at = 0`, `DELETE FROM entry`,
		} {
			if err := w.TryExec(query); err == nil {
				t.Errorf("the database took %s", query)
			}
		}
		if w.Int(`SELECT COUNT(*) FROM entry WHERE body = 'x' OR signed_at = 0`) != 0 || w.Int(`SELECT COUNT(*) FROM entry`) != 3 {
			t.Error("a signed entry was changed")
		}
		if w.Int(`SELECT COUNT(*) FROM access_record WHERE action = 'history.correct'`) != 2 {
			t.Error("corrections are not on record")
		}
	})
}

func TestWriteRefused(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		for want, in := range map[string]Writing{
			"kind":    {Once: id.New(), Kind: FormCorrection, Body: "b", At: now},
			"body":    {Once: id.New(), Kind: Diary, At: now},
			"at":      {Once: id.New(), Kind: Diary, Body: "b", At: now.Add(time.Second)},
			"body at": {Once: id.New(), Kind: Diary, At: now.Add(-49 * time.Hour)},
		} {
			if got := findings(Write(ctx, w.Desk, stayID, in)); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		if err := Write(ctx, w.Desk, stayID, Writing{Once: "' OR 1=1", Kind: Diary, Body: "b", At: now}); !fail.Is(err, fail.BadRequest) {
			t.Error(err)
		}
		if err := Write(ctx, w.Desk, "nobody", Writing{Once: id.New(), Kind: Diary, Body: "b", At: now}); !fail.Is(err, fail.NotFound) {
			t.Error(err)
		}
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $1`, now.UnixMicro())
		if err := Write(ctx, w.Desk, stayID, Writing{Once: id.New(), Kind: Diary, Body: "b", At: now}); !fail.Is(err, fail.Conflict) {
			t.Error(err)
		}
		if w.Int(`SELECT COUNT(*) FROM entry`) != 0 {
			t.Error("something was written")
		}
	})
}

// Two correct the same version at once: one wins.
func TestCorrectInParallel(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		first := Writing{Once: id.New(), Kind: Diary, Body: "b", At: now}
		if err := Write(ctx, w.Desk, stayID, first); err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 4 {
			group.Go(func() {
				err := Correct(ctx, w.Desk, stayID, Correcting{Once: id.New(), Root: first.Once, Seen: 1, Body: "c", At: now, Reason: "r"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won != 1 {
			t.Fatal(won)
		}
	})
}

func TestOrders(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		doctor, nurse := formtest.Doctor(t.Context()), formtest.Nurse(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		in := Ordering{Once: id.New(), Kind: "drug", Text: "Аспирин", Dose: "100 мг", Times: "1 раз в день", From: now.Add(-2 * time.Hour)}
		for want, bad := range map[string]Ordering{
			"kind text":  {Once: id.New(), Kind: "x", From: now},
			"dose times": {Once: id.New(), Kind: "drug", Text: "t", From: now},
			"from":       {Once: id.New(), Kind: "diet", Text: "t", From: now.Add(-100 * time.Hour)},
			"text from":  {Once: id.New(), Kind: "diet", From: now.Add(1000 * 24 * time.Hour)},
		} {
			if got := findings(Prescribe(doctor, w.Desk, stayID, bad)); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
		for range 2 {
			if err := Prescribe(doctor, w.Desk, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		mark := Marking{Once: id.New(), Order: in.Once, At: now.Add(-time.Hour)}
		if got := findings(Fulfil(nurse, w.Desk, stayID, mark)); got != "not_given_reason" {
			t.Fatal(got)
		}
		mark.Reason = "Отказ пациента"
		given := Marking{Once: id.New(), Order: in.Once, At: now, Given: true, Reason: "не нужна"}
		early := Marking{Once: id.New(), Order: in.Once, At: now.Add(-3 * time.Hour), Given: true}
		if got := findings(Fulfil(nurse, w.Desk, stayID, early)); got != "at" {
			t.Fatal(got)
		}
		early.At = now.Add(time.Minute)
		if got := findings(Fulfil(nurse, w.Desk, stayID, early)); got != "at" {
			t.Fatal(got)
		}
		for _, m := range []Marking{mark, mark, given} {
			if err := Fulfil(nurse, w.Desk, stayID, m); err != nil {
				t.Fatal(err)
			}
		}
		all, err := Orders(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(all) != 1 || len(all[0].Marks) != 2 || !all[0].Marks[0].Given || all[0].Marks[0].Reason != "" || all[0].Marks[1].Reason != "Отказ пациента" {
			t.Fatalf("%+v %v", all, err)
		}
		if got := findings(End(doctor, w.Desk, stayID, in.Once, "")); got != "end_reason" {
			t.Fatal(got)
		}
		if err := End(doctor, w.Desk, stayID, in.Once, "Отменён"); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"ended twice":       End(doctor, w.Desk, stayID, in.Once, "ещё"),
			"given after ended": Fulfil(nurse, w.Desk, stayID, Marking{Once: id.New(), Order: in.Once, At: now, Given: true}),
		} {
			if !fail.Is(err, fail.Conflict) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := End(doctor, w.Desk, stayID, "nobody", "r"); !fail.Is(err, fail.NotFound) {
			t.Error(err)
		}
	})
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
