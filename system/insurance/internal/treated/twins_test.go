package treated_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

const (
	motherOne = "10101199500011"
	motherTwo = "10202199600022"
)

// child is the n-th form of a newborn of the mother, who have a name in common.
func child(n int, mother string, order int) insuranceapi.Case {
	c := treatedtest.Good()
	c.Number = fmt.Sprintf("%07d1895017426", n)
	c.Patient.PIN, c.Patient.Name, c.Patient.Mother, c.Patient.BirthOrder = "", "Асанова, жаңы төрөлгөн", mother, order
	c.Patient.BirthDate = clock.Date{Year: 2026, Month: time.November, Day: 10}
	return c
}

// Children without ПИН of one name and birth date in one hospital: who were born
// together by their order, or of two mothers, are paid once each; the same child under
// another number is found, by whichever way and however little the form says, also when
// an appeal asks for it.
func TestTwinsArePaidOnceEach(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		n := 0
		next := func(mother string, order int, want insuranceapi.State) insuranceapi.Decision {
			t.Helper()
			n++
			c := child(n, mother, order)
			var d insuranceapi.Decision
			var err error
			if n%2 == 0 {
				d, err = f.Enter(t.Context(), c, clerk)
			} else {
				d, err = f.Submit(doctor(t), c)
			}
			if err != nil || d.State != want || (want == insuranceapi.Returned) != hasRule(d, "DUP-001") {
				t.Errorf("form %d, mother %q, order %d: %+v, %v", n, mother, order, d, err)
			}
			return d
		}
		next(motherOne, 1, insuranceapi.Accepted)
		next(motherOne, 2, insuranceapi.Accepted)
		next(motherTwo, 1, insuranceapi.Accepted) // another child of that name
		double := next(motherOne, 2, insuranceapi.Returned)
		next(motherTwo, 1, insuranceapi.Returned)
		next("", 0, insuranceapi.Returned)        // nothing tells who this is
		next("", 1, insuranceapi.Returned)        // may be either first child
		next(motherTwo, 0, insuranceapi.Returned) // may be the one there is
		next("1", 1, insuranceapi.Returned)       // no ПИН tells no mother apart
		next(motherOne, 3, insuranceapi.Accepted)
		if err := f.Do(t.Context(), double.CaseID, treated.StepAppeal, "Экинчи бала.", treated.Expert{PIN: "5", Name: "Х", Hospital: "950174"}); err != nil {
			t.Fatal(err)
		}
		if err := f.Do(t.Context(), double.CaseID, treated.StepGrant, "Макул.", expert); !fail.Is(err, fail.Conflict) {
			t.Errorf("a child's stay was granted twice: %v", err)
		}
		if got := f.count(t, paid); got != 4 {
			t.Errorf("%d of 4 children are paid", got)
		}
		for _, order := range []int{-1, treated.MostTogether + 1} {
			if _, err := f.Submit(doctor(t), child(90, motherOne, order)); !fail.Is(err, fail.BadRequest) {
				t.Errorf("the %d. of those born together: %v", order, err)
			}
		}
	})
}

// The forms of twins come at the same moment, each several times under several numbers.
func TestTwinsAtOnceArePaidOnceEach(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		var all sync.WaitGroup
		for n := range 18 {
			all.Go(func() {
				if _, err := f.Submit(doctor(t), child(n+1, motherOne, 1+n%3)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := f.count(t, paid); got != 3 {
			t.Errorf("%d of 3 children are paid", got)
		}
	})
}
