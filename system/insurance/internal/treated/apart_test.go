package treated_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// namesake is the n-th form of an adult of that name without ПИН.
func namesake(n int) insuranceapi.Case {
	c := treatedtest.Good()
	c.Number = fmt.Sprintf("%07d1895017426", n)
	c.Patient.PIN, c.Patient.Name = "", "Асанов Асан Асанович"
	return c
}

// appealed is a returned form of the name against whose return the hospital appealed.
func (f fund) appealed(t *testing.T, c insuranceapi.Case) insuranceapi.Decision {
	t.Helper()
	d := submit(t, f, c, insuranceapi.Returned)
	if err := f.Do(t.Context(), d.CaseID, treated.StepAppeal, "Это другой человек, паспорт приложен.", hospital); err != nil {
		t.Fatal(err)
	}
	return d
}

// seen is the case as the expert's page shows it.
func (f fund) seen(t *testing.T, caseID string) treated.Whole {
	t.Helper()
	w, err := f.Read(t.Context(), caseID, expert)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Two adults of one name and birth date without ПИН: an expert who has seen both forms
// confirms with a reason that they are two, and each is paid once. A third form of the
// name is found as before, and so is what bears one ПИН.
func TestNamesakesAreToldApartByAnExpert(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		first := submit(t, f, namesake(1), insuranceapi.Accepted)
		d := f.appealed(t, namesake(2))
		if err := f.Do(t.Context(), d.CaseID, treated.StepGrant, "Согласны.", expert); !fail.Is(err, fail.Conflict) {
			t.Errorf("granted with a namesake in the way: %v", err)
		}
		if err := f.Do(t.Context(), d.CaseID, treated.StepApart, "Паспорта разные.", expert); !fail.Is(err, fail.Conflict) {
			t.Errorf("told apart from who was not seen: %v", err)
		}
		w := f.seen(t, d.CaseID)
		if len(w.Alike) != 1 || w.Alike[0].ID != first.CaseID || len(w.Apart) != 0 {
			t.Fatalf("alike %+v, apart %+v", w.Alike, w.Apart)
		}
		if own, err := f.Read(t.Context(), d.CaseID, hospital); err != nil || len(own.Alike) != 0 {
			t.Errorf("the hospital is shown %+v, %v", own.Alike, err)
		}
		if err := f.DoFrom(t.Context(), d.CaseID, w.Seen(), treated.StepApart, "", expert); !fail.Is(err, fail.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
		if err := f.DoFrom(t.Context(), d.CaseID, w.Seen(), treated.StepApart, "Паспорта разные.", hospital); !fail.Is(err, fail.Conflict) {
			t.Errorf("by the hospital: %v", err)
		}
		seen := treated.ParseSeen(w.Seen().String())
		for range 2 { // a button pressed twice
			if err := f.DoFrom(t.Context(), d.CaseID, seen, treated.StepApart, "Паспорта разные.", expert); err != nil {
				t.Fatal(err)
			}
		}
		w = f.seen(t, d.CaseID)
		if w.Stage != treated.Accepted || w.Decision.Price != first.Price || len(w.Apart) != 1 || w.Apart[0].Other != namesake(1).Number || w.Apart[0].Reason != "Паспорта разные." || w.Apart[0].ByPIN != expert.PIN {
			t.Errorf("%s, %d tyiyn, apart %+v", w.Stage, w.Decision.Price, w.Apart)
		}
		if other := f.seen(t, first.CaseID); len(other.Apart) != 1 || other.Apart[0].OtherID != d.CaseID || other.Apart[0].Other != namesake(2).Number {
			t.Errorf("the other one's page tells of %+v", other.Apart)
		}
		submit(t, f, namesake(3), insuranceapi.Returned)
		if n := f.count(t, paid); n != 2 {
			t.Errorf("%d of 2 are paid", n)
		}
		// A correction of either keeps what was confirmed.
		for _, n := range []int{1, 2} {
			var was string
			if err := f.DB.Read.QueryRowContext(t.Context(), `SELECT id FROM treated_case WHERE number = $1`, namesake(n).Number).Scan(&was); err != nil {
				t.Fatal(err)
			}
			if err := f.Return(t.Context(), was, "Нет протокола.", expert); err != nil {
				t.Fatal(err)
			}
			c := namesake(n)
			c.Revision, c.Replaces = 2, was
			submit(t, f, c, insuranceapi.Accepted)
		}
		if n := f.count(t, paid); n != 2 {
			t.Errorf("%d of 2 are paid after corrections", n)
		}
	})
}

