package treated_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/treatedtest"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// The term of an appeal is data: the program's own default says that it is one, a
// ministry's holds from its day on for what is returned then, and nothing of a
// file that is wrong is taken.
func TestTheTermOfAnAppealIsData(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		returned := func(number string) string {
			t.Helper()
			wrong := treatedtest.Good()
			wrong.Number, wrong.Patient.PIN, wrong.Result = number, "", ""
			return submit(t, f, wrong, insuranceapi.Returned).CaseID
		}
		hospital := treated.Expert{PIN: clerk.PIN, Name: clerk.Name, Hospital: treatedtest.Good().Organisation}
		read := func(id string) treated.Whole {
			t.Helper()
			w, err := f.Read(t.Context(), id, expert)
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		before := returned("00000011895017426")
		w := read(before)
		if w.Term.Days != 30 || !strings.Contains(w.Term.Source.RU, "по умолчанию") || w.Term.Until(w.Decision.At) != w.Term.Until(treatedtest.Now) {
			t.Errorf("default %+v", w.Term)
		}
		tomorrow := treatedtest.Now.AddDate(0, 0, 1).Format("2006-01-02")
		const head = "days,from,source_ky,source_ru,source_en\n"
		for what, file := range map[string]string{
			"no days": head + "0," + tomorrow + ",ky,ru,en\n", "no day": head + "5,soon,ky,ru,en\n", "no source": head + "5," + tomorrow + ",ky,,en\n",
			"one of two": head + "5," + tomorrow + ",ky,ru,en\nx," + tomorrow + ",ky,ru,en\n", "columns": "5," + tomorrow + ",ky\n",
		} {
			if r, err := treated.ImportTerms(t.Context(), f.DB, strings.NewReader(file)); err == nil || r.Changed != 0 {
				t.Errorf("%s: %+v, %v", what, r, err)
			}
		}
		file := head + "10," + tomorrow + ",Буйрук № 1,Приказ № 1,Order No. 1\n"
		for _, changed := range []int{1, 0} {
			if r, err := treated.ImportTerms(t.Context(), f.DB, strings.NewReader(file)); err != nil || r.Changed != changed || r.Rows != 1 {
				t.Errorf("%+v, %v", r, err)
			}
		}
		f.clock.Advance(24 * time.Hour)
		after := returned("00000021895017426")
		if w := read(after); w.Term.Days != 10 || w.Term.Source.KY != "Буйрук № 1" {
			t.Errorf("new %+v", w.Term)
		}
		if w := read(before); w.Term.Days != 30 {
			t.Errorf("a return of before: %+v", w.Term)
		}
		f.clock.Advance(11 * 24 * time.Hour) // the eleventh day after
		if err := f.Do(t.Context(), after, treated.StepAppeal, "Нет.", hospital); !fail.Is(err, fail.Conflict) {
			t.Errorf("after the new term: %v", err)
		}
		if err := f.Do(t.Context(), before, treated.StepAppeal, "Нет.", hospital); err != nil {
			t.Errorf("within the old term: %v", err)
		}
	})
}

// The last day of the term is whole, in Bishkek: a second before its midnight an appeal
// is heard, at midnight it is not, wherever in its day the return came.
func TestTheLastDayOfAnAppealIsWhole(t *testing.T) {
	each(t, func(t *testing.T, f fund) {
		wrong := treatedtest.Good()
		wrong.Result = ""
		early, late := wrong, wrong
		late.Number = "00000021895017426"
		first := submit(t, f, early, insuranceapi.Returned).CaseID // on 22.11.2026 at 14:00
		f.clock.Advance(9*time.Hour + 59*time.Minute)
		second := submit(t, f, late, insuranceapi.Returned).CaseID // at 23:59
		w, err := f.Read(t.Context(), first, expert)
		if until := w.Term.Until(w.Decision.At); err != nil || until.String() != "2026-12-22" {
			t.Errorf("until %s, %v", until, err)
		}
		listed, err := f.AppealUntil(t.Context(), []treated.Line{{ID: first}, {ID: second}, {ID: "none"}})
		if want := (clock.Date{Year: 2026, Month: 12, Day: 22}); err != nil || len(listed) != 2 || listed[first] != want || listed[second] != want {
			t.Errorf("listed until %v, %v", listed, err)
		}
		if none, err := f.AppealUntil(t.Context(), nil); err != nil || len(none) != 0 {
			t.Errorf("of no case %v, %v", none, err)
		}
		f.clock.Advance(30*24*time.Hour + 59*time.Second)
		if err := f.Do(t.Context(), first, treated.StepAppeal, "Нет.", hospital); err != nil {
			t.Errorf("in the last second: %v", err)
		}
		f.clock.Advance(time.Second)
		if err := f.Do(t.Context(), second, treated.StepAppeal, "Нет.", hospital); !fail.Is(err, fail.Conflict) {
			t.Errorf("at midnight: %v", err)
		}
	})
}
