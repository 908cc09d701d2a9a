package treated_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// lay is a stay under the n-th number, from and until a time of November.
func lay(n int, from, until time.Time) insuranceapi.Case {
	c := treatedtest.Good()
	c.Number = fmt.Sprintf("%07d1895017426", n)
	c.AdmittedAt, c.DischargedAt = from.UTC(), until.UTC()
	c.BedDays = max(1, clock.DateOf(from).DaysUntil(clock.DateOf(until)))
	c.Moves = []insuranceapi.Move{{Department: "18", From: c.AdmittedAt, Until: c.DischargedAt}}
	c.Operations = nil
	return c
}

func at(day, hour, minute int) time.Time {
	return time.Date(2026, 11, day, hour, minute, 0, 0, clock.Bishkek)
}

// somebody unknown: as a hospital writes it.
func somebody(c insuranceapi.Case, name string) insuranceapi.Case {
	c.Patient.PIN, c.Patient.Policy, c.Patient.Insured, c.Patient.BirthDate, c.Patient.Name = "", "", false, clock.Date{}, name
	return c
}

// Two forms, of which one says neither ПИН nor day of birth, are of one stay or of two:
// whichever comes first.
func TestWhoIsUnknownIsToldByTheStay(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		const nobody = "Неизвестный мужчина"
		in, out := at(10, 9, 30), at(17, 14, 0)
		same := func(c *insuranceapi.Case) {}
		for i, x := range []struct {
			what   string
			other  func(c *insuranceapi.Case)
			name   string // of the first, and of the other unless it changes it
			double bool
		}{
			{"typed anew", func(c *insuranceapi.Case) { *c = retimed(*c, at(10, 11, 5), at(17, 16, 0)) }, nobody, true},
			{"under another word", func(c *insuranceapi.Case) { c.Patient.Name = "БЕЛГИСИЗ эркек" }, nobody, true},
			{"a name without a day of birth", same, "Асанов Асан", true},
			{"discharged on another day", func(c *insuranceapi.Case) { *c = retimed(*c, in, at(18, 14, 0)) }, nobody, true},
			{"with another main diagnosis", func(c *insuranceapi.Case) { c.Diagnoses[1].Code = "I21.0" }, nobody, true},
			{"with another ending and diagnosis", func(c *insuranceapi.Case) { *c = retimed(*c, in, at(18, 14, 0)); c.Diagnoses[1].Code = "I21.0" }, nobody, false},
			{"come on another day", func(c *insuranceapi.Case) { *c = retimed(*c, at(11, 9, 30), out) }, nobody, false},
			{"come on another day, by name", func(c *insuranceapi.Case) { *c = retimed(*c, at(11, 9, 30), out) }, "Асанов Асан", false},
			{"a woman", func(c *insuranceapi.Case) { c.Patient.Sex = "female" }, nobody, false},
			{"of no sex", func(c *insuranceapi.Case) { c.Patient.Sex = "unknown" }, nobody, true},
			{"under two names", func(c *insuranceapi.Case) { c.Patient.Name = "Бакиров Бакыт" }, "Асанов Асан", false},
			{"a name against none", func(c *insuranceapi.Case) { c.Patient.Name = "Бакиров Бакыт" }, nobody, true},
			{"in another hospital", func(c *insuranceapi.Case) { c.Organisation, c.Number = "950201", c.Number[:9]+"95020126" }, nobody, false},
			{"identified since", func(c *insuranceapi.Case) { c.Patient = treatedtest.Good().Patient }, nobody, true},
			{"known, come at another minute", func(c *insuranceapi.Case) {
				*c = retimed(*c, at(10, 9, 31), out)
				c.Patient = treatedtest.Good().Patient
			}, nobody, false},
			{"known by ПИН alone, come at another minute", func(c *insuranceapi.Case) {
				*c = retimed(*c, at(10, 9, 31), out)
				c.Patient.PIN, c.Patient.Name = treatedtest.Good().Patient.PIN, treatedtest.Good().Patient.Name
			}, nobody, false},
			{"known, by name and day of birth", func(c *insuranceapi.Case) {
				c.Patient = treatedtest.Good().Patient
				c.Patient.PIN = ""
			}, nobody, true},
			{"of guessed ages", func(c *insuranceapi.Case) { c.Patient.BirthDate = clock.Date{Year: 1975, Month: 1, Day: 1} }, nobody, true},
		} {
			for _, turned := range []bool{false, true} {
				forms := []insuranceapi.Case{somebody(lay(2*i+1, in, out), x.name), somebody(lay(2*i+2, in, out), x.name)}
				x.other(&forms[1])
				if turned {
					forms[0], forms[1] = forms[1], forms[0]
					forms[0].Number, forms[1].Number = "1"+forms[0].Number[1:], "1"+forms[1].Number[1:]
				}
				submit(t, f, forms[0], insuranceapi.Accepted)
				want := insuranceapi.Accepted
				if x.double {
					want = insuranceapi.Returned
				}
				if d := submit(t, f, forms[1], want); hasRule(d, "DUP-001") != x.double {
					t.Errorf("%s, turned %v: %+v", x.what, turned, d.Findings)
				}
				f.clear(t)
			}
		}
		// Guessed ages a generation apart are of two people.
		old, young := somebody(lay(101, in, out), nobody), somebody(lay(102, in, out), nobody)
		old.Patient.BirthDate, young.Patient.BirthDate = clock.Date{Year: 1950, Month: 1, Day: 1}, clock.Date{Year: 1971, Month: 1, Day: 1}
		submit(t, f, old, insuranceapi.Accepted)
		submit(t, f, young, insuranceapi.Accepted)
		f.clear(t)
		young.Number, young.Patient.BirthDate.Year = "0000103"+young.Number[7:], 1970 // as far as a guess may be wrong
		old.Number = "0000104" + old.Number[7:]
		submit(t, f, old, insuranceapi.Accepted)
		submit(t, f, young, insuranceapi.Returned)
	})
}