// What was confirmed is of these numbers under this name: under another name, or under
// one ПИН, it spares nothing.
func TestToldApartUnderOneNameAlone(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		submit(t, f, namesake(1), insuranceapi.Accepted)
		d := f.appealed(t, namesake(2))
		if err := f.DoFrom(t.Context(), d.CaseID, f.seen(t, d.CaseID).Seen(), treated.StepApart, "Паспорта разные.", expert); err != nil {
			t.Fatal(err)
		}
		if err := f.Return(t.Context(), d.CaseID, "Имя с ошибкой.", expert); err != nil {
			t.Fatal(err)
		}
		renamed := namesake(3)
		renamed.Patient.Name = "Үсөнов Үсөн"
		submit(t, f, renamed, insuranceapi.Accepted)
		c := namesake(2)
		c.Revision, c.Replaces, c.Patient.Name = 2, d.CaseID, "Үсөнов Үсөн"
		second := submit(t, f, c, insuranceapi.Returned) // of the third one's name
		c.Revision, c.Replaces, c.Patient.Name = 3, second.CaseID, "Асанов Асан Асанович"
		submit(t, f, c, insuranceapi.Accepted)
	})
	each(t, func(t *testing.T, f fund) { // both are corrected to another name
		first := submit(t, f, namesake(1), insuranceapi.Accepted)
		before := namesake(3) // ends as the others begin: in nobody's way
		before.DischargedAt, before.AdmittedAt = before.AdmittedAt, before.AdmittedAt.AddDate(0, 0, -3)
		before.Moves = []insuranceapi.Move{{Department: "18", From: before.AdmittedAt, Until: before.DischargedAt}}
		before.BedDays, before.Operations = 3, nil
		submit(t, f, before, insuranceapi.Accepted)
		d := f.appealed(t, namesake(2))
		w := f.seen(t, d.CaseID)
		if len(w.Alike) != 1 || w.Alike[0].ID != first.CaseID {
			t.Errorf("alike %+v", w.Alike)
		}
		if err := f.DoFrom(t.Context(), d.CaseID, w.Seen(), treated.StepApart, "Паспорта разные.", expert); err != nil {
			t.Fatal(err)
		}
		for n, want := range []insuranceapi.State{insuranceapi.Accepted, insuranceapi.Returned} {
			was := []string{first.CaseID, d.CaseID}[n]
			if err := f.Return(t.Context(), was, "Имя с ошибкой.", expert); err != nil {
				t.Fatal(err)
			}
			c := namesake(n + 1)
			c.Revision, c.Replaces, c.Patient.Name = 2, was, "Үсөнов Үсөн"
			submit(t, f, c, want)
		}
	})
	each(t, func(t *testing.T, f fund) { // both turn out to be of one ПИН
		a, b := namesake(1), namesake(2)
		a.Patient.PIN = treatedtest.Good().Patient.PIN
		submit(t, f, a, insuranceapi.Accepted)
		d := f.appealed(t, b)
		if err := f.DoFrom(t.Context(), d.CaseID, f.seen(t, d.CaseID).Seen(), treated.StepApart, "Паспорта разные.", expert); err != nil {
			t.Fatal(err)
		}
		if err := f.Return(t.Context(), d.CaseID, "Укажите ПИН.", expert); err != nil {
			t.Fatal(err)
		}
		b.Revision, b.Replaces, b.Patient.PIN = 2, d.CaseID, a.Patient.PIN
		again := f.appealed(t, b)
		w := f.seen(t, again.CaseID)
		if len(w.Alike) != 0 {
			t.Errorf("one ПИН is offered to be told apart: %+v", w.Alike)
		}
		if err := f.DoFrom(t.Context(), again.CaseID, w.Seen(), treated.StepApart, "Разные.", second); !fail.Is(err, fail.Conflict) {
			t.Errorf("one ПИН was told apart: %v", err)
		}
		if err := f.DoFrom(t.Context(), again.CaseID, w.Seen(), treated.StepGrant, "Разные.", second); !fail.Is(err, fail.Conflict) {
			t.Errorf("one ПИН was paid twice: %v", err)
		}
		if n := f.count(t, paid); n != 1 {
			t.Errorf("%d of 1 are paid", n)
		}
	})
}

// What was confirmed is taken back: the case returns, and its correction is found.
func TestToldApartIsTakenBack(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		first := submit(t, f, namesake(1), insuranceapi.Accepted)
		if err := f.Do(t.Context(), first.CaseID, treated.StepSame, "Один человек.", expert); !fail.Is(err, fail.Conflict) {
			t.Errorf("taken back what was never said: %v", err)
		}
		d := f.appealed(t, namesake(2))
		if err := f.DoFrom(t.Context(), d.CaseID, f.seen(t, d.CaseID).Seen(), treated.StepApart, "Паспорта разные.", expert); err != nil {
			t.Fatal(err)
		}
		if err := f.Do(t.Context(), d.CaseID, treated.StepSame, "", expert); !fail.Is(err, fail.Invalid) {
			t.Errorf("without a reason: %v", err)
		}
		if err := f.Do(t.Context(), d.CaseID, treated.StepSame, "Паспорт оказался один.", expert); err != nil {
			t.Fatal(err)
		}
		w := f.seen(t, d.CaseID)
		if w.Stage != treated.Returned || w.Decision.Price != 0 || w.Decision.Comment != "Паспорт оказался один." || len(w.Apart) != 0 {
			t.Errorf("%s, %+v, apart %+v", w.Stage, w.Decision, w.Apart)
		}
		c := namesake(2)
		c.Revision, c.Replaces = 2, d.CaseID
		submit(t, f, c, insuranceapi.Returned)
		if n := f.count(t, `SELECT COUNT(*) FROM person_apart`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

// Everybody whose form was shown or decided on has it on record.
func TestWhoIsToldApartIsOnRecord(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		a := namesake(1)
		a.Patient.PIN = treatedtest.Good().Patient.PIN
		submit(t, f, a, insuranceapi.Accepted)
		d := f.appealed(t, namesake(2))
		w := f.seen(t, d.CaseID)
		if err := f.DoFrom(t.Context(), d.CaseID, w.Seen(), treated.StepApart, "Паспорта разные.", expert); err != nil {
			t.Fatal(err)
		}
		records, err := audit.Of(t.Context(), f.DB.Read, a.Patient.PIN, 10)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, r := range records {
			if r.ActorPIN == expert.PIN {
				got[r.Action]++
			}
		}
		if got[treated.ActionRead] != 1 || got[treated.ActionStep] != 1 {
			t.Errorf("records of the other one: %v", got)
		}
	})
}

