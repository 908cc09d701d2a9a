package patient_test

import (
	"sync"
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

const number = "21209196000217"

func TestFindFillsInFromTheRegisterOnce(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		n.Persons[number] = populationapi.Person{
			PIN: number, FamilyName: "Жумабеков", GivenName: "Эрмек", Patronymic: "Асанович", BirthDate: clock.Date{Year: 1960, Month: 9, Day: 12},
			Sex: "male", Passport: populationapi.Passport{Series: "ID", Number: "1000217"}, Address: populationapi.Address{Region: "41708222000000", Text: "Сокулук", Rural: true},
		}
		d, _ := cardtest.Desk(t, store, n)
		ctx := n.As(t.Context(), 0)
		var all sync.WaitGroup
		ids := make(chan string, 100)
		for range 100 {
			all.Go(func() {
				p, _, err := patient.Find(ctx, d, number)
				if err != nil {
					t.Error(err)
				}
				ids <- p.ID
			})
		}
		all.Wait()
		close(ids)
		different := map[string]bool{}
		for id := range ids {
			different[id] = true
		}
		if len(different) != 1 {
			t.Errorf("%d patients of one ПИН", len(different))
		}
		before := n.Calls["persons/find"]
		p, _, err := patient.Find(ctx, d, number)
		if err != nil || p.FullName() != "Жумабеков Эрмек Асанович" || p.Passport != "ID1000217" || !p.Rural || p.CreatedBy != n.PostsOf[0].PIN {
			t.Errorf("%+v %v", p, err)
		}
		if n.Calls["persons/find"] != before {
			t.Error("the register was asked about a known patient")
		}
		if _, _, err := patient.Find(ctx, d, "11503198500123"); !fail.Is(err, fail.NotFound) {
			t.Errorf("nobody's ПИН: %v", err)
		}
		n.Set(func(n *cardtest.Neighbours) { n.Away = true })
		if _, _, err := patient.Find(ctx, d, "11503198500123"); !fail.Is(err, fail.Unavailable) {
			t.Errorf("register away: %v", err)
		}
		if _, _, err := patient.Find(ctx, d, number); err != nil {
			t.Errorf("a known patient needs no register: %v", err)
		}
		// Two without a ПИН are two.
		for range 2 {
			if _, isNew, err := patient.Register(ctx, d, patient.Patient{Sex: patient.Unknown}); err != nil || !isNew {
				t.Errorf("unknown person: %v %v", isNew, err)
			}
		}
	})
}
