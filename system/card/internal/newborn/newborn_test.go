package newborn_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/newborn"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/migration"
)

// maternity is a woman in childbirth who lies in the hospital since ten hours.
func maternity(t *testing.T, run func(t *testing.T, ctx context.Context, d *desk.Desk, mother patient.Patient, stayID string)) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, _ := cardtest.Desk(t, store, n)
		ctx := n.As(t.Context(), 0)
		mother, _, err := patient.Register(ctx, d, patient.Patient{
			PIN: "10101199500012", FamilyName: "Садыкова", GivenName: "Нургүл", Sex: patient.Female,
			BirthDate: clock.Date{Year: 1995, Month: 1, Day: 1}, Address: "Бишкек", Insured: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		stayID, err := reception.Admit(ctx, d, reception.Admission{
			Patient: mother.ID, Kind: reception.Emergency, At: d.Clock.Now().Add(-10 * time.Hour), BroughtBy: "self",
			Admission: reception.Diagnosis{Code: "O80.0"}, Department: "18", DoctorPIN: "11503198500123",
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, ctx, d, mother, stayID)
	})
}

func birth(d *desk.Desk) newborn.Birth {
	return newborn.Birth{BornAt: d.Clock.Now().Add(-time.Hour), Sex: patient.Male, Weight: 3450, Length: 52, Apgar1: 8, Apgar5: 9, Live: true, Plurality: 1, Order: 1}
}

// A child is a patient tied to the mother both ways; twins are told apart; one
// born dead is written and is no patient.
func TestChildrenAreTiedToTheirMother(t *testing.T) {
	maternity(t, func(t *testing.T, ctx context.Context, d *desk.Desk, mother patient.Patient, stayID string) {
		b := birth(d)
		b.Plurality = 3
		for order := 1; order <= 3; order++ {
			b.Order, b.Live = order, order < 3
			if !b.Live {
				b.Apgar1, b.Apgar5 = 0, 0
			}
			if _, err := newborn.Register(ctx, d, stayID, b); err != nil {
				t.Fatal(err)
			}
		}
		children, err := newborn.OfMother(ctx, d.DB.Read, mother.ID)
		if err != nil || len(children) != 3 || children[2].Patient != "" || children[2].Live {
			t.Fatalf("%+v, %v", children, err)
		}
		if of, err := newborn.OfStay(ctx, d.DB.Read, stayID); err != nil || len(of) != 3 || of[0].Order != 1 {
			t.Errorf("of the stay: %+v, %v", of, err)
		}
		names := map[string]bool{}
		for _, c := range children[:2] {
			p, err := patient.Load(ctx, d.DB.Read, c.Patient)
			if err != nil || p.Kind != patient.Newborn || p.FamilyName != "Садыкова" || p.Address != "Бишкек" || p.PIN != "" || p.BirthDate != clock.DateOf(b.BornAt) {
				t.Errorf("%+v, %v", p, err)
			}
			names[p.Name(ctx)] = true
			// The fund tells them apart too: form 066/у of the child's own stay says how.
			own, err := reception.Admit(ctx, d, reception.Admission{
				Patient: p.ID, Kind: reception.Emergency, At: d.Clock.Now(), BroughtBy: "self",
				Admission: reception.Diagnosis{Code: "J18.9"}, Department: "18", DoctorPIN: "11503198500123",
			})
			if err != nil {
				t.Fatal(err)
			}
			r, err := form.Load(ctx, d.DB.Read, own, "950174", "")
			if err != nil || r.Patient.Mother != mother.PIN || r.Patient.BirthOrder != c.Order {
				t.Errorf("the form says %q, %d, %v", r.Patient.Mother, r.Patient.BirthOrder, err)
			}
			back, ok, err := newborn.OfChild(ctx, d.DB.Read, p.ID)
			if err != nil || !ok || back.MotherID != mother.ID || back.MotherStay != stayID || back.Scores() != "8/9" {
				t.Errorf("%+v, %v", back, err)
			}
		}
		if len(names) != 2 {
			t.Errorf("twins share a name: %v", names)
		}
	})
}