// Two experts tell two forms of the name apart from the first at once, each having seen
// that one alone, while a fourth form comes: nobody is paid without having been told
// apart from everybody who is.
func TestNamesakesAtOnceArePaidOnceEach(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		for round := range 4 {
			form := func(n int) insuranceapi.Case {
				c := namesake(round*10 + n)
				c.Patient.Name = fmt.Sprint("Асанов Асан ", round)
				return c
			}
			submit(t, f, form(1), insuranceapi.Accepted)
			b, c := f.appealed(t, form(2)), f.appealed(t, form(3))
			seenB, seenC := f.seen(t, b.CaseID).Seen(), f.seen(t, c.CaseID).Seen()
			try := func(d insuranceapi.Decision, seen treated.Seen, by treated.Expert) func() {
				return func() {
					if err := f.DoFrom(t.Context(), d.CaseID, seen, treated.StepApart, "Паспорта разные.", by); err != nil && !fail.Is(err, fail.Conflict) {
						t.Error(err)
					}
				}
			}
			f.meet(t, try(b, seenB, expert), try(c, seenC, second), try(b, seenB, second), func() {
				if d, err := f.Submit(doctor(t), form(4)); err != nil || d.State != insuranceapi.Returned {
					t.Errorf("%+v, %v", d, err)
				}
			})
			if n := f.count(t, paid); n != 2*(round+1) {
				t.Errorf("%d of %d are paid", n, 2*(round+1))
			}
		}
		if n := f.count(t, `SELECT COUNT(*) FROM person_apart p WHERE NOT EXISTS (SELECT 1 FROM person_apart q WHERE q.number = p.other AND q.other = p.number AND q.named = p.named)`); n != 0 {
			t.Errorf("%d pairs are halves", n)
		}
	})
}

// What one form does not say tells nobody apart: leaving out the day of birth brings a
// stay no second time under another number, whichever form came first.
func TestAFormWithoutDayOfBirthIsFound(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		unsaid := clock.Date{}
		pin := treatedtest.Good().Patient.PIN
		other := clock.Date{Year: 1961, Month: time.March, Day: 1}
		own := namesake(0).Patient.BirthDate
		type form struct {
			pin  string
			born clock.Date
		}
		for i, x := range []struct {
			a, b form
			two  bool
		}{
			{form{"", own}, form{"", unsaid}, false},
			{form{"", unsaid}, form{"", own}, false},
			{form{"", unsaid}, form{"", unsaid}, false}, // of one stay
			{form{pin, own}, form{"", unsaid}, false},
			{form{pin, unsaid}, form{"", unsaid}, false},
			{form{"", unsaid}, form{pin, own}, false},
			{form{pin, unsaid}, form{"", own}, false}, // the ПИН says it
			{form{"", own}, form{pin, unsaid}, false},
			{form{"", other}, form{pin, unsaid}, true},
			{form{"", own}, form{"", other}, true},
		} {
			forms := []insuranceapi.Case{namesake(2*i + 1), namesake(2*i + 2)}
			for n, of := range []form{x.a, x.b} {
				forms[n].Patient.PIN, forms[n].Patient.BirthDate = of.pin, of.born
				forms[n].Patient.Name = fmt.Sprintf("Асанов %d", i)
			}
			d := submit(t, f, forms[0], insuranceapi.Accepted)
			want := insuranceapi.Returned
			if x.two {
				want = insuranceapi.Accepted
			}
			if got := submit(t, f, forms[1], want); hasRule(got, "DUP-001") == x.two {
				t.Errorf("%d: %+v", i, got.Findings)
			}
			err := f.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error { // out of the way of the next
				_, err := tx.ExecContext(ctx, `UPDATE treated_case SET is_current = 0 WHERE id = $1 OR number = $2`, d.CaseID, forms[1].Number)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
