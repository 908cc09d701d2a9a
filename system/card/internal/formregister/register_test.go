package formregister

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

func statistician(ctx context.Context) context.Context {
	s := formtest.Staff(formtest.HeadPIN, formtest.HeadName, workforceapi.Statistician)
	s.Post.Department = ""
	return desk.With(ctx, s)
}

// handed is what the fund was handed, by number: what the totals are held against.
type handed map[string]insuranceapi.Case

// discharge writes a discharged stay with its form, as the card would have.
func discharge(w formtest.World, sequence int, department, outcome, code, state string, in, out time.Time) (string, insuranceapi.Case) {
	w.T.Helper()
	stayID := w.Stay(w.Patient(formtest.PIN(sequence)))
	result := "improved"
	if outcome == "died" {
		result = ""
	}
	w.Exec(`UPDATE stay SET state = 'discharged', department = $2, outcome = $3, result = $4, admitted_at = $5, discharged_at = $6 WHERE id = $1`,
		stayID, department, outcome, result, db.Micros(in), db.Micros(out))
	w.Exec(`UPDATE move SET department = $2, from_at = $3, until_at = $4 WHERE stay_id = $1`, stayID, department, db.Micros(in), db.Micros(out))
	w.Diagnosis(stayID, "final", "main", code)
	c := insuranceapi.Case{Department: department, Outcome: outcome, Result: result, BedDays: form.BedDays(in, out), DischargedAt: out, Diagnoses: []insuranceapi.Diagnosis{{Stage: "final", Rank: "main", Code: code}}}
	c.Number = number(w, stayID, sequence, department, out, state, c)
	return stayID, c
}

func number(w formtest.World, stayID string, sequence int, department string, out time.Time, state string, c insuranceapi.Case) string {
	w.T.Helper()
	year := clock.DateOf(out).Year
	n := fmt.Sprintf("%07d%s%s%02d", sequence, department, formtest.Hospital, year%100)
	formState, caseState := "valid", map[string]string{Sent: "queued", Accepted: "accepted", Returned: "returned", Void: "returned"}[state]
	if state == Void {
		formState = "voided"
	}
	w.Exec(`INSERT INTO form (number, stay_id, organisation, department, year, sequence, state, void_reason, issued_at, issued_by) VALUES ($1, $2, $3, $4, $5, $6, $7, 'ошибка', $8, '')`,
		n, stayID, formtest.Hospital, department, year, sequence, formState, db.Micros(out))
	content, err := json.Marshal(c)
	if err != nil {
		w.T.Fatal(err)
	}
	w.Exec(`INSERT INTO treated_case (number, revision, stay_id, content, request_id, state, created_at, created_by) VALUES ($1, 1, $2, $3, $4, $5, $6, '')`,
		n, stayID, string(content), id.New(), caseState, db.Micros(out))
	return n
}

