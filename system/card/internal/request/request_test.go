package request

import (
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

func TestFindingOutOfRange(t *testing.T) {
	for value, want := range map[string]int{"140": 0, "119,9": -1, "161": 1, "отрицательно": 0, "<3": -1, "": 0} {
		if got := (Finding{Value: value, Low: 120, High: 160}).Out(); got != want {
			t.Errorf("%q: %d", value, got)
		}
	}
	if (Finding{Value: "7"}).Out() != 0 {
		t.Error("marked without a range")
	}
	for words, want := range map[string]Range{"3,9–4,7": {3.9, 4.7}, "3.9 - 4.7": {3.9, 4.7}, "<5": {0, 5}, "": {}, "норма": {}, "5-3": {}} {
		if low, high := readRange(words); low != want.Low || high != want.High {
			t.Errorf("%q: %v %v", words, low, high)
		}
	}
}

func TestCatalogue(t *testing.T) {
	item, ok := ItemOf("cbc")
	adult, child, on := clock.Date{Year: 1980, Month: 1, Day: 2}, clock.Date{Year: 2010, Month: 1, Day: 2}, clock.Date{Year: 2026, Month: 11, Day: 22}
	if !ok || len(item.Analytes) != 5 || item.Analytes[0].Of("male", adult, on).Low != 130 || item.Analytes[0].Of("unknown", adult, on) != (Range{120, 160}) ||
		item.Analytes[0].Of("male", child, on) != (Range{}) || item.Analytes[0].Of("male", clock.Date{}, on) != (Range{}) {
		t.Fatalf("%+v", item)
	}
	for _, i := range Items() {
		if i.Name.KY == "" || i.Name.EN == "" || (i.Kind == Laboratory) != (len(i.Analytes) > 0) {
			t.Errorf("%+v", i)
		}
	}
}

// Asked, answered once, corrected by a new version; a result may come after the
// discharge, a request not.
func TestAskAndReply(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		doctor, nurse := formtest.Doctor(t.Context()), formtest.Nurse(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		for _, bad := range []Asking{{Once: id.New(), Kind: "x", Name: "n"}, {Once: id.New(), Kind: Laboratory}, {Once: id.New(), Kind: Consultation, Name: "Хирург"}} {
			if err := Ask(doctor, w.Desk, stayID, bad); !fail.Is(err, fail.Invalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		in := Asking{Once: id.New(), Kind: Laboratory, Code: "cbc", Name: "ОАК", Urgent: true}
		other := Asking{Once: id.New(), Kind: Consultation, Name: "Хирург", Question: "Острый живот?"}
		for _, a := range []Asking{in, in, other} {
			if err := Ask(doctor, w.Desk, stayID, a); err != nil {
				t.Fatal(err)
			}
		}
		if err := Cancel(doctor, w.Desk, stayID, other.Once, "Боли прошли"); err != nil {
			t.Fatal(err)
		}
		reply := Answering{Once: id.New(), Request: other.Once, At: now, Conclusion: "Нет"}
		if err := Reply(doctor, w.Desk, stayID, reply); !fail.Is(err, fail.Conflict) {
			t.Fatal("a cancelled request was answered:", err)
		}
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 4 {
			group.Go(func() {
				err := Reply(nurse, w.Desk, stayID, Answering{Once: id.New(), Request: in.Once, At: now, Findings: []Finding{{Name: "Гемоглобин", Value: "90", Low: 130, High: 160}}})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !fail.Is(err, fail.Conflict) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won != 1 || w.Int(`SELECT COUNT(*) FROM answer`) != 1 {
			t.Fatalf("answered %d times", won)
		}
		if err := Cancel(doctor, w.Desk, stayID, in.Once, "r"); !fail.Is(err, fail.Conflict) {
			t.Fatal("an answered request was cancelled:", err)
		}
		w.Clock.Advance(time.Minute)
		w.Exec(`UPDATE stay SET state = 'discharged', discharged_at = $1`, w.Clock.Now().UnixMicro())
		c := Answering{Once: id.New(), Request: in.Once, Seen: 1, At: now, Findings: []Finding{{Name: "Гемоглобин", Value: "140", Low: 130, High: 160}}}
		if err := Reply(nurse, w.Desk, stayID, c); !fail.Is(err, fail.Invalid) {
			t.Fatal("without a reason:", err)
		}
		c.Reason = "Перепутаны пробирки"
		if err := Reply(doctor, w.Desk, stayID, c); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		if err := Reply(nurse, w.Desk, stayID, c); err != nil {
			t.Fatal(err)
		}
		all, err := Requests(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(all) != 2 {
			t.Fatalf("%+v %v", all, err)
		}
		for _, r := range all {
			if r.ID == in.Once && (r.Answer == nil || r.Answer.Version != 2 || r.Answer.Abnormal() != 0 || len(r.Answer.Former) != 1 || r.Answer.Former[0].Abnormal() != 1) {
				t.Fatalf("%+v", r.Answer)
			}
		}
		for _, query := range []string{`UPDATE answer SET conclusion = 'x'`, `DELETE FROM answer`} {
			if err := w.TryExec(query); err == nil {
				t.Errorf("the database took %s", query)
			}
		}
		if err := Ask(doctor, w.Desk, stayID, Asking{Once: id.New(), Kind: Imaging, Name: "ЭКГ"}); !fail.Is(err, fail.Conflict) {
			t.Fatal("asked after the discharge:", err)
		}
	})
}
