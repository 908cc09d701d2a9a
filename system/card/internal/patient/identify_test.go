package patient_test

import (
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// A nameless person who is recognised keeps all that was written of them; who
// has a record under that ПИН already is told of, not doubled.
func TestTheUnknownAreRecognised(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		n.Persons[number] = populationapi.Person{
			PIN: number, FamilyName: "Жумабеков", GivenName: "Эрмек", BirthDate: clock.Date{Year: 1960, Month: 9, Day: 12}, Sex: "male",
			Address: populationapi.Address{Text: "Сокулук"},
		}
		d, _ := cardtest.Desk(t, store, n)
		ctx := n.As(t.Context(), 0)
		register := func(p patient.Patient) patient.Patient {
			t.Helper()
			p, _, err := patient.Register(ctx, d, p)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		nameless := patient.Patient{Kind: patient.Nameless, Sex: patient.Male, BirthYear: 1966, Description: "шрам", Alerts: "пенициллин"}
		p, second := register(nameless), register(nameless)
		if p.Name(spoken(t, "ru")) != "Неизвестный мужчина" || len(p.Banner(spoken(t, "ru"), clock.Date{Year: 2026, Month: 1, Day: 1}).Alerts) != 2 {
			t.Errorf("no mark on the nameless: %+v", p)
		}
		if _, err := patient.Identify(ctx, d, p.ID, patient.Identity{Person: patient.Patient{PIN: number}}); !fail.Is(err, fail.Invalid) {
			t.Errorf("without grounds: %v", err)
		}
		identify := func(patientID string) (string, error) {
			return patient.Identify(ctx, d, patientID, patient.Identity{Person: patient.Patient{PIN: number}, Ground: "паспорт принёс брат"})
		}
		if _, err := identify(p.ID); err != nil {
			t.Fatal(err)
		}
		now, err := patient.Load(ctx, d.DB.Read, p.ID)
		if err != nil || now.PIN != number || now.FullName() != "Жумабеков Эрмек" || now.Kind != patient.Citizen || now.Description != "шрам" || now.Alerts != "пенициллин" || now.BirthDate != (clock.Date{Year: 1960, Month: 9, Day: 12}) {
			t.Errorf("%+v, %v", now, err)
		}
		before, err := patient.Identities(ctx, d.DB.Read, p.ID)
		if err != nil || len(before) != 1 || before[0].Was.BirthYear != 1966 || before[0].Ground != "паспорт принёс брат" {
			t.Errorf("%+v, %v", before, err)
		}
		if other, err := identify(second.ID); !fail.Is(err, fail.Conflict) || other != p.ID {
			t.Errorf("a second record: %q, %v", other, err)
		}
		if _, err := identify(p.ID); !fail.Is(err, fail.Conflict) || fail.As(err).Key != "card.identify.has_pin" {
			t.Errorf("known already: %v", err)
		}
		// A child is named first and has a ПИН later.
		child := register(patient.Patient{Kind: patient.Newborn, FamilyName: "Садыкова", Sex: patient.Female, BirthDate: clock.Date{Year: 2026, Month: 11, Day: 20}, BirthOrder: 2})
		if _, err := patient.Identify(ctx, d, child.ID, patient.Identity{Person: patient.Patient{FamilyName: "Садыкова", GivenName: "Алия"}, Ground: "справка о рождении"}); err != nil {
			t.Fatal(err)
		}
		if child, err = patient.Load(ctx, d.DB.Read, child.ID); err != nil || child.Kind != patient.Newborn || child.Name(ctx) != "Садыкова Алия" || child.BirthOrder != 0 {
			t.Errorf("%+v, %v", child, err)
		}
		// The register is away: what was typed is taken.
		n.Set(func(n *cardtest.Neighbours) { n.Away = true })
		if _, err := patient.Identify(ctx, d, child.ID, patient.Identity{Person: patient.Patient{PIN: "12011202600015"}, Ground: "свидетельство"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("neither register nor name: %v", err)
		}
	})
}
