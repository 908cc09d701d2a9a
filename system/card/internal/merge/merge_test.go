package merge_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/merge"
	"github.com/sanarip/sanarip/system/card/internal/newborn"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/migration"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// ward is where the tests happen: a doctor, and who keeps the register.
type ward struct {
	t      *testing.T
	d      *desk.Desk
	now    *clock.Manual
	doctor context.Context
	keeper context.Context
}

func inWard(t *testing.T, run func(t *testing.T, w ward)) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, store *db.DB) {
		n := cardtest.New()
		d, now := cardtest.Desk(t, store, n)
		w := ward{t: t, d: d, now: now, doctor: n.As(t.Context(), 0)}
		keeper := desk.Of(w.doctor)
		keeper.Post.Role = workforceapi.Statistician
		w.keeper = desk.With(t.Context(), keeper)
		run(t, w)
	})
}

func (w ward) register(p patient.Patient) patient.Patient {
	w.t.Helper()
	if p.Sex == "" {
		p.Sex = patient.Female
	}
	p, _, err := patient.Register(w.doctor, w.d, p)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w ward) admit(patientID, code string) string {
	w.t.Helper()
	p, err := patient.Load(w.t.Context(), w.d.DB.Read, patientID)
	if err != nil {
		w.t.Fatal(err)
	}
	stayID, err := reception.Admit(w.doctor, w.d, reception.Admission{
		Patient: patientID, Kind: reception.Emergency, At: w.d.Clock.Now(), BroughtBy: "self", Alerts: p.Alerts, Policy: p.Policy, Insured: p.Insured,
		Admission: reception.Diagnosis{Code: code}, Department: "18", DoctorPIN: "11503198500123",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return stayID
}

// over ends a stay as a discharge leaves it.
func (w ward) over(stayID string) {
	w.t.Helper()
	w.now.Advance(time.Hour)
	w.exec(`UPDATE stay SET state = 'discharged', discharged_at = $2, outcome = 'discharged' WHERE id = $1`, stayID, db.Micros(w.d.Clock.Now()))
	w.now.Advance(time.Hour)
}

func (w ward) exec(query string, args ...any) {
	w.t.Helper()
	err := w.d.DB.Tx(w.t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// picture is every row of the tables in which people are named or written of.
func (w ward) picture() map[string][]string {
	w.t.Helper()
	all := map[string][]string{}
	for _, table := range []string{"patient", "stay", "newborn", "patient_identity", "refusal", "entry", "diagnosis", "move", "form", "form_sheet", "entry_draft"} {
		all[table] = w.lines(table)
	}
	return all
}

func (w ward) lines(table string) []string {
	w.t.Helper()
	var all []string
	rows, err := w.d.DB.Read.QueryContext(w.t.Context(), `SELECT * FROM `+table)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		var line strings.Builder
		for i, name := range columns {
			fmt.Fprintf(&line, "%s=%v ", name, values[i])
		}
		all = append(all, line.String())
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func (w ward) same(a, b map[string][]string, when string) {
	w.t.Helper()
	for table := range a {
		if !slices.Equal(a[table], b[table]) {
			w.t.Errorf("%s: table %s\n%s\n---\n%s", when, table, strings.Join(a[table], "\n"), strings.Join(b[table], "\n"))
		}
	}
}

// Whatever two people are and however their values are chosen, a merge and its
// undoing leave everything as it was; several are undone in the order back.
func TestMergeAndUndoLeaveEverythingAsItWas(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		chance := rand.New(rand.NewPCG(7, 22))
		pick := func(of ...string) string { return of[chance.IntN(len(of))] }
		for round := range 12 {
			var people []string
			for i := range 4 {
				p := patient.Patient{
					FamilyName: pick("", "Асанова", "Asanova"), GivenName: pick("", "Айгүл"), Sex: pick(patient.Female, patient.Unknown),
					Address: pick("", "Ош", "Бишкек"), Passport: pick("", "ID123"), Alerts: pick("", "йод", "йод\nпенициллин", " йод "), Description: pick("", "шрам"),
					Kind: pick(patient.Citizen, patient.Nameless), Policy: pick("", "П-1"), Insured: chance.IntN(2) == 0,
				}
				if chance.IntN(2) == 0 {
					p.PIN = fmt.Sprintf("1%02d0119%02d%05d", 1+i, 50+round, 100+i)
					p.BirthDate = clock.Date{Year: 1950 + round, Month: 1, Day: 1 + i}
				}
				p = w.register(p)
				w.exec(`UPDATE patient SET phone = $2, blood_group = $3, rhesus = $4, blood_at = $5 WHERE id = $1`, p.ID, pick("", "0555"), pick("", "A", "0"), pick("", "+"), chance.Int64N(1000))
				for range chance.IntN(3) {
					w.over(w.admit(p.ID, "I10"))
				}
				people = append(people, p.ID)
			}
			pictures := []map[string][]string{w.picture()}
			var done []string
			into := people[0]
			for _, other := range people[1:] {
				wish := merge.Wish{Survivor: into, Merged: other, Reason: "один человек", OfMerged: map[string]bool{}}
				if chance.IntN(4) == 0 {
					wish.Survivor, wish.Merged = other, into
				}
				for _, g := range merge.Groups {
					wish.OfMerged[g.Name] = chance.IntN(2) == 0
				}
				w.now.Advance(time.Minute)
				mergeID, err := merge.Do(w.keeper, w.d, wish)
				if err != nil {
					t.Fatal(err)
				}
				if n := w.count(`SELECT COUNT(*) FROM stay WHERE patient_id = $1`, wish.Merged); n != 0 {
					t.Errorf("%d stays are still the merged one's", n)
				}
				into, done = wish.Survivor, append(done, mergeID)
				pictures = append(pictures, w.picture())
			}
			for i := len(done) - 1; i >= 0; i-- {
				w.same(pictures[i+1], w.picture(), fmt.Sprintf("round %d before undo %d", round, i))
				if i > 0 {
					if err := merge.Undo(w.keeper, w.d, done[i-1], "ошибка", nil); !fail.Is(err, fail.Conflict) || fail.As(err).Key != "card.merge.later_first" {
						t.Errorf("undone before the later one: %v", err)
					}
				}
				w.now.Advance(time.Minute)
				if err := merge.Undo(w.keeper, w.d, done[i], "разные люди", nil); err != nil {
					t.Fatal(err)
				}
				w.same(pictures[i], w.picture(), fmt.Sprintf("round %d after undo %d", round, i))
			}
		}
	})
}

func (w ward) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.d.DB.Read.QueryRowContext(w.t.Context(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// What was signed stays as it was signed, what came after the merge stays where
// it belongs, and a stay that began since goes with whom the keeper says.
func TestUndoKeepsWhatCameAfter(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		known := w.register(patient.Patient{PIN: "10101199500012", FamilyName: "Садыкова", GivenName: "Нургүл", Alerts: "йод"})
		nameless := w.register(patient.Patient{Kind: patient.Nameless, Description: "шрам на щеке", Alerts: "пенициллин"})
		own := w.admit(known.ID, "N40")
		w.over(own)
		first := w.admit(nameless.ID, "I10")
		write := func(stayID, body string) {
			t.Helper()
			w.now.Advance(time.Minute)
			if err := history.Write(w.doctor, w.d, stayID, history.Writing{Once: id.New(), Kind: history.Diary, At: w.d.Clock.Now(), Body: body}); err != nil {
				t.Fatal(err)
			}
		}
		write(first, "до")
		signed := w.picture()["entry"]
		w.now.Advance(time.Minute)
		// The doctor who found the name may, though the register is not theirs.
		mergeID, err := merge.Do(w.doctor, w.d, merge.Wish{Survivor: known.ID, Merged: nameless.ID})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(signed, w.picture()["entry"]) {
			t.Error("a merge rewrote what was signed")
		}
		v, err := stay.Find(w.doctor, w.d, first)
		if err != nil || v.Patient.ID != known.ID || v.Patient.Alerts != "йод\nпенициллин" || v.Patient.Description != "шрам на щеке" {
			t.Fatalf("%+v, %v", v.Patient, err)
		}
		if p, _, err := patient.Find(w.doctor, w.d, "10101199500012"); err != nil || p.ID != known.ID {
			t.Errorf("%+v, %v", p, err)
		}
		write(first, "после")
		w.over(first)
		second := w.admit(known.ID, "J18.9")
		stranger := w.admit(w.register(patient.Patient{FamilyName: "Осмонова", GivenName: "Айгүл"}).ID, "I10")
		w.exec(`UPDATE patient SET alerts = $2, phone = '0555' WHERE id = $1`, known.ID, "йод\nпенициллин\nанальгин")
		w.now.Advance(time.Minute)
		for what, stayID := range map[string]string{"the survivor's of before": own, "one that was led over": first, "another's": stranger} {
			if err := merge.Undo(w.keeper, w.d, mergeID, "опознали неверно", []string{stayID}); !fail.Is(err, fail.Invalid) {
				t.Errorf("%s stay was sent along: %v", what, err)
			}
		}
		if err := merge.Undo(w.keeper, w.d, mergeID, "опознали неверно", []string{second}); err != nil {
			t.Fatal(err)
		}
		a, errA := patient.Load(t.Context(), w.d.DB.Read, known.ID)
		b, errB := patient.Load(t.Context(), w.d.DB.Read, nameless.ID)
		if errA != nil || errB != nil || a.Alerts != "йод\nанальгин" || a.Description != "" || b.Alerts != "пенициллин" || b.MergedInto != "" || b.FullName() != "" {
			t.Errorf("%+v\n%+v", a, b)
		}
		if n := w.count(`SELECT COUNT(*) FROM stay WHERE patient_id = $1`, nameless.ID); n != 2 {
			t.Errorf("%d stays went back", n)
		}
		if w.count(`SELECT COUNT(*) FROM stay WHERE patient_id = $1 AND id = $2`, known.ID, own) != 1 || w.count(`SELECT COUNT(*) FROM patient WHERE id = $1 AND phone = '0555'`, known.ID) != 1 {
			t.Error("the survivor's own stay, or what was written of them since, is lost")
		}
		if n := w.count(`SELECT COUNT(*) FROM entry WHERE stay_id = $1`, first); n != 2 {
			t.Errorf("%d entries of the stay that went back", n)
		}
		if n := w.count(`SELECT COUNT(*) FROM access_record WHERE action IN ('patient.merge', 'patient.unmerge') AND subject_pin = '10101199500012'`); n != 2 {
			t.Errorf("%d access records", n)
		}
		if err := merge.Undo(w.keeper, w.d, mergeID, "ещё раз", nil); !fail.Is(err, fail.Conflict) {
			t.Errorf("undone twice: %v", err)
		}
	})
}

// Of many who merge one pair, this way round and that, one wins.
func TestTwoMergeAtOnce(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		a := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл", Address: "Ош"})
		b := w.register(patient.Patient{FamilyName: "Sadykova", GivenName: "Nurgul"})
		w.over(w.admit(b.ID, "I10"))
		var all sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for i := range 12 {
			wish := merge.Wish{Survivor: a.ID, Merged: b.ID}
			if i%2 == 1 {
				wish.Survivor, wish.Merged = b.ID, a.ID
			}
			all.Go(func() {
				_, err := merge.Do(w.keeper, w.d, wish)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					done++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done != 1 || w.count(`SELECT COUNT(*) FROM patient WHERE merged_into <> ''`) != 1 || w.count(`SELECT COUNT(*) FROM patient_merge`) != 1 {
			t.Errorf("%d merges done", done)
		}
	})
}

// While one merges, others admit: nobody is left lying under the record that is
// no more.
func TestAnAdmissionDuringAMergeIsNotLost(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		for round := range 6 {
			a := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл"})
			b := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл"})
			var all sync.WaitGroup
			all.Go(func() {
				if _, err := merge.Do(w.keeper, w.d, merge.Wish{Survivor: a.ID, Merged: b.ID}); err != nil {
					t.Error(err)
				}
			})
			all.Go(func() {
				_, err := reception.Admit(w.doctor, w.d, reception.Admission{
					Patient: b.ID, Kind: reception.Emergency, At: w.d.Clock.Now(), BroughtBy: "self",
					Admission: reception.Diagnosis{Code: "I10"}, Department: "18", DoctorPIN: "11503198500123",
				})
				if err != nil && !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
			all.Wait()
			if n := w.count(`SELECT COUNT(*) FROM stay WHERE patient_id = $1`, b.ID); n != 0 {
				t.Errorf("round %d: %d stays under the merged record", round, n)
			}
		}
	})
}

func TestWhatSpeaksAgainstAMerge(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		a := w.register(patient.Patient{PIN: "10101199500012", FamilyName: "Садыкова", GivenName: "Нургүл", BirthDate: clock.Date{Year: 1995, Month: 1, Day: 1}})
		b := w.register(patient.Patient{PIN: "10101199500029", FamilyName: "Садыкова", GivenName: "Нургүл", BirthDate: clock.Date{Year: 1995, Month: 1, Day: 1}})
		wish := merge.Wish{Survivor: a.ID, Merged: b.ID}
		_, err := merge.Do(w.keeper, w.d, wish)
		if e := fail.As(err); e == nil || len(e.Findings) != 1 || e.Findings[0].Key != "card.merge.reason_required" {
			t.Errorf("two ПИН without a reason: %v", err)
		}
		// Both lie, or the patient in bed is the merged one.
		lies := w.admit(b.ID, "I10")
		other := w.admit(a.ID, "I10")
		wish.Reason = "ПИН заменён реестром"
		if _, err := merge.Do(w.keeper, w.d, wish); !fail.Is(err, fail.Conflict) || fail.As(err).Key != "card.merge.both_lie" {
			t.Errorf("two in two beds: %v", err)
		}
		w.over(other)
		wish.OfMerged = map[string]bool{"pin": true}
		mergeID, err := merge.Do(w.keeper, w.d, wish)
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range []string{"10101199500012", "10101199500029"} {
			p, _, err := patient.Find(w.doctor, w.d, number)
			if err != nil || p.ID != a.ID || p.PIN != "10101199500029" {
				t.Errorf("%s: %+v, %v", number, p, err)
			}
		}
		if v, err := stay.Find(w.doctor, w.d, lies); err != nil || v.Patient.ID != a.ID || v.State != stay.Open {
			t.Errorf("%+v, %v", v, err)
		}
		if _, err := reception.Admit(w.doctor, w.d, reception.Admission{
			Patient: a.ID, Kind: reception.Emergency, At: w.d.Clock.Now(), BroughtBy: "self",
			Admission: reception.Diagnosis{Code: "I10"}, Department: "18", DoctorPIN: "11503198500123",
		}); !fail.Is(err, fail.Conflict) {
			t.Errorf("the survivor lies already: %v", err)
		}
		if err := merge.Undo(w.keeper, w.d, mergeID, "", nil); !fail.Is(err, fail.Invalid) {
			t.Errorf("undone without a reason: %v", err)
		}
		if _, err := merge.Do(w.keeper, w.d, merge.Wish{Survivor: a.ID, Merged: a.ID}); !fail.Is(err, fail.Invalid) {
			t.Errorf("with oneself: %v", err)
		}
	})
}

func TestWhoMayMergeAndUndo(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		a := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл"})
		b := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл"})
		wish := merge.Wish{Survivor: a.ID, Merged: b.ID}
		as := func(role workforceapi.Role, organisation string) context.Context {
			s := desk.Of(w.doctor)
			s.Post.Role, s.Post.Organisation = role, organisation
			return desk.With(t.Context(), s)
		}
		for who, ctx := range map[string]context.Context{
			"a doctor, of two with names": w.doctor, "a nurse": as(workforceapi.Nurse, cardtest.Hospital), "another hospital": as(workforceapi.Head, "950175"),
		} {
			if _, err := merge.Do(ctx, w.d, wish); !fail.Is(err, fail.Forbidden) {
				t.Errorf("%s: %v", who, err)
			}
		}
		mergeID, err := merge.Do(as(workforceapi.Head, cardtest.Hospital), w.d, wish)
		if err != nil {
			t.Fatal(err)
		}
		for who, ctx := range map[string]context.Context{"a doctor": w.doctor, "another hospital": as(workforceapi.Manager, "950175")} {
			if err := merge.Undo(ctx, w.d, mergeID, "ошибка", nil); !fail.Is(err, fail.Forbidden) {
				t.Errorf("undo by %s: %v", who, err)
			}
		}
	})
}

