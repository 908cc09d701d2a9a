package treated_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

var (
	second   = treated.Expert{PIN: "12511199000099", Name: "Второй Эксперт", Role: "Эксперт"}
	hospital = treated.Expert{PIN: "10408198400512", Name: "Асылбекова Назгүл", Role: "Статистик", Hospital: "950174"}
	stranger = treated.Expert{PIN: "10408198400513", Name: "Башка", Role: "Статистик", Hospital: "950201"}
)

// Who may do which step, in words of their own: the table of the code is held
// against this one.
func TestWhoMayDoWhatAtEachStage(t *testing.T) {
	type may struct {
		hospital, fund []treated.Step
	}
	want := map[treated.Stage]may{
		treated.Returned: {hospital: []treated.Step{treated.StepAppeal}},
		treated.Appealed: {hospital: []treated.Step{treated.StepWithdraw}, fund: []treated.Step{treated.StepGrant, treated.StepRefuse, treated.StepApart}},
		treated.Refused:  {},
		treated.Accepted: {fund: []treated.Step{treated.StepTake, treated.StepReturn, treated.StepSettle, treated.StepSame}},
		treated.Review:   {fund: []treated.Step{treated.StepConfirm, treated.StepReturn, treated.StepSame}},
		treated.Settled:  {},
	}
	for _, from := range treated.Stages {
		for _, step := range treated.Steps {
			for _, byHospital := range []bool{true, false} {
				list := want[from].fund
				if byHospital {
					list = want[from].hospital
				}
				_, _, ok := treated.Next(from, step, byHospital)
				if allowed := slices.Contains(list, step) || step == treated.StepComment; ok != allowed {
					t.Errorf("%s, %s, by the hospital %v: %v", from, step, byHospital, ok)
				}
			}
		}
	}
	// From every stage but the last a case can still come to be paid or be mended.
	for _, from := range treated.Stages {
		open := len(treated.Open(from, true)) + len(treated.Open(from, false)) - 2
		if end := from == treated.Settled || from == treated.Refused; end != (open == 0) {
			t.Errorf("%s: %d steps by hand", from, open)
		}
	}
}

// Whatever anybody tries in whatever order, the database goes where the table
// says and nowhere else; a price stands exactly where the stage has one.
func TestStepsInAnyOrderKeepToTheStages(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		random := rand.New(rand.NewPCG(9, 10))
		for i := range 8 {
			c := treatedtest.Good()
			c.Number, c.Patient.PIN, c.Patient.Name = fmt.Sprintf("%07d1895017426", 100+i), "", fmt.Sprint("Киши ", i)
			if i%2 == 0 {
				c.HoursSinceOnset = 0 // begins returned
			}
			d, err := f.Submit(doctor(t), c)
			if err != nil {
				t.Fatal(err)
			}
			at, returnedBy := treated.Stage(d.State), ""
			for range 25 {
				f.clock.Advance(time.Minute)
				who := []treated.Expert{expert, second, hospital, stranger}[random.IntN(4)]
				step := treated.Steps[random.IntN(len(treated.Steps))]
				to, spoken, ok := treated.Next(at, step, who.Hospital != "")
				comment := []string{"", "Себеби"}[random.IntN(2)]
				err := f.Do(t.Context(), d.CaseID, step, comment, who)
				switch {
				case who == stranger:
					if !fail.Is(err, fail.NotFound) {
						t.Fatalf("another hospital at %s, %s: %v", at, step, err)
					}
				case !ok || step == treated.StepSettle || (spoken && comment != "" && (step == treated.StepApart || step == treated.StepSame)): // settling is for acts alone, nobody is alike
					if !fail.Is(err, fail.Conflict) {
						t.Fatalf("%s at %s by %s: %v", step, at, who.Role, err)
					}
				case spoken && comment == "":
					if !fail.Is(err, fail.Invalid) {
						t.Fatalf("%s without a word: %v", step, err)
					}
				case (step == treated.StepGrant || step == treated.StepRefuse) && who.PIN == returnedBy:
					if !fail.Is(err, fail.Conflict) {
						t.Fatalf("who returned decides on the appeal: %v", err)
					}
				case err != nil:
					t.Fatalf("%s at %s: %v", step, at, err)
				default:
					if step == treated.StepReturn {
						returnedBy = who.PIN
					}
					at = to
				}
				w, err := f.Read(t.Context(), d.CaseID, expert)
				if err != nil {
					t.Fatal(err)
				}
				if w.Stage != at || (w.Decision.Price > 0) != at.Priced() || (w.Decision.State == insuranceapi.Accepted) != at.Priced() {
					t.Fatalf("after %s: %s with %d tyiyn, want %s", step, w.Stage, w.Decision.Price, at)
				}
			}
		}
		if n := f.count(t, `SELECT COUNT(*) FROM treated_case WHERE price <> 0 AND stage NOT IN ('accepted', 'review', 'settled')`); n != 0 {
			t.Errorf("%d cases have a price that their stage has not", n)
		}
	})
}

