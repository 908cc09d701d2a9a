package order

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

func TestWhatAnAlertSpeaksAgainst(t *testing.T) {
	for _, c := range []struct {
		ordered, alerts string
		opposed         bool
	}{
		{"Бензилпенициллин", "Аллергия: пенициллин", true},
		{"АМОКСИЦИЛЛИН 500", "Аллергия на пенициллины, крапивница в 2019 году", true},
		{"Аугментин", "Непереносимость ампициллина", true},
		{"Цефтриаксон", "Группа крови неизвестна\nАллергия на цефалоспорины", true},
		{"Аспирин кардио", "ацетилсалициловая кислота: бронхоспазм", true},
		{"КТ с контрастом Омнипак", "Аллергия на йод", true},
		{"Amoxicillin 500 mg", "Аллергия: пенициллин", true},
		{"Амоксициллин", "Penicillin: rash", true},
		{"Ceftriaxoni 1,0", "аллергия на цефалоспорины", true},
		{"Омнипак", "periodic headaches", false},
		{"Левофлоксацин", "левофлоксацинге аллергия", true},
		{"Левофлоксацин", "Аллергия: пенициллин", false},
		{"Преднизолон", "Тяжёлая аллергическая реакция, анафилактический шок", false},
		{"Сальбутамол при приступе", "Бронхиальная астма, приступы", false},
		{"Амброксол", "", false},
	} {
		if got := opposed(c.ordered, strings.Split(c.alerts, "\n")); (got != "") != c.opposed {
			t.Errorf("%s, %q: %q", c.ordered, c.alerts, got)
		}
	}
}

// What speaks against an order is told before it is written; the doctor may order
// it all the same, and that is on record.
func TestAnOrderAgainstAnAlertAsksFirst(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		doctor := formtest.Doctor(t.Context())
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		w.Exec(`UPDATE patient SET alerts = 'Аллергия: пенициллин'`)
		in := Ordering{Once: id.New(), Kind: "drug", Text: "Амоксициллин", Dose: "500 мг", Times: "3 раза в день", From: w.Clock.Now()}
		if got := findings(Prescribe(doctor, w.Desk, stayID, in)); got != "despite" || w.Int(`SELECT COUNT(*) FROM medical_order`) != 0 {
			t.Fatalf("%q", got)
		}
		other := in
		other.Text = "Аугментин"
		w.Exec(`UPDATE patient SET alerts = 'Непереносимость: ампициллин'`)
		in.Despite = told(cautioned(Prescribe(doctor, w.Desk, stayID, other)))
		w.Exec(`UPDATE patient SET alerts = 'Аллергия: пенициллин'`)
		if got := findings(Prescribe(doctor, w.Desk, stayID, in)); got != "despite" {
			t.Fatalf("a tick for something else: %q", got)
		}
		in.Despite = told(cautioned(Prescribe(doctor, w.Desk, stayID, in)))
		for range 2 { // sent twice
			if err := Prescribe(doctor, w.Desk, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		if w.Int(`SELECT COUNT(*) FROM access_record WHERE action = 'orders.despite'`) == 0 {
			t.Error("that the doctor knew is not on record")
		}
		again := in
		again.Once, again.Text, again.Despite = id.New(), "амоксициллин ", ""
		w.Exec(`UPDATE patient SET alerts = ''`)
		if got := findings(Prescribe(doctor, w.Desk, stayID, again)); got != "despite" {
			t.Errorf("the same drug twice: %q", got)
		}
		if err := End(doctor, w.Desk, stayID, in.Once, "замена"); err != nil {
			t.Fatal(err)
		}
		if err := Prescribe(doctor, w.Desk, stayID, again); err != nil {
			t.Errorf("ended before: %v", err)
		}
	})
}
