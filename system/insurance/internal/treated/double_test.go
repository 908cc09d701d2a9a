package treated_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

var clerk = treated.Sender{PIN: "10408198400512", Name: "Асылбекова Назгүл Эркиновна", Role: "Статистик", Organisation: "Чуйская облбольница"}

const paid = `SELECT COUNT(*) FROM treated_case WHERE is_current = 1 AND state = 'accepted' AND price > 0`

func hasRule(d insuranceapi.Decision, id string) bool {
	for _, f := range d.Findings {
		if f.Rule == id {
			return true
		}
	}
	return false
}

// MC-6: entered by hand, a case passes the same checks to the same price.
func TestACaseByHandIsDecidedAsOneFromTheExchange(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		d, err := f.Enter(t.Context(), treatedtest.Good(), clerk)
		if err != nil || d.State != insuranceapi.Accepted || d.Price != 1999613 {
			t.Fatalf("%+v, %v", d, err)
		}
		records, err := audit.Of(t.Context(), f.DB.Read, treatedtest.Good().Patient.PIN, 10)
		if err != nil || len(records) != 1 || records[0].ActorName != clerk.Name || records[0].Via != "insurance" || records[0].ActorRole != clerk.Role {
			t.Errorf("records %+v, %v", records, err)
		}
		wrong := treatedtest.Good()
		wrong.Number, wrong.BedDays, wrong.Patient.PIN, wrong.Patient.Name = "00000021895017426", 3, "", "Башка Киши"
		byHand, err := f.Preview(t.Context(), wrong, treated.ByHand)
		if err != nil {
			t.Fatal(err)
		}
		byExchange, err := f.Check(t.Context(), wrong)
		if err != nil || len(byHand.Findings) == 0 || len(byHand.Findings) != len(byExchange.Findings) || !hasRule(byHand, "BED-001") {
			t.Errorf("by hand %+v, by exchange %+v, %v", byHand.Findings, byExchange.Findings, err)
		}
	})
}

// The same form by both ways, in either order: found, and paid once.
func TestAFormThatCameBothWaysIsPaidOnce(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		for i, handFirst := range []bool{true, false} {
			c := treatedtest.Good()
			c.Number, c.Patient.PIN, c.Patient.Name = "000000"+string(rune('1'+i))+c.Number[7:], "", "Киши "+string(rune('А'+i))
			second := c
			second.Result = "recovered" // typed anew, it is never letter by letter the same
			hand := func(c insuranceapi.Case) (insuranceapi.Decision, error) { return f.Enter(t.Context(), c, clerk) }
			exchange := func(c insuranceapi.Case) (insuranceapi.Decision, error) { return f.Submit(doctor(t), c) }
			first, then := exchange, hand
			if handFirst {
				first, then = hand, exchange
			}
			one, err := first(c)
			if err != nil || one.State != insuranceapi.Accepted {
				t.Fatalf("%+v, %v", one, err)
			}
			before := f.Clock.Now()
			for range 2 { // a resend hears the same
				two, err := then(second)
				if err != nil || two.State != insuranceapi.Returned || !hasRule(two, "DUP-003") || two.CaseID != one.CaseID || two.Price != 0 || !two.At.Equal(before) {
					t.Fatalf("%+v, %v", two, err)
				}
				f.clock.Advance(time.Minute)
			}
			if n := f.count(t, `SELECT COUNT(*) FROM access_record WHERE action = 'case.submit'`); n != 2*(i+1) {
				t.Errorf("%d records of %d forms that came", n, 2*(i+1))
			}
			if n := f.count(t, paid); n != i+1 {
				t.Fatalf("%d cases are paid after %d forms", n, i+1)
			}
			w, err := f.Read(t.Context(), one.CaseID, expert)
			if err != nil || len(w.Doubles) != 1 || w.Doubles[0].Case.Result != "recovered" {
				t.Errorf("doubles %+v, %v", w.Doubles, err)
			}
		}
	})
}