// An appeal decided by two experts at once has one outcome.
func TestAnAppealIsDecidedOnce(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset = 0
		d := submit(t, f, wrong, insuranceapi.Returned)
		if err := f.Do(t.Context(), d.CaseID, treated.StepAppeal, "Время начала неизвестно.", hospital); err != nil {
			t.Fatal(err)
		}
		var all []func()
		var mu sync.Mutex
		done := 0
		for i := range 8 {
			all = append(all, func() {
				err := f.Do(t.Context(), d.CaseID, []treated.Step{treated.StepGrant, treated.StepRefuse}[i%2], "Посмотрели.", []treated.Expert{expert, second}[i%2])
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		f.meet(t, all...)
		if done != 1 {
			t.Errorf("%d decisions on one appeal", done)
		}
	})
}

// Who returned a case decides on no appeal against it, neither for nor against; another
// expert does.
func TestWhoReturnedACaseDecidesOnNoAppeal(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		d := submit(t, f, treatedtest.Good(), insuranceapi.Accepted)
		if err := f.Return(t.Context(), d.CaseID, "Нет протокола.", expert); err != nil {
			t.Fatal(err)
		}
		if err := f.Do(t.Context(), d.CaseID, treated.StepAppeal, "Протокол приложен.", hospital); err != nil {
			t.Fatal(err)
		}
		for _, step := range []treated.Step{treated.StepGrant, treated.StepRefuse} {
			if err := f.Do(t.Context(), d.CaseID, step, "Посмотрели.", expert); !refusedAs(err, "insurance.step.other_eyes", nil, nil) {
				t.Errorf("%s by who returned it: %v", step, err)
			}
		}
		if n := f.count(t, paid); n != 0 {
			t.Errorf("%d are paid", n)
		}
		if err := f.Do(t.Context(), d.CaseID, treated.StepGrant, "Протокол есть.", second); err != nil || f.count(t, paid) != 1 {
			t.Errorf("by another: %v", err)
		}
	})
}

// A case whose correction came counts no more: nothing is done with it but spoken of it,
// or one stay would be paid as it was and as it is.
func TestACorrectedCaseIsOver(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset = 0
		old := submit(t, f, wrong, insuranceapi.Returned)
		right := treatedtest.Good()
		right.Revision, right.Replaces = 2, old.CaseID
		submit(t, f, right, insuranceapi.Accepted)
		if err := f.Do(t.Context(), old.CaseID, treated.StepAppeal, "Начало известно.", hospital); !refusedAs(err, "insurance.step.not_now", nil, nil) {
			t.Errorf("what was corrected was appealed: %v", err)
		}
		if err := f.Do(t.Context(), old.CaseID, treated.StepComment, "Исправлено.", hospital); err != nil {
			t.Error(err)
		}
		if n := f.count(t, `SELECT COUNT(*) FROM treated_case WHERE stage IN ('accepted', 'appealed')`); n != 1 || f.count(t, paid) != 1 {
			t.Errorf("%d may be paid", n)
		}
	})
}

