package treated_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/price"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/insurance/migration"
)

type fund struct {
	treated.Fund
	clock *clock.Manual
}

// refusedAs says that the error is that conflict and names the case that counts: who
// sends by the exchange reads from it what to do.
func refusedAs(err error, key string, caseID, state any) bool {
	e := fail.As(err)
	return fail.Is(err, fail.Conflict) && e.Key == key && e.Args[treated.OtherCase] == caseID && e.Args["State"] == state
}

func each(t *testing.T, run func(t *testing.T, f fund)) {
	t.Helper()
	rules, err := rule.Load()
	if err != nil {
		t.Fatal(err)
	}
	tables, err := price.Demo()
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Each(t, "insurance", migration.Sets, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(treatedtest.Now)
		run(t, fund{treated.Fund{
			DB: d, Clock: now, Queue: job.New(d, now, slog.New(slog.DiscardHandler), job.Config{}), Catalogue: rules, Tables: tables,
			OrganisationName: func(code string) string { return code },
		}, now})
	})
}

// doctor is a call of the card on behalf of the doctor.
func doctor(t *testing.T) context.Context {
	return exchangeapi.WithCaller(t.Context(), exchangeapi.Caller{Client: exchangeapi.Card, ID: "request-1", User: treatedtest.Good().Doctor.PIN, Issue: "treated-case"})
}

func (f fund) count(t *testing.T, query string) int {
	t.Helper()
	var n int
	if err := f.DB.Read.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func submit(t *testing.T, f fund, c insuranceapi.Case, want insuranceapi.State) insuranceapi.Decision {
	t.Helper()
	d, err := f.Submit(doctor(t), c)
	if err != nil {
		t.Fatal(err)
	}
	if d.State != want || d.CaseID == "" || d.Number != c.Number || d.Revision != c.Revision {
		t.Fatalf("decision %+v", d)
	}
	return d
}

var expert = treated.Expert{PIN: "12511199000088", Name: "Орозбекова Нургүл Асановна", Role: "Эксперт", Organisation: "ФОМС"}

// MC-4
func TestAGoodCaseIsAcceptedGroupedAndPriced(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		d := submit(t, f, treatedtest.Good(), insuranceapi.Accepted)
		if d.Group != "004.3" || d.Price != 1999613 || d.Weight != "1.0850" || d.PriceTable == "" || len(d.Steps) != 4 || d.Steps[3].Result != d.Price {
			t.Errorf("decision %+v", d)
		}
		records, err := audit.Of(t.Context(), f.DB.Read, treatedtest.Good().Patient.PIN, 10)
		if err != nil || len(records) != 1 || records[0].Action != treated.ActionSubmit || records[0].Via != "card" || records[0].ActorName != "Асанова Айгүл Маратовна" || records[0].RequestID != "request-1" {
			t.Errorf("records %+v, %v", records, err)
		}
	})
}

func TestARepetitionGivesTheSameDecision(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		first := submit(t, f, treatedtest.Good(), insuranceapi.Accepted)
		f.clock.Advance(time.Hour)
		again := submit(t, f, treatedtest.Good(), insuranceapi.Accepted)
		if again.CaseID != first.CaseID || !again.At.Equal(first.At) || again.Price != first.Price {
			t.Errorf("%+v, then %+v", first, again)
		}
		other := treatedtest.Good()
		other.Result = "recovered"
		if _, err := f.Submit(doctor(t), other); !refusedAs(err, "insurance.submit.other_content", first.CaseID, "accepted") {
			t.Errorf("another content under the same number: %v", err)
		}
		if n := f.count(t, `SELECT COUNT(*) FROM treated_case`); n != 1 {
			t.Errorf("%d cases", n)
		}
		if n := f.count(t, `SELECT COUNT(*) FROM access_record`); n != 1 {
			t.Errorf("%d records of one intake", n)
		}
	})
}