// The card corrects a form that is a double: it hears the same again, not an
// error that it would try for days, until the one that counts is returned.
func TestACorrectionOfADoubleIsADouble(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		first, err := f.Enter(t.Context(), treatedtest.Good(), clerk)
		if err != nil {
			t.Fatal(err)
		}
		submit(t, f, treatedtest.Good(), insuranceapi.Returned)
		again := treatedtest.Good()
		again.Revision, again.Replaces = 2, first.CaseID
		if d := submit(t, f, again, insuranceapi.Returned); !hasRule(d, "DUP-003") || d.CaseID != first.CaseID {
			t.Errorf("%+v", d)
		}
		if err := f.Return(t.Context(), first.CaseID, "Пусть придёт из карты.", expert); err != nil {
			t.Fatal(err)
		}
		third := again
		third.Revision, third.Result = 2, "recovered"
		submit(t, f, third, insuranceapi.Accepted)
		if n := f.count(t, paid); n != 1 {
			t.Errorf("%d are paid", n)
		}
	})
}

// What comes the other way and corrects nothing is a double: a revision that leaves one
// out, and one of a form whose place another has taken.
func TestWhatCorrectsNothingByTheOtherWayIsADouble(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset = 0
		back := submit(t, f, wrong, insuranceapi.Returned)
		enter := func(what string, revision int) {
			t.Helper()
			c := treatedtest.Good()
			c.Revision, c.Replaces = revision, back.CaseID
			if d, err := f.Enter(t.Context(), c, clerk); err != nil || d.State != insuranceapi.Returned || !hasRule(d, "DUP-003") || d.CaseID != back.CaseID {
				t.Errorf("%s: %+v, %v", what, d, err)
			}
		}
		enter("the third revision after the first", 3)
		fresh := treatedtest.Good()
		fresh.Number, fresh.Replaces = "00000021895017426", back.CaseID
		submit(t, f, fresh, insuranceapi.Accepted)
		enter("a correction of the voided form", 2)
		if n := f.count(t, paid); n != 1 {
			t.Errorf("%d are paid", n)
		}
	})
}

// Twenty of each way at the same moment, under one number: one is paid.
func TestBothWaysAtOnceArePaidOnce(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		var all sync.WaitGroup
		var mu sync.Mutex
		accepted := map[string]bool{}
		for range 20 {
			for _, submit := range []func() (insuranceapi.Decision, error){
				func() (insuranceapi.Decision, error) { return f.Submit(doctor(t), treatedtest.Good()) },
				func() (insuranceapi.Decision, error) { return f.Enter(t.Context(), treatedtest.Good(), clerk) },
			} {
				all.Go(func() {
					d, err := submit()
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					if d.State == insuranceapi.Accepted {
						accepted[d.CaseID] = true
					} else if !hasRule(d, "DUP-003") {
						t.Errorf("findings %+v", d.Findings)
					}
				})
			}
		}
		all.Wait()
		if n := f.count(t, paid); len(accepted) != 1 || n != 1 || f.count(t, `SELECT COUNT(*) FROM case_double`) != 1 {
			t.Errorf("%d cases accepted, %d are paid", len(accepted), n)
		}
	})
}