// The summary's totals are the register's rows, and both are what the fund was
// handed, to the last case: for any mixture of forms.
func TestTheSummaryReconcilesWithTheRegisterAndTheFund(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := statistician(t.Context())
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, 1))
		fund := handed{}
		first := time.Date(2026, 10, 1, 0, 0, 0, 0, clock.Bishkek)
		end := first.AddDate(0, 1, 0)
		moments := []time.Time{first, first.Add(-time.Microsecond), end, end.Add(-time.Microsecond), first, end.Add(-time.Microsecond)}
		admitted, patientDays := 0, 0
		for n := range 130 {
			out := first.Add(time.Duration(random.IntN(40*24*60)-4*24*60) * time.Minute) // some outside the month
			in := out.Add(-time.Duration(random.IntN(20*24*60)) * time.Minute)
			if n < len(moments) {
				out, in = moments[n], moments[n].Add(-time.Duration(random.IntN(20*24*60))*time.Minute)
			} else if n < 2*len(moments) {
				in = moments[n-len(moments)]
				out = in.Add(time.Duration(random.IntN(9*24*60)+1) * time.Minute)
			}
			if !in.Before(first) && in.Before(end) {
				admitted++
			}
			for night := first.AddDate(0, 0, 1); !night.After(end); night = night.AddDate(0, 0, 1) {
				if in.Before(night) && !out.Before(night) {
					patientDays++
				}
			}
			state := States[random.IntN(4)]
			_, c := discharge(w, n+1, []string{formtest.Department, "05"}[random.IntN(2)], form.Outcomes[random.IntN(3)], []string{"I21.0", "J18.9", "K35.8", "N40"}[random.IntN(4)], state, in, out)
			if n%9 == 0 { // corrected: the form is one
				w.Exec(`INSERT INTO treated_case (number, revision, stay_id, content, request_id, state, created_at, created_by)
					SELECT number, 2, stay_id, content, $2, state, created_at, '' FROM treated_case WHERE number = $1`, c.Number, id.New())
			}
			if state != Void && !out.Before(first) && out.Before(end) {
				fund[c.Number] = c
			}
		}
		// Who still lies there has nights of the month too.
		lies, in := w.Stay(w.Patient(formtest.PIN(900))), end.AddDate(0, 0, -3).Add(20*time.Hour)
		w.Exec(`UPDATE stay SET admitted_at = $2 WHERE id = $1`, lies, db.Micros(in))
		w.Exec(`UPDATE move SET from_at = $2 WHERE stay_id = $1`, lies, db.Micros(in))
		admitted, patientDays = admitted+1, patientDays+3
		want := newSum("")
		for _, c := range fund {
			want.add(Row{Outcome: c.Outcome, Result: c.Result, Code: c.Diagnoses[0].Code, AdmittedAt: first, DischargedAt: first})
			want.BedDays += c.BedDays - 1
		}
		m, err := MonthOf(ctx, w.Desk, clock.Date{Year: 2026, Month: 10, Day: 1})
		if err != nil {
			t.Fatal(err)
		}
		got := m.Total
		if got.Forms != want.Forms || got.Discharged != want.Discharged || got.Transferred != want.Transferred || got.Died != want.Died || got.BedDays != want.BedDays || fmt.Sprint(got.Classes, got.Results) != fmt.Sprint(want.Classes, want.Results) {
			t.Errorf("seed %d: the summary %+v, the fund %+v", seed, got, want)
		}
		if got.Admitted != admitted || got.PatientDays != patientDays {
			t.Errorf("seed %d: %d admitted, want %d; %d nights, want %d", seed, got.Admitted, admitted, got.PatientDays, patientDays)
		}
		if past := m.Past; len(past) != yearMonths || past[yearMonths-1] != (Past{"2026-10", want.Forms}) || past[0].Month != "2025-11" {
			t.Errorf("seed %d: the year before: %v, want %d this month", seed, past, want.Forms)
		}
		book, err := summaryOf{Month: m}.sheet(text.With(ctx, text.MustLoad(design.Texts), text.RU)).XLSX()
		if err != nil {
			t.Fatal(err)
		}
		if lines, err := spreadsheet.Read(book, 50); err != nil || len(lines) != 2+len(m.Departments) || lines[len(lines)-1].Cells[4] != strconv.Itoa(want.Forms) {
			t.Errorf("seed %d: the workbook %v, %v", seed, lines, err)
		}
		listed, states := map[string]bool{}, map[string]int{}
		f := Filter{From: clock.Date{Year: 2026, Month: 10, Day: 1}, Until: clock.Date{Year: 2026, Month: 10, Day: 31}}
		for after, more := "", true; more; {
			var page []Row
			if page, more, err = List(ctx, w.Desk, f, after); err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				if listed[r.Number] {
					t.Fatalf("seed %d: %s stands on two pages", seed, r.Number)
				}
				listed[r.Number] = r.State != Void
				states[r.State]++
				after = r.cursor()
			}
		}
		f.State = Returned // the others are counted all the same
		if tally, err := Tally(ctx, w.Desk, f); err != nil || !maps.Equal(tally, states) {
			t.Errorf("seed %d: %v are found, %v listed, %v", seed, tally, states, err)
		}
		f.State = ""
		valid := 0
		for n, is := range listed {
			if is {
				valid++
				if _, ok := fund[n]; !ok {
					t.Errorf("seed %d: the fund has no %s", seed, n)
				}
			}
		}
		exported := 0
		if err := Export(ctx, w.Desk, f, "отчёт", func(Row) error { exported++; return nil }); err != nil || exported != len(listed) || valid != len(fund) {
			t.Errorf("seed %d: %d listed, %d exported, %d valid, %d at the fund, %v", seed, len(listed), exported, valid, len(fund), err)
		}
		if n := w.Int(`SELECT COUNT(*) FROM access_record WHERE action = 'forms.export' AND purpose = 'отчёт'`); n != exported {
			t.Errorf("%d exported, %d recorded", exported, n)
		}
	})
}

