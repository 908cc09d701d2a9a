package observation

import (
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/form/formtest"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]Vitals{
		"36,6 76 120/80 16 98":        {366, 76, 120, 80, 16, 98},
		"36.6":                        {Temperature: 366},
		"38":                          {Temperature: 380},
		"76 120/80":                   {Pulse: 76, Systolic: 120, Diastolic: 80},
		"120/80":                      {Systolic: 120, Diastolic: 80},
		"- 76 - 16":                   {Pulse: 76, Respiration: 16},
		"37,2 88 18 97":               {Temperature: 372, Pulse: 88, Respiration: 18, Saturation: 97},
		"т37,2 с96 ад130/85 п88":      {372, 88, 130, 85, 0, 96},
		"SpO2 98":                     {},
		"spo2:98 чд16":                {Respiration: 16, Saturation: 98},
		"Т=36,6; П=76; АД=120/80":     {366, 76, 120, 80, 0, 0},
		"":                            {},
		"т36,6 п76 ад120/80 чд16 с98": {366, 76, 120, 80, 16, 98},
	} {
		got, findings := Parse(line)
		if line == "SpO2 98" {
			if len(findings) == 0 {
				t.Errorf("%q: %+v", line, got)
			}
			continue
		}
		if len(findings) > 0 || got != want {
			t.Errorf("%q: %+v %v", line, got, findings)
		}
		if again, _ := Parse(got.Line()); again != got {
			t.Errorf("%q does not come back: %q gives %+v", line, got.Line(), again)
		}
	}
	for _, line := range []string{"abc", "36,66", "120/x", "36,6 76 120/80 16 98 5", "9999 1", "36,x", "т", "/80"} {
		if got, findings := Parse(line); len(findings) != 1 || findings[0].Field != "line" {
			t.Errorf("%q: %+v %v", line, got, findings)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("36,6 76 120/80 16 98")
	f.Fuzz(func(t *testing.T, line string) {
		v, findings := Parse(line)
		if len(findings) == 0 && len(v.check(false)) == 0 {
			if again, f := Parse(v.Line()); len(f) > 0 || again != v {
				t.Fatalf("%q: %+v, again %+v", line, v, again)
			}
		}
	})
}

func TestMeasureAndCorrect(t *testing.T) {
	formtest.Each(t, func(t *testing.T, w formtest.World) {
		nurse, doctor := formtest.Nurse(t.Context()), formtest.Doctor(t.Context())
		stayID, now := w.Stay(w.Patient(formtest.PatientPIN)), w.Clock.Now()
		in := Measuring{Once: id.New(), At: now, Vitals: Vitals{Temperature: 386, Pulse: 96}}
		for _, bad := range []Vitals{{}, {Temperature: 600}, {Pulse: 5}, {Systolic: 80, Diastolic: 120}, {Systolic: 120}, {Respiration: 2}, {Saturation: 101}} {
			wrong := Measuring{Once: id.New(), At: now, Vitals: bad}
			if err := Measure(nurse, w.Desk, stayID, wrong); fail.As(err) == nil || len(fail.As(err).Findings) != 1 || fail.As(err).Findings[0].Field != "line" {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		for range 2 {
			if err := Measure(nurse, w.Desk, stayID, in); err != nil {
				t.Fatal(err)
			}
		}
		c := Measuring{Once: id.New(), Root: in.Once, Seen: 1, At: now, Vitals: Vitals{Temperature: 368, Pulse: 96}, Reason: "Описка"}
		if err := Measure(doctor, w.Desk, stayID, c); !fail.Is(err, fail.Forbidden) {
			t.Fatal(err)
		}
		for range 2 {
			if err := Measure(nurse, w.Desk, stayID, c); err != nil {
				t.Fatal(err)
			}
		}
		stale := c
		stale.Once = id.New()
		if err := Measure(nurse, w.Desk, stayID, stale); !fail.Is(err, fail.Conflict) {
			t.Fatal(err)
		}
		all, err := Sheet(t.Context(), w.Desk.DB.Read, stayID)
		if err != nil || len(all) != 1 || all[0].Version != 2 || all[0].Vitals.Temperature != 368 || len(all[0].Former) != 1 || all[0].Former[0].Vitals.Temperature != 386 {
			t.Fatalf("%+v %v", all, err)
		}
		for _, query := range []string{`UPDATE observation SET pulse = 1`, `DELETE FROM observation`} {
			if err := w.TryExec(query); err == nil {
				t.Errorf("the database took %s", query)
			}
		}
		strike := Measuring{Once: id.New(), Root: in.Once, Seen: 2, At: now, Vitals: c.Vitals, Struck: true, Reason: "Другой пациент"}
		if err := Measure(formtest.Head(t.Context()), w.Desk, stayID, strike); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := Last(t.Context(), w.Desk.DB.Read, stayID); ok || err != nil {
			t.Fatal("a struck line stands", err)
		}
		if w.Int(`SELECT COUNT(*) FROM access_record WHERE action LIKE 'observation.%'`) != 4 { // the first was sent twice
			t.Error("not on record")
		}
	})
}

// Lines that were struck are not drawn; what is measured is drawn where its time is.
func TestDraw(t *testing.T) {
	admitted := formtest.Start.Add(-48 * time.Hour)
	all := []Observation{
		{At: admitted.Add(time.Hour), Vitals: Vitals{Temperature: 390, Systolic: 130, Diastolic: 80}},
		{At: admitted.Add(25 * time.Hour), Vitals: Vitals{Temperature: 350}},
		{At: admitted.Add(26 * time.Hour), Vitals: Vitals{Temperature: 400}, Struck: true},
	}
	c := Draw(all, admitted, formtest.Start)
	if len(c.Days) != leastDays || len(c.Lines[0].Dots) != 2 || len(c.Bars) != 1 || len(c.Lines[1].Dots) != 0 {
		t.Fatalf("%+v", c)
	}
	if c.Lines[0].Dots[1].Y != n(chartTop+chartHeight) || strings.Count(c.Lines[0].Points, ",") != 2 {
		t.Fatalf("%+v", c.Lines[0])
	}
	if long := Draw(nil, admitted.AddDate(0, -4, 0), formtest.Start); len(long.Days) != mostDays {
		t.Fatal(len(long.Days))
	}
}