// However many write one birth at once, there is one child.
func TestOneBirthIsWrittenOnce(t *testing.T) {
	maternity(t, func(t *testing.T, ctx context.Context, d *desk.Desk, mother patient.Patient, stayID string) {
		var all sync.WaitGroup
		var mu sync.Mutex
		done, already := 0, 0
		for range 10 {
			all.Go(func() {
				_, err := newborn.Register(ctx, d, stayID, birth(d))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done++
				case fail.Is(err, fail.Conflict) && fail.As(err).Key == "card.newborn.already":
					already++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		var patients int
		if err := d.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM patient WHERE kind = 'newborn'`).Scan(&patients); err != nil {
			t.Fatal(err)
		}
		if done != 1 || already != 9 || patients != 1 {
			t.Errorf("%d written, %d told, %d patients", done, already, patients)
		}
	})
}

func TestABirthThatCannotBeIsRefused(t *testing.T) {
	maternity(t, func(t *testing.T, ctx context.Context, d *desk.Desk, mother patient.Patient, stayID string) {
		for name, c := range map[string]struct {
			field  string
			change func(*newborn.Birth)
		}{
			"later than now":          {"born_at", func(b *newborn.Birth) { b.BornAt = d.Clock.Now().Add(time.Minute) }},
			"days before":             {"born_at", func(b *newborn.Birth) { b.BornAt = d.Clock.Now().Add(-35 * time.Hour) }},
			"no sex":                  {"sex", func(b *newborn.Birth) { b.Sex = "" }},
			"kilograms":               {"weight", func(b *newborn.Birth) { b.Weight = 3 }},
			"too heavy":               {"weight", func(b *newborn.Birth) { b.Weight = 8001 }},
			"millimetres":             {"length", func(b *newborn.Birth) { b.Length = 520 }},
			"eleven":                  {"apgar1", func(b *newborn.Birth) { b.Apgar1 = 11 }},
			"minus two":               {"apgar5", func(b *newborn.Birth) { b.Apgar5 = -2 }},
			"live without life":       {"apgar1", func(b *newborn.Birth) { b.Apgar1, b.Apgar5 = 0, 0 }},
			"still with a heart beat": {"apgar1", func(b *newborn.Birth) { b.Live = false }},
			"second of one":           {"order", func(b *newborn.Birth) { b.Order = 2 }},
			"ten":                     {"plurality", func(b *newborn.Birth) { b.Plurality = 10 }},
		} {
			b := birth(d)
			c.change(&b)
			_, err := newborn.Register(ctx, d, stayID, b)
			if e := fail.As(err); e == nil || e.Kind != fail.Invalid || len(e.Findings) != 1 || e.Findings[0].Field != c.field {
				t.Errorf("%s: %v", name, err)
			}
		}
		// Born in the taxi, and nobody took the scores.
		b := birth(d)
		b.BornAt, b.Apgar1, b.Apgar5 = d.Clock.Now().Add(-11*time.Hour), newborn.NotSaid, newborn.NotSaid
		if c, err := newborn.Register(ctx, d, stayID, b); err != nil || c.Scores() != "" {
			t.Errorf("%+v, %v", c, err)
		}
		// Nor has a man given birth, nor a stay of elsewhere.
		man, _, err := patient.Register(ctx, d, patient.Patient{FamilyName: "Асанов", GivenName: "Азамат", Sex: patient.Male})
		if err != nil {
			t.Fatal(err)
		}
		his, err := reception.Admit(ctx, d, reception.Admission{
			Patient: man.ID, Kind: reception.Emergency, At: d.Clock.Now().Add(-2 * time.Hour), BroughtBy: "self",
			Admission: reception.Diagnosis{Code: "I10"}, Department: "18", DoctorPIN: "11503198500123",
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newborn.Register(ctx, d, his, birth(d)); err == nil || !strings.Contains(fail.As(err).Findings[0].Key, "not_woman") {
			t.Errorf("a man: %v", err)
		}
		elsewhere := desk.Of(ctx)
		elsewhere.Post.Organisation = "950175"
		if _, err := newborn.Register(desk.With(ctx, elsewhere), d, stayID, birth(d)); !fail.Is(err, fail.NotFound) {
			t.Errorf("another hospital's stay: %v", err)
		}
	})
}