// retimed is the stay from and until another time.
func retimed(c insuranceapi.Case, from, until time.Time) insuranceapi.Case {
	moved := lay(0, from, until)
	c.AdmittedAt, c.DischargedAt, c.BedDays, c.Moves = moved.AdmittedAt, moved.DischargedAt, moved.BedDays, moved.Moves
	return c
}

// Unknown people come to a hospital, each under several numbers, by both ways, all at
// the same moment and typed anew each time: each stay is paid, and paid once.
func TestStaysOfUnknownPeopleArePaidOnceEach(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		random := rand.New(rand.NewPCG(7, 66))
		words := []string{"Неизвестный", "Неизвестный мужчина № 2", "белгисиз", "Белгисиз адам", "Unknown man"}
		codes := []string{"J18.0", "I21.0", "K35.8"}
		var all []func()
		n, stays := 0, 0
		for day := 1; day <= 6; day++ {
			for _, sex := range []string{"male", "female"} {
				if random.IntN(3) == 0 {
					continue
				}
				stays++
				last, code := day+2+random.IntN(6), random.IntN(len(codes))
				for form := range 2 + random.IntN(3) {
					n++
					end, main := last, code
					switch { // one of the two is told wrong, never of two forms differently
					case form > 0 && day%2 == 0:
						end += form
					case form > 0:
						main = (code + form) % len(codes)
					}
					c := somebody(lay(n, at(day, random.IntN(12), random.IntN(60)), at(end, 12+random.IntN(6), 0)), words[random.IntN(len(words))])
					c.Patient.Sex, c.Diagnoses[1].Code = sex, codes[main]
					if random.IntN(2) == 0 {
						c.Patient.BirthDate = clock.Date{Year: 1970 + random.IntN(15), Month: 1, Day: 1}
					}
					all = append(all, func() {
						var err error
						if c.Number[6]%2 == 0 {
							_, err = f.Enter(t.Context(), c, clerk)
						} else {
							_, err = f.Submit(doctor(t), c)
						}
						if err != nil {
							t.Error(err)
						}
					})
				}
			}
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var group sync.WaitGroup
		for _, one := range all {
			group.Go(one)
		}
		group.Wait()
		if got := f.count(t, paid); got != stays || stays < 6 {
			t.Errorf("%d of %d stays are paid, by %d forms", got, stays, n)
		}
	})
}

