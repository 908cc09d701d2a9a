package journal_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/journal"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/migration"
)

func door(t *testing.T, run func(t *testing.T, ctx context.Context, d *desk.Desk, now *clock.Manual, p patient.Patient)) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, now := cardtest.Desk(t, store, n)
		ctx := n.As(t.Context(), 0)
		p, _, err := patient.Register(ctx, d, patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл", Sex: patient.Female})
		if err != nil {
			t.Fatal(err)
		}
		run(t, ctx, d, now, p)
	})
}

func refusal(d *desk.Desk, patientID string) journal.Refusal {
	return journal.Refusal{
		Patient: patientID, Kind: reception.Emergency, At: d.Clock.Now(), HoursSinceOnset: 3, BroughtBy: "ambulance", Code: "I10",
		Reason: "outpatient", Help: "Каптоприл 25 мг, давление снизилось",
	}
}

// However many write at once, the journal of a year has every number once and
// none is missing; a new year begins anew.
func TestRefusalsAreNumberedWithoutGaps(t *testing.T) {
	door(t, func(t *testing.T, ctx context.Context, d *desk.Desk, now *clock.Manual, p patient.Patient) {
		var all sync.WaitGroup
		var mu sync.Mutex
		var numbers []int
		for range 12 {
			all.Go(func() {
				r, err := journal.Refuse(ctx, d, refusal(d, p.ID))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				numbers = append(numbers, r.Number)
			})
		}
		all.Wait()
		slices.Sort(numbers)
		for i, n := range numbers {
			if n != i+1 {
				t.Fatalf("numbers %v", numbers)
			}
		}
		now.Advance(50 * 24 * time.Hour) // over the turn of the year
		if r, err := journal.Refuse(ctx, d, refusal(d, p.ID)); err != nil || r.Called() != "1/2027" {
			t.Errorf("%+v, %v", r, err)
		}
		if lines, err := journal.RefusalsOf(ctx, d.DB.Read, cardtest.Hospital, p.ID); err != nil || len(lines) != 13 || lines[0].Refusal.Help == "" {
			t.Errorf("%d lines, %v", len(lines), err)
		}
		if lines, err := journal.RefusalsOf(ctx, d.DB.Read, "950175", p.ID); err != nil || len(lines) != 0 {
			t.Errorf("another hospital sees %d, %v", len(lines), err)
		}
	})
}

func TestARefusalSaysWhyAndWhatWasDone(t *testing.T) {
	door(t, func(t *testing.T, ctx context.Context, d *desk.Desk, _ *clock.Manual, p patient.Patient) {
		for name, c := range map[string]struct {
			field  string
			change func(*journal.Refusal)
		}{
			"no reason":        {"reason", func(r *journal.Refusal) { r.Reason = "" }},
			"no words":         {"reason_text", func(r *journal.Refusal) { r.Reason = "other" }},
			"no help":          {"help", func(r *journal.Refusal) { r.Help = " " }},
			"sent nowhere":     {"sent_to", func(r *journal.Refusal) { r.Reason = "other_profile" }},
			"no diagnosis":     {"diagnosis", func(r *journal.Refusal) { r.Code = "" }},
			"tomorrow":         {"at", func(r *journal.Refusal) { r.At = d.Clock.Now().Add(time.Hour) }},
			"a week ago":       {"at", func(r *journal.Refusal) { r.At = d.Clock.Now().Add(-8 * 24 * time.Hour) }},
			"hours":            {"hours", func(r *journal.Refusal) { r.HoursSinceOnset = 721 }},
			"came by itself":   {"brought_by", func(r *journal.Refusal) { r.BroughtBy = "camel" }},
			"of no known kind": {"kind", func(r *journal.Refusal) { r.Kind = "" }},
		} {
			r := refusal(d, p.ID)
			c.change(&r)
			_, err := journal.Refuse(ctx, d, r)
			if e := fail.As(err); e == nil || e.Kind != fail.Invalid || len(e.Findings) != 1 || e.Findings[0].Field != c.field {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := reception.Admit(ctx, d, reception.Admission{
			Patient: p.ID, Kind: reception.Emergency, At: d.Clock.Now().Add(-time.Hour), BroughtBy: "self",
			Admission: reception.Diagnosis{Code: "I10"}, Department: "18", DoctorPIN: "11503198500123",
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := journal.Refuse(ctx, d, refusal(d, p.ID)); !fail.Is(err, fail.Conflict) {
			t.Errorf("who lies is refused: %v", err)
		}
	})
}
