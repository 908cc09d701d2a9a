package order

import (
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/card/internal/writing"
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

// The browser's way back shows a form that was sent: with another drug in it, it is
// not thought written.
func TestAFormOfAnOrderIsSentAgainWithAnotherDrug(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		doctor := formtest.Doctor(t.Context())
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		in := Ordering{Once: id.New(), Kind: "drug", Text: "Фуросемид", Dose: "40 мг", Times: "2 раза в день", From: w.Clock.Now()}
		for range 2 {
			if err := Prescribe(doctor, w.Desk, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		in.Text = "Спиронолактон"
		err := Prescribe(doctor, w.Desk, stayID, in)
		if !fail.Is(err, fail.Conflict) {
			t.Fatal("an order was lost without a word:", err)
		}
		form := page.NewForm("once", in.Once)
		writing.Renew(form, err)
		in.Once = form.Get("once")
		if err := Prescribe(doctor, w.Desk, stayID, in); err != nil {
			t.Fatal(err)
		}
		if n := w.Int(`SELECT COUNT(*) FROM medical_order`); n != 2 {
			t.Fatal(n)
		}
	})
}