// More forms of one moment than a page shows: each is listed, and once.
func TestFormsOfOneMomentAreAllListed(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		out := time.Date(2026, 11, 10, 12, 0, 0, 0, clock.Bishkek)
		const all = pageSize + 3
		for n := range all {
			discharge(w, n+1, formtest.Department, "discharged", "I10", Sent, out.Add(-48*time.Hour), out)
		}
		seen := map[string]bool{}
		for after, more := "", true; more; {
			var page []Row
			var err error
			if page, more, err = List(statistician(t.Context()), w.Desk, Filter{}, after); err != nil || len(page) == 0 {
				t.Fatal(len(page), err)
			}
			for _, r := range page {
				if seen[r.Number] {
					t.Fatalf("%s stands on two pages", r.Number)
				}
				seen[r.Number], after = true, r.cursor()
				if strings.Contains(after, r.Number) {
					t.Fatalf("a form's number stands in the address: %s", after)
				}
			}
		}
		if len(seen) != all {
			t.Errorf("%d of %d are listed", len(seen), all)
		}
	})
}

func TestFiltersOfTheRegister(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		ctx := statistician(t.Context())
		out := time.Date(2026, 11, 10, 12, 0, 0, 0, clock.Bishkek)
		day := 24 * time.Hour
		stayID, first := discharge(w, 1, formtest.Department, "discharged", "I21.0", Void, out.Add(-3*day), out)
		again := number(w, stayID, 2, formtest.Department, out, Accepted, first)
		_, surgical := discharge(w, 3, "05", "died", "K35.8", Returned, out.Add(-day), out.Add(day))
		_, waiting := discharge(w, 4, formtest.Department, "transferred", "I10", Sent, out.Add(-2*day), out.Add(2*day))
		foreign, _ := discharge(w, 5, formtest.Department, "discharged", "I10", Sent, out.Add(-2*day), out)
		w.Exec(`UPDATE stay SET organisation = '950201' WHERE id = $1`, foreign)
		numbers := func(f Filter) []string {
			t.Helper()
			found, _, err := List(ctx, w.Desk, f, "")
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, r := range found {
				all = append(all, r.Number)
			}
			return all
		}
		november := clock.Date{Year: 2026, Month: 11, Day: 10}
		for what, c := range map[string]struct {
			f    Filter
			want []string
		}{
			"all":        {Filter{}, []string{waiting.Number, surgical.Number, again, first.Number}},
			"one day":    {Filter{From: november, Until: november}, []string{again, first.Number}},
			"department": {Filter{Department: "05"}, []string{surgical.Number}},
			"void":       {Filter{State: Void}, []string{first.Number}},
			"sent":       {Filter{State: Sent}, []string{waiting.Number}},
			"accepted":   {Filter{State: Accepted}, []string{again}},
			"returned":   {Filter{State: Returned}, []string{surgical.Number}},
			"diagnosis":  {Filter{Code: "I2"}, []string{again, first.Number}},
			"a wildcard": {Filter{Code: "%"}, nil},
			"outcome":    {Filter{Outcome: "died"}, []string{surgical.Number}},
			"number":     {Filter{Number: "0000003"}, []string{surgical.Number}},
			"doctor":     {Filter{Doctor: stayID, Department: "05"}, []string{surgical.Number}},
			"a stranger": {Filter{Doctor: foreign}, nil},
		} {
			if got := numbers(c.f); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", what, got, c.want)
			}
		}
		all, _, err := List(ctx, w.Desk, Filter{Number: first.Number[:7]}, "")
		if err != nil || len(all) != 1 || all[0].ReplacedBy != again || all[0].Replaces != "" {
			t.Errorf("%+v %v", all, err)
		}
		// A head sees the own department, whatever was asked for.
		head := desk.With(t.Context(), formtest.Staff(formtest.HeadPIN, formtest.HeadName, workforceapi.Head))
		if found, _, err := List(head, w.Desk, Filter{Department: "05"}, ""); err != nil || len(found) != 3 {
			t.Errorf("a head: %d, %v", len(found), err)
		}
		if err := Export(ctx, w.Desk, Filter{}, " ", func(Row) error { t.Error("left without a reason"); return nil }); !fail.Is(err, fail.Invalid) {
			t.Error(err)
		}
		m, err := MonthOf(ctx, w.Desk, november)
		if err != nil || m.Total.Forms != 3 || m.Total.Admitted != 3 || m.Total.PatientDays != 9 || m.Total.WithoutForm != 0 || m.Days != 22 {
			t.Errorf("%+v %v", m, err)
		}
	})
}