// A mother merged keeps her children, a child merged keeps the mother; born twice
// is nobody.
func TestTiesOfBirthFollowAMerge(t *testing.T) {
	inWard(t, func(t *testing.T, w ward) {
		mother := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл"})
		double := w.register(patient.Patient{FamilyName: "Садыкова", GivenName: "Нургүл"})
		stayID := w.admit(mother.ID, "O80.0")
		var children []string
		for order := 1; order <= 2; order++ {
			c, err := newborn.Register(w.doctor, w.d, stayID, newborn.Birth{
				BornAt: w.d.Clock.Now(), Sex: patient.Male, Weight: 3000, Length: 50, Apgar1: 8, Apgar5: 9, Live: true, Plurality: 2, Order: order,
			})
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, c.Patient)
		}
		if _, err := merge.Do(w.keeper, w.d, merge.Wish{Survivor: double.ID, Merged: mother.ID}); err != nil {
			t.Fatal(err)
		}
		if c, ok, err := newborn.OfChild(t.Context(), w.d.DB.Read, children[0]); err != nil || !ok || c.MotherID != double.ID {
			t.Errorf("%+v, %v", c, err)
		}
		if _, err := merge.Do(w.keeper, w.d, merge.Wish{Survivor: children[0], Merged: children[1]}); !fail.Is(err, fail.Conflict) || fail.As(err).Key != "card.merge.born_twice" {
			t.Errorf("twins: %v", err)
		}
		grown := w.register(patient.Patient{PIN: "20101202600012", FamilyName: "Садыков", GivenName: "Тимур", Sex: patient.Male})
		if _, err := merge.Do(w.doctor, w.d, merge.Wish{Survivor: grown.ID, Merged: children[0]}); err != nil {
			t.Fatal(err)
		}
		if c, ok, err := newborn.OfChild(t.Context(), w.d.DB.Read, grown.ID); err != nil || !ok || c.Name != "Садыков Тимур" {
			t.Errorf("%+v, %v", c, err)
		}
	})
}