func TestAHundredSubmissionsAtOnceMakeOneCase(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		decisions := make([]insuranceapi.Decision, 100)
		var all sync.WaitGroup
		for i := range decisions {
			all.Go(func() {
				var err error
				if decisions[i], err = f.Submit(doctor(t), treatedtest.Good()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, d := range decisions {
			if d.CaseID == "" || d.CaseID != decisions[0].CaseID || d.State != insuranceapi.Accepted || d.Price != decisions[0].Price {
				t.Fatalf("decisions %+v and %+v", decisions[0], d)
			}
		}
		if n, doubles := f.count(t, `SELECT COUNT(*) FROM treated_case`), f.count(t, `SELECT COUNT(*) FROM case_double`); n != 1 || doubles != 0 {
			t.Errorf("%d cases, %d doubles", n, doubles)
		}
	})
}

// Two hospitals hand over overlapping stays of one person at the same moment:
// one is accepted. A stay that was returned before takes nobody's place.
func TestOverlappingStaysAtOnceAreNotBothAccepted(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		returned := treatedtest.Good()
		returned.HoursSinceOnset = 0
		submit(t, f, returned, insuranceapi.Returned)
		var accepted sync.Map
		var all []func()
		for i := range 8 {
			all = append(all, func() {
				c := treatedtest.Good()
				c.Organisation = []string{"950174", "950201"}[i%2]
				c.Number = fmt.Sprintf("%07d18%s26", 100+i, c.Organisation)
				d, err := f.Submit(doctor(t), c)
				if err != nil {
					t.Error(err)
				}
				if d.State == insuranceapi.Accepted {
					accepted.Store(c.Number, true)
				} else if len(d.Findings) == 0 || d.Findings[0].Rule != "DUP-001" || d.Findings[0].Field != "admitted_at" {
					t.Errorf("findings %+v", d.Findings)
				}
			})
		}
		f.meet(t, all...)
		n := 0
		accepted.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d overlapping stays were accepted", n)
		}
	})
}

func TestACorrectionIsTiedToTheReturnedCase(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset = 0
		returned := submit(t, f, wrong, insuranceapi.Returned)
		if len(returned.Findings) != 1 || returned.Findings[0].Rule != "ADM-002" || returned.Findings[0].Field != "hours_since_onset" || returned.Price != 0 || returned.Group != "" {
			t.Errorf("returned %+v", returned)
		}
		right := treatedtest.Good()
		right.Revision = 2
		for name, spoil := range map[string]func(*insuranceapi.Case){
			"tied to nothing":        func(c *insuranceapi.Case) { c.Replaces = "" },
			"tied to something else": func(c *insuranceapi.Case) { c.Replaces = "x" },
			"a revision left out":    func(c *insuranceapi.Case) { c.Replaces, c.Revision = returned.CaseID, 3 },
		} {
			c := right
			spoil(&c)
			if _, err := f.Submit(doctor(t), c); !refusedAs(err, "insurance.submit.out_of_turn", returned.CaseID, "returned") {
				t.Errorf("%s: %v", name, err)
			}
		}
		right.Replaces = returned.CaseID
		accepted := submit(t, f, right, insuranceapi.Accepted)
		if accepted.CaseID == returned.CaseID {
			t.Error("the correction has the id of the first")
		}
		if n := f.count(t, `SELECT COUNT(*) FROM treated_case WHERE is_current = 1`); n != 1 {
			t.Errorf("%d current cases", n)
		}
		// The old one resent late still gets its own answer.
		if late := submit(t, f, wrong, insuranceapi.Returned); late.CaseID != returned.CaseID {
			t.Errorf("late %+v", late)
		}
		third := right
		third.Revision, third.Replaces = 3, accepted.CaseID
		if _, err := f.Submit(doctor(t), third); !refusedAs(err, "insurance.submit.out_of_turn", accepted.CaseID, "accepted") {
			t.Errorf("a correction of an accepted case: %v", err)
		}
		never := right
		never.Number = "00000091895017426"
		if _, err := f.Submit(doctor(t), never); !refusedAs(err, "insurance.submit.not_to_correct", nil, nil) {
			t.Errorf("a correction of what never came: %v", err)
		}
		whole, err := f.Read(t.Context(), accepted.CaseID, expert)
		if err != nil || len(whole.Revisions) != 2 || whole.Case.Replaces != returned.CaseID {
			t.Errorf("whole %+v, %v", whole, err)
		}
	})
}