// A form without a name is returned and granted on appeal: not where another one of the
// stay is paid, unless an expert has told the two apart, which holds while neither is
// known by a name.
func TestTheNamelessAreGrantedOnce(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		in, out := at(10, 9, 30), at(17, 14, 0)
		first := f.appealed(t, somebody(lay(1, in, out), ""))
		if err := f.Do(t.Context(), first.CaseID, treated.StepGrant, "Личность не установлена.", expert); err != nil {
			t.Fatal(err)
		}
		double := f.appealed(t, somebody(lay(2, in, out), ""))
		if err := f.Do(t.Context(), double.CaseID, treated.StepGrant, "Личность не установлена.", expert); !fail.Is(err, fail.Conflict) {
			t.Errorf("a stay was granted twice: %v", err)
		}
		w := f.seen(t, double.CaseID)
		if len(w.Alike) != 1 || w.Alike[0].ID != first.CaseID {
			t.Fatalf("in the way %+v", w.Alike)
		}
		if err := f.DoFrom(t.Context(), double.CaseID, w.Seen(), treated.StepApart, "Двое из одной аварии.", expert); err != nil {
			t.Fatal(err)
		}
		if n := f.count(t, paid); n != 2 {
			t.Errorf("%d of 2 are paid", n)
		}
		// Both are found to be of one name: that was not what the expert saw.
		for i, d := range []insuranceapi.Decision{first, double} {
			if err := f.Return(t.Context(), d.CaseID, "Установлена личность.", expert); err != nil {
				t.Fatal(err)
			}
			c := somebody(lay(i+1, in, out), "Асанов Асан")
			c.Revision, c.Replaces = 2, d.CaseID
			want := []insuranceapi.State{insuranceapi.Accepted, insuranceapi.Returned}[i]
			if got := submit(t, f, c, want); hasRule(got, "DUP-001") != (i == 1) {
				t.Errorf("%+v", got.Findings)
			}
		}
	})
}

// clear takes all that there is out of the way of what follows.
func (f fund) clear(t *testing.T) {
	t.Helper()
	err := f.DB.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE treated_case SET is_current = 0`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Forms of one stay, of which one names nobody and another says who it was, come at the
// same moment: one is paid.
func TestSomebodyIdentifiedMeanwhileIsPaidOnce(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		for round := range 6 {
			in, out := at(1+3*round, 9, 30), at(3+3*round, 14, 0)
			nobody, again, known := somebody(lay(10*round+1, in, out), "Неизвестный"), somebody(lay(10*round+2, in, out), "Белгисиз"), lay(10*round+3, in, out)
			again = retimed(again, in.Add(time.Hour), out)
			namesakes := []insuranceapi.Case{known, retimed(known, in.Add(time.Hour), out)} // one without a day of birth
			namesakes[0].Patient.PIN, namesakes[1].Patient.PIN, namesakes[1].Patient.BirthDate = "", "", clock.Date{}
			namesakes[1].Number = again.Number
			pair := [][]insuranceapi.Case{{nobody, known}, {nobody, again}, namesakes}[round%3]
			var all []func()
			for _, c := range pair {
				all = append(all, func() {
					if _, err := f.Submit(doctor(t), c); err != nil {
						t.Error(err)
					}
				})
			}
			f.meet(t, all...)
			if n := f.count(t, paid); n != round+1 {
				t.Errorf("%d of %d stays are paid", n, round+1)
			}
		}
	})
}