func TestEveryCodeHasItsChapter(t *testing.T) {
	for code, want := range map[string]string{"A09": "i", "B34.2": "i", "C50.1": "ii", "D48.0": "ii", "D50": "iii", "H59.0": "vii", "H60": "viii", "I21.0": "ix", "O80.0": "xv", "T98": "xix", "U07.1": "xxii", "Z99": "xxi", "": ""} {
		if got := Class(code); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestNightsAreCountedWithinTheMonth(t *testing.T) {
	at := func(month, day, hour int) time.Time {
		return time.Date(2026, time.Month(month), day, hour, 0, 0, 0, clock.Bishkek)
	}
	start, end := at(11, 1, 0), at(12, 1, 0)
	for _, c := range []struct {
		from, until time.Time
		want        int
	}{
		{at(11, 10, 9), at(11, 10, 18), 0},
		{at(11, 10, 9), at(11, 12, 8), 2},
		{at(10, 20, 9), at(11, 3, 8), 2},
		{at(11, 29, 9), at(12, 5, 8), 2},
		{at(10, 1, 0), time.Time{}, 30},
		{at(12, 2, 0), time.Time{}, 0},
		{at(9, 1, 0), at(10, 1, 0), 0},
	} {
		if got := nights(c.from, c.until, start, end); got != c.want {
			t.Errorf("%s – %s: %d, want %d", c.from, c.until, got, c.want)
		}
	}
}

// A line of the register finds its stay's other forms and diagnoses by the stay,
// also in a database that has not counted its rows.
func TestTheRegisterLooksThroughNoTable(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		if strings.HasSuffix(t.Name(), "/postgres") {
			t.Skip("its planner rightly reads small tables whole")
		}
		q := w.Desk.DB.Read
		where, args := Filter{From: clock.Date{Year: 2026, Month: 11, Day: 1}, Code: "I10"}.where(formtest.Hospital)
		plan, err := q.QueryContext(t.Context(), `EXPLAIN QUERY PLAN SELECT f.number, `+finalMain("code")+`,
			(SELECT b.number FROM form b WHERE b.stay_id = f.stay_id AND b.sequence < f.sequence ORDER BY b.sequence DESC LIMIT 1) FROM stay s JOIN form f ON f.stay_id = s.id WHERE `+where, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = plan.Close() }()
		for plan.Next() {
			var number, parent, unused int
			var step string
			if err := plan.Scan(&number, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(step, "SCAN") {
				t.Error(step)
			}
		}
		if err := plan.Err(); err != nil {
			t.Error(err)
		}
	})
}

// In the first days of a month the register shows the one before too.
func TestTheRegisterOpensOnWhatIsWorkedOn(t *testing.T) {
	for now, from := range map[string]string{
		"2027-01-01T00:01": "2026-12-01", "2027-01-10T12:00": "2026-12-01", "2027-01-11T00:01": "2027-01-01", "2026-11-30T23:59": "2026-11-01",
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", now, clock.Bishkek)
		if err != nil {
			t.Fatal(err)
		}
		p := pages{desk: &desk.Desk{Clock: clock.NewManual(at)}}
		q := page.QueryForm(httptest.NewRequest(http.MethodGet, "/forms", nil))
		if f := p.read(q); f.From.String() != from || f.Until.String() != now[:10] {
			t.Errorf("at %s: from %s until %s, want from %s", now, f.From, f.Until, from)
		}
	}
}

// The head of a column is a name: it stands alone in a file.
func TestHeadsOfTheExportAreNames(t *testing.T) {
	words := text.MustLoad(os.DirFS("../.."))
	for _, lang := range text.Langs {
		for _, c := range columnsOf(text.With(t.Context(), words, lang)) {
			if c.Label == "" || strings.HasPrefix(c.Label, "card.") || strings.HasSuffix(c.Label, ":") {
				t.Errorf("%s: %q", lang, c.Label)
			}
		}
	}
}