func TestTwoCorrectionsAtOnceMakeOne(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset = 0
		returned := submit(t, f, wrong, insuranceapi.Returned)
		var all sync.WaitGroup
		var mu sync.Mutex
		taken, refused := 0, 0
		for i := range 20 {
			all.Go(func() {
				c := treatedtest.Good()
				c.Revision, c.Replaces, c.HoursSinceOnset = 2, returned.CaseID, i+1
				_, err := f.Submit(doctor(t), c)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					taken++
				case fail.Is(err, fail.Conflict):
					refused++
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if taken != 1 || refused != 19 || f.count(t, `SELECT COUNT(*) FROM treated_case WHERE is_current = 1`) != 1 {
			t.Errorf("%d taken, %d refused", taken, refused)
		}
	})
}

// A returned case whose form was voided: the new form takes its place.
func TestANewFormTakesThePlaceOfAVoidedOne(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.HoursSinceOnset = 0
		returned := submit(t, f, wrong, insuranceapi.Returned)
		theirs := treatedtest.Good()
		theirs.Number, theirs.Organisation, theirs.Replaces = "00000021895020126", "950201", returned.CaseID
		if _, err := f.Submit(doctor(t), theirs); !refusedAs(err, "insurance.submit.not_to_correct", nil, nil) {
			t.Errorf("a hospital took another one's case away: %v", err)
		}
		fresh := treatedtest.Good()
		fresh.Number, fresh.Replaces = "00000021895017426", returned.CaseID
		submit(t, f, fresh, insuranceapi.Accepted)
		if n := f.count(t, `SELECT COUNT(*) FROM treated_case WHERE is_current = 1`); n != 1 {
			t.Errorf("%d current cases", n)
		}
		old := treatedtest.Good()
		old.Revision, old.Replaces = 2, returned.CaseID
		if _, err := f.Submit(doctor(t), old); !fail.Is(err, fail.Conflict) {
			t.Errorf("the voided form was corrected: %v", err)
		}
		second := fresh
		second.Number = "00000031895017426"
		if _, err := f.Submit(doctor(t), second); !refusedAs(err, "insurance.submit.out_of_turn", returned.CaseID, "returned") {
			t.Errorf("a second form took the place of the voided one: %v", err)
		}
	})
}

func TestCheckHasNoEffect(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		d, err := f.Check(doctor(t), treatedtest.Good())
		if err != nil || d.State != insuranceapi.Accepted || d.Price == 0 || d.CaseID != "" {
			t.Errorf("decision %+v, %v", d, err)
		}
		for _, table := range []string{"treated_case", "access_record", "job", "intake_lock"} {
			if n := f.count(t, `SELECT COUNT(*) FROM `+table); n != 0 {
				t.Errorf("%s has %d rows", table, n)
			}
		}
	})
}