// One stay under two numbers, one by each way and one of them without a ПИН:
// found by hospital, name and birth date.
func TestOneStayUnderTwoNumbersIsPaidOnce(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				c := treatedtest.Good()
				c.Number = "000010" + string(rune('0'+i)) + c.Number[7:]
				var d insuranceapi.Decision
				var err error
				if i%2 == 0 {
					c.Patient.PIN, c.Patient.Name = "", "ЖУМАБЕКОВ  Эрмек Асанович"
					d, err = f.Enter(t.Context(), c, clerk)
				} else {
					d, err = f.Submit(doctor(t), c)
				}
				if err != nil {
					t.Error(err)
				}
				if d.State == insuranceapi.Returned && !hasRule(d, "DUP-001") {
					t.Errorf("findings %+v", d.Findings)
				}
			})
		}
		all.Wait()
		if n := f.count(t, paid); n != 1 {
			t.Errorf("%d of one stay are paid", n)
		}
		// Somebody else of that name, born on another day, is somebody else.
		c := treatedtest.Good()
		c.Number, c.Patient.PIN, c.Patient.BirthDate = "00000991895017426", "", clock.Date{Year: 1961, Month: 9, Day: 12}
		if d, err := f.Enter(t.Context(), c, clerk); err != nil || d.State != insuranceapi.Accepted {
			t.Errorf("%+v, %v", d, err)
		}
		// So is who was born on that day too, but has another ПИН, or lay under that
		// name in another hospital.
		c = treatedtest.Good()
		c.Number, c.Patient.PIN, c.Patient.Name = "00000911895017426", "", "Башка Киши"
		submit(t, f, c, insuranceapi.Accepted)
		c.Number, c.Organisation = "00000921895020126", "950201"
		submit(t, f, c, insuranceapi.Accepted)
		c.Number, c.Organisation, c.Patient.PIN, c.Patient.Name = "00000931895017426", "950174", "21209196000310", "Дагы Бирөө"
		submit(t, f, c, insuranceapi.Accepted)
		c.Number, c.Patient.PIN = "00000941895017426", "21209196000327"
		submit(t, f, c, insuranceapi.Accepted)
	})
}

// meet has them all decide before any of them has written what it decided, but
// for those who wait for their turn: whatever the moment at which each began.
func (f fund) meet(t *testing.T, all ...func()) {
	t.Helper()
	var group sync.WaitGroup
	if f.DB.Dialect == db.Postgres { // SQLite has one writer
		holding, enough := make(chan struct{}), make(chan struct{})
		group.Go(func() {
			err := f.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `LOCK TABLE treated_case IN SHARE MODE`)
				close(holding)
				<-enough
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-holding
		defer group.Wait()
		defer close(enough)
		defer time.Sleep(150 * time.Millisecond)
	}
	for _, one := range all {
		group.Go(one)
	}
	if f.DB.Dialect != db.Postgres {
		group.Wait()
	}
}

// A form that came back is corrected by both ways at once, while its first revision is
// sent again by both: one correction counts, and one case is paid.
func TestACorrectionByBothWaysAtOnceIsPaidOnce(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset = 0
		back := submit(t, f, wrong, insuranceapi.Returned)
		right := treatedtest.Good()
		right.Revision, right.Replaces = 2, back.CaseID
		typed := right
		typed.Result = "recovered" // typed anew, it is never letter by letter the same
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _, _ = f.Submit(doctor(t), right) })
			all.Go(func() { _, _ = f.Enter(t.Context(), typed, clerk) })
			all.Go(func() { _, _ = f.Submit(doctor(t), wrong) })
			all.Go(func() { _, _ = f.Enter(t.Context(), treatedtest.Good(), clerk) })
		}
		all.Wait()
		if n := f.count(t, paid); n != 1 {
			t.Errorf("%d are paid", n)
		}
		if n := f.count(t, `SELECT COUNT(*) FROM treated_case WHERE is_current = 1`); n != 1 {
			t.Errorf("%d count", n)
		}
		if n := f.count(t, `SELECT COUNT(*) FROM treated_case`); n != 2 {
			t.Errorf("%d cases of two revisions", n)
		}
		// Another hospital that tries the number is not told which case stands there.
		theirs := treatedtest.Good()
		theirs.Organisation = "950201"
		if d, err := f.Preview(t.Context(), theirs, treated.ByHand); err != nil || d.CaseID != "" || d.State != insuranceapi.Returned {
			t.Errorf("%+v, %v", d, err)
		}
		if d, err := f.Preview(t.Context(), treatedtest.Good(), treated.ByHand); err != nil || d.CaseID != back.CaseID {
			t.Errorf("%+v, %v", d, err)
		}
	})
}