// A decision by hand goes to the system that sent the case; who entered it at the fund's
// site is sent nothing.
func TestADecisionGoesWhereTheCaseCameFrom(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		byHand, err := f.Enter(t.Context(), treatedtest.Good(), clerk)
		if err != nil {
			t.Fatal(err)
		}
		other := treatedtest.Good()
		other.Number, other.Patient.PIN, other.Patient.Name = "00000021895017426", "", "Башка Киши"
		for want, caseID := range []string{byHand.CaseID, submit(t, f, other, insuranceapi.Accepted).CaseID} {
			if err := f.Return(t.Context(), caseID, "Нет протокола.", expert); err != nil {
				t.Fatal(err)
			}
			if n := f.count(t, `SELECT COUNT(*) FROM job WHERE kind = '`+treated.PushJob+`'`); n != want {
				t.Errorf("%d decisions are sent, not %d", n, want)
			}
		}
	})
}

// What waits is counted for whom it waits, since the day on which it began to,
// and its list begins with what has waited longest.
func TestWhatWaitsIsCountedForWhomItWaits(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		var ids []string
		for i := range 2 {
			wrong := treatedtest.Good()
			wrong.HoursSinceOnset = 0
			wrong.Number = fmt.Sprintf("%07d1895017426", i+1)
			wrong.DischargedAt = wrong.DischargedAt.Add(time.Duration(i) * time.Hour)
			wrong.Moves[len(wrong.Moves)-1].Until = wrong.DischargedAt
			ids = append(ids, submit(t, f, wrong, insuranceapi.Returned).CaseID)
		}
		of := func(code string, want ...treated.Waiting) {
			t.Helper()
			got, err := f.Waiting(t.Context(), code)
			if err != nil || !slices.EqualFunc(got, want, func(a, b treated.Waiting) bool {
				return a.Stage == b.Stage && a.Cases == b.Cases && a.Since.Equal(b.Since)
			}) {
				t.Errorf("waiting for %q: %v, want %v, %v", code, got, want, err)
			}
		}
		first := f.Clock.Now()
		of("950174", treated.Waiting{Stage: treated.Returned, Cases: 2, Since: first})
		of("950201")
		of("")
		f.clock.Advance(24 * time.Hour)
		titled := hospital
		titled.Title = text.Words{KY: "Медициналык статистик", RU: "Медицинский статистик", EN: "Medical statistician"}
		if err := f.Do(t.Context(), ids[0], treated.StepAppeal, "Время начала неизвестно.", titled); err != nil {
			t.Fatal(err)
		}
		appealed := f.Clock.Now()
		f.clock.Advance(24 * time.Hour)
		if err := f.Do(t.Context(), ids[0], treated.StepComment, "Ждём.", titled); err != nil { // a word does not begin it anew
			t.Fatal(err)
		}
		of("950174", treated.Waiting{Stage: treated.Returned, Cases: 1, Since: first})
		of("", treated.Waiting{Stage: treated.Appealed, Cases: 1, Since: appealed})
		whole, err := f.Read(t.Context(), ids[0], titled)
		if err != nil || whole.Steps[0].ByRole != titled.Title {
			t.Errorf("the past names the post %+v, %v", whole.Steps, err)
		}
		if err := f.Do(t.Context(), ids[1], treated.StepAppeal, "Тоже.", hospital); err != nil {
			t.Fatal(err)
		}
		lines, _, err := f.List(t.Context(), treated.Filter{State: string(treated.Appealed)})
		if err != nil || len(lines) != 2 || lines[0].ID != ids[0] {
			t.Errorf("the list does not begin with the oldest: %+v, %v", lines, err)
		}
	})
}

// A stay that was paid meanwhile under another number is not paid again because
// an appeal is granted.
func TestAGrantedAppealPaysNoStayTwice(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset = 0
		d := submit(t, f, wrong, insuranceapi.Returned)
		if err := f.Do(t.Context(), d.CaseID, treated.StepAppeal, "Неизвестно.", hospital); err != nil {
			t.Fatal(err)
		}
		other := treatedtest.Good()
		other.Number = "00000021895017426"
		f.meet(t, func() {
			if err := f.Do(t.Context(), d.CaseID, treated.StepGrant, "Согласны.", expert); err != nil && !fail.Is(err, fail.Conflict) {
				t.Error(err)
			}
		}, func() {
			if _, err := f.Submit(doctor(t), other); err != nil {
				t.Error(err)
			}
		})
		if n := f.count(t, paid); n != 1 {
			t.Errorf("%d cases of one stay are paid", n)
		}
	})
}