func TestAReturnByHandReachesTheCard(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		var told []insuranceapi.Decision
		away := true
		f.Queue.Handle(treated.PushJob, treated.PushPolicy, f.Push(func(_ context.Context, d insuranceapi.Decision, _ string) error {
			if away {
				return errors.New("the card is away")
			}
			told = append(told, d)
			return nil
		}))
		accepted := submit(t, f, treatedtest.Good(), insuranceapi.Accepted)
		if err := f.Return(t.Context(), accepted.CaseID, "", expert); !fail.Is(err, fail.Invalid) {
			t.Errorf("without a comment: %v", err)
		}
		if err := f.Return(t.Context(), accepted.CaseID, "Приложите протокол операции.", expert); err != nil {
			t.Fatal(err)
		}
		if err := f.Return(t.Context(), accepted.CaseID, "Ещё раз.", expert); !fail.Is(err, fail.Conflict) {
			t.Errorf("returned twice: %v", err)
		}
		if err := f.Queue.Drain(t.Context()); err != nil || len(told) != 0 {
			t.Fatalf("told %+v, %v", told, err)
		}
		away = false
		f.clock.Advance(time.Minute)
		if err := f.Queue.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(told) != 1 || told[0].State != insuranceapi.Returned || told[0].Price != 0 || told[0].Comment == "" || !told[0].At.After(accepted.At) || told[0].CaseID != accepted.CaseID {
			t.Fatalf("told %+v", told)
		}
		// A resend of the same case now hears of the return, and a correction goes on from it.
		submit(t, f, treatedtest.Good(), insuranceapi.Returned)
		fixed := treatedtest.Good()
		fixed.Revision, fixed.Replaces = 2, accepted.CaseID
		submit(t, f, fixed, insuranceapi.Accepted)
		whole, err := f.Read(t.Context(), accepted.CaseID, expert)
		if err != nil || len(whole.Verdicts) != 2 || whole.Verdicts[0].ByPIN != expert.PIN || whole.Verdicts[1].Decision.State != insuranceapi.Accepted {
			t.Errorf("verdicts %+v, %v", whole.Verdicts, err)
		}
	})
}

func TestHostileMessagesAreRefusedWhole(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		for name, spoil := range map[string]func(*insuranceapi.Case){
			"no number":       func(c *insuranceapi.Case) { c.Number = "" },
			"no revision":     func(c *insuranceapi.Case) { c.Revision = 0 },
			"endless number":  func(c *insuranceapi.Case) { c.Number = strings.Repeat("1", 1000) },
			"endless name":    func(c *insuranceapi.Case) { c.Patient.Name = strings.Repeat("Ө", 301) },
			"endless moves":   func(c *insuranceapi.Case) { c.Moves = make([]insuranceapi.Move, 101) },
			"endless surgery": func(c *insuranceapi.Case) { c.Operations = make([]insuranceapi.Operation, 201) },
		} {
			c := treatedtest.Good()
			spoil(&c)
			if _, err := f.Submit(doctor(t), c); !fail.Is(err, fail.BadRequest) {
				t.Errorf("%s: %v", name, err)
			}
		}
		// What can be kept is kept, cleaned, and returned.
		odd := treatedtest.Good()
		odd.Patient.Name, odd.Patient.PIN, odd.Diagnoses[1].Text = "A\x00\u202eB", "1\x00", "\x07"
		odd.AdmittedAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		odd.BedDays = -1 << 62
		d := submit(t, f, odd, insuranceapi.Returned)
		w, err := f.Read(t.Context(), d.CaseID, expert)
		if err != nil || w.Case.Patient.Name != "AB" {
			t.Errorf("%+v, %v", w.Case.Patient, err)
		}
	})
}

// The new form of a voided one and a late correction of the old: one of them is
// the case that counts.
func TestANewFormAndACorrectionAtOnceMakeOneCase(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		for i := range 15 {
			digit := string(rune('A' + i))
			wrong := treatedtest.Good()
			wrong.Patient.PIN, wrong.Number, wrong.HoursSinceOnset = "", "old-"+digit, 0
			returned, err := f.Submit(doctor(t), wrong)
			if err != nil {
				t.Fatal(err)
			}
			fresh, corrected := wrong, wrong
			fresh.Number, fresh.Replaces = "new-"+digit, returned.CaseID
			corrected.Revision, corrected.Replaces = 2, returned.CaseID
			var both sync.WaitGroup
			for _, c := range []insuranceapi.Case{fresh, corrected} {
				both.Go(func() {
					if _, err := f.Submit(doctor(t), c); err != nil && !fail.Is(err, fail.Conflict) {
						t.Error(err)
					}
				})
			}
			both.Wait()
			if n := f.count(t, `SELECT COUNT(*) FROM treated_case WHERE is_current = 1`); n != i+1 {
				t.Fatalf("%d cases count after %d", n, i+1)
			}
		}
	})
}
