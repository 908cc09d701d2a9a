package diagnosis

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

// A main diagnosis is changed in one act: the new one stands, the old one is kept
// with who ended it, why, and what stands instead.
func TestADiagnosisIsChangedInOneAct(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, book := formtest.Doctor(t.Context()), icd.NewBook(w.Desk.DB)
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		of := func() (standing, ended []Diagnosis) {
			t.Helper()
			all, err := Of(t.Context(), w.Desk.DB.Read, stayID)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range all {
				if d.EndedAt.IsZero() {
					standing = append(standing, d)
				} else {
					ended = append(ended, d)
				}
			}
			return standing, ended
		}
		refused := func(name string, in Making, field, key string) {
			t.Helper()
			err := Make(ctx, w.Desk, book, stayID, in)
			if e := fail.As(err); err == nil || e.Kind != fail.Invalid || e.Findings[0].Field != field || e.Findings[0].Key != key {
				t.Errorf("%s: %v", name, err)
			}
		}
		first := Making{Stage: "clinical", Rank: "main", Value: "I21.0", Typed: "I21.0", At: w.Clock.Now()}
		beside := Making{Stage: "clinical", Rank: "comorbid", Value: "I10", Typed: "I10", At: w.Clock.Now()}
		for _, in := range []Making{first, beside} {
			if err := Make(ctx, w.Desk, book, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		standing, _ := of()
		old := standing[0].ID

		second := first
		second.Value, second.Typed = "J18.9", "J18.9"
		refused("a second main one", second, "why", "card.diagnosis.second_main")
		second.Instead = old
		refused("no reason", second, "why", "card.diagnosis.why_missing")
		second.Why = "Рентген: очаг справа"
		elsewhere := second
		elsewhere.Stage = "final"
		refused("another stage", elsewhere, "why", "card.diagnosis.changed_meanwhile")
		refused("the same code as another kind", Making{Stage: "clinical", Rank: "complication", Value: "I10", Typed: "I10", At: w.Clock.Now()}, "icd", "card.diagnosis.stands_otherwise")
		for range 2 { // sent twice it is one change
			if err := Make(ctx, w.Desk, book, stayID, second); err != nil {
				t.Fatal(err)
			}
		}
		standing, ended := of()
		if len(standing) != 2 || standing[0].Code != "J18.9" || standing[1].Code != "I10" {
			t.Fatal(standing)
		}
		if len(ended) != 1 || ended[0].ID != old || ended[0].EndReason != second.Why || ended[0].ReplacedBy != standing[0].ID || ended[0].EndedName == "" {
			t.Fatalf("%+v", ended)
		}
		if n := w.Int(`SELECT COUNT(*) FROM access_record WHERE action = 'diagnosis.change'`); n != 1 {
			t.Error("changes in the audit:", n)
		}
		// What the doctor sees no longer stands: nothing is changed.
		stale := second
		stale.Value, stale.Typed = "K35.8", "K35.8"
		refused("changed meanwhile", Making{Stage: "clinical", Rank: "complication", Value: "K35.8", Typed: "K35.8", At: w.Clock.Now(), Instead: old, Why: "x"}, "why", "card.diagnosis.changed_meanwhile")
		refused("changed meanwhile, main", stale, "why", "card.diagnosis.second_main")

		// The comorbid one becomes the main one: one of it stands.
		swap := first
		swap.Value, swap.Typed, swap.Instead, swap.Why = "I10", "I10", standing[0].ID, "Ведущее — гипертония"
		if err := Make(ctx, w.Desk, book, stayID, swap); err != nil {
			t.Fatal(err)
		}
		if standing, ended = of(); len(standing) != 1 || standing[0].Rank != "main" || len(ended) != 3 {
			t.Fatalf("%+v\n%+v", standing, ended)
		}
		// Only the words of it change: a version too; the same words change nothing.
		words := swap
		words.Instead, words.Note, words.Why = standing[0].ID, "Гипертоническая болезнь, II степень", "Уточнено"
		if err := Make(ctx, w.Desk, book, stayID, words); err != nil {
			t.Fatal(err)
		}
		standing, _ = of()
		words.Instead = standing[0].ID
		if err := Make(ctx, w.Desk, book, stayID, words); err != nil {
			t.Fatal(err)
		}
		if standing, ended = of(); len(standing) != 1 || standing[0].Text != words.Note || len(ended) != 4 {
			t.Fatalf("%+v\n%+v", standing, ended)
		}
	})
}

// Of several that change one diagnosis at once one wins, the others are told.
func TestChangesAtOnceAreOne(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx, book := formtest.Doctor(t.Context()), icd.NewBook(w.Desk.DB)
		stayID := w.Stay(w.Patient(formtest.PatientPIN))
		in := Making{Stage: "final", Rank: "main", Value: "I21.0", Typed: "I21.0", At: w.Clock.Now()}
		if err := Make(ctx, w.Desk, book, stayID, in); err != nil {
			t.Fatal(err)
		}
		all, err := Of(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil {
			t.Fatal(err)
		}
		in.Instead, in.Why = all[0].ID, "Уточнено"
		var group sync.WaitGroup
		var done atomic.Int64
		for _, code := range []string{"I10", "J18.9", "K35.8", "I21.9"} {
			group.Go(func() {
				mine := in
				mine.Value, mine.Typed = code, code
				switch err := Make(ctx, w.Desk, book, stayID, mine); {
				case err == nil:
					done.Add(1)
				case !fail.Is(err, fail.Invalid):
					t.Error(err)
				}
			})
		}
		group.Wait()
		if done.Load() != 1 || w.Int(`SELECT COUNT(*) FROM diagnosis WHERE ended_at = 0`) != 1 || w.Int(`SELECT COUNT(*) FROM diagnosis`) != 2 {
			t.Fatal(done.Load(), w.Int(`SELECT COUNT(*) FROM diagnosis`))
		}
	})
}
