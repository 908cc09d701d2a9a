package gestation

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

var today = clock.Date{Year: 2026, Month: time.November, Day: 22}

// Weeks and days, the expected date and the choice between period and ultrasound
// hold on any day.
func TestAPregnancyIsDatedByItsRule(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 113))
	for range 3000 {
		period := Plus(today, -random.IntN(400))
		after := random.IntN(300)
		day := Plus(period, after)
		d := DateOf(cardapi.Registration{LastPeriod: period})
		weeks, rest := Age(d.Days(day))
		if weeks*7+rest != after || rest < 0 || rest > 6 || d.From.DaysUntil(d.Expected()) != 280 || d.By != ByPeriod {
			t.Fatalf("%s on %s: %d weeks %d days, expected %s", period, day, weeks, rest, d.Expected())
		}
		if after < 21 {
			continue
		}
		// An ultrasound that says that the pregnancy is `differ` days younger or older.
		differ := random.IntN(51) - 25
		scan := cardapi.Registration{LastPeriod: period, Ultrasound: day, UltrasoundDays: after - differ}
		allowed := 21
		for _, r := range []struct{ until, days int }{{196, 14}, {154, 10}, {112, 7}, {63, 5}} {
			if after < r.until {
				allowed = r.days
			}
		}
		d = DateOf(scan)
		if differ > allowed || differ < -allowed {
			if d.By != ByUltrasound || d.Days(day) != after-differ {
				t.Fatalf("after %d days, differing by %d: %+v", after, differ, d)
			}
		} else if d.By != ByPeriod || d.From != period {
			t.Fatalf("after %d days, differing by %d: %+v", after, differ, d)
		}
		scan.LastPeriod = clock.Date{}
		if d = DateOf(scan); d.By != ByUltrasound || d.Days(day) != scan.UltrasoundDays {
			t.Fatalf("without a period: %+v", d)
		}
	}
}

func TestTablesOfRulesHold(t *testing.T) {
	for _, code := range []string{GiveCard, BirthFrom, Expected, Overdue, Longest} {
		if m := MilestoneOn(code, today); m.Days == 0 || m.Source == "" {
			t.Errorf("no %s today: %+v", code, m)
		}
	}
	if len(DatingRules()) == 0 || len(Rules()) < 20 {
		t.Fatal("tables are empty")
	}
	for _, r := range Rules() {
		if r.Source == "" || (r.Severity != "attention" && r.Severity != "danger") || r.From.IsZero() {
			t.Errorf("%+v", r)
		}
	}
	for _, class := range []string{"underweight", "normal", "overweight", "obese"} {
		if got := ReferenceOn("gain", class, today); len(got.Bands) != 43 || got.Source == "" {
			t.Errorf("%s: %d bands", class, len(got.Bands))
		}
	}
	last := Band{}
	for _, b := range ReferenceOn("fundal", "", today).Bands {
		if b.Low >= b.High || b.Low <= last.Low || b.High <= last.High {
			t.Errorf("after %+v comes %+v", last, b)
		}
		last = b
	}
	if got := ReferenceOn("fundal", "", clock.Date{Year: 2010, Month: 1, Day: 1}); len(got.Bands) != 0 {
		t.Error("a reference holds before its day")
	}
	for _, c := range []struct {
		height, weight int
		class          string
	}{{165, 500, "underweight"}, {165, 504, "normal"}, {165, 680, "normal"}, {165, 681, "overweight"}, {165, 817, "obese"}, {0, 600, ""}, {160, 0, ""}} {
		if got := BodyClass(c.height, c.weight); got != c.class {
			t.Errorf("%d cm, %d hg: %s", c.height, c.weight, got)
		}
	}
}

// A row holds on its first day and on its last, and on none beside them.
func TestARowHoldsOnItsDays(t *testing.T) {
	ends := Period{From: Plus(today, -10), Until: today}
	for days, want := range map[int]bool{-11: false, -10: true, -1: true, 0: true, 1: false} {
		if got := ends.holds(Plus(today, days)); got != want {
			t.Errorf("%d days from the last: %v", days, got)
		}
	}
	if still := (Period{From: today}); !still.holds(today) || !still.holds(Plus(today, 10_000)) || still.holds(Plus(today, -1)) {
		t.Error("a row without an end")
	}
}

func codes(all []Warning) []string {
	var found []string
	for _, w := range all {
		found = append(found, w.Code)
	}
	slices.Sort(found)
	return found
}

func TestWarningsOfAVisit(t *testing.T) {
	reg := cardapi.Registration{LastPeriod: Plus(today, -32*7), Fetuses: 1, HeightCM: 165, WeightBefore: 600}
	for name, c := range map[string]struct {
		visit cardapi.Visit
		want  []string
	}{
		"nothing":             {cardapi.Visit{}, nil},
		"all is well":         {cardapi.Visit{Systolic: 139, Diastolic: 89, Fundal: 315, Weight: 690, HeartRate: 140, Presentation: "breech"}, nil},
		"upper at the limit":  {cardapi.Visit{Systolic: 140, Diastolic: 80}, []string{"pressure"}},
		"lower at the limit":  {cardapi.Visit{Systolic: 120, Diastolic: 90}, []string{"pressure"}},
		"severe is said once": {cardapi.Visit{Systolic: 165, Diastolic: 112}, []string{"pressure_severe"}},
		"fundus low":          {cardapi.Visit{Fundal: 290}, []string{"fundal_low"}},
		"fundus high":         {cardapi.Visit{Fundal: 339}, []string{"fundal_high"}},
		"heart":               {cardapi.Visit{HeartRate: 109}, []string{"heart_slow"}},
		"heart fast":          {cardapi.Visit{HeartRate: 161, Oedema: "general"}, []string{"heart_fast", "oedema"}},
		"gains too much":      {cardapi.Visit{Weight: 760}, []string{"gain_high"}},
	} {
		c.visit.Day = today
		if got := codes(OfVisit(c.visit, reg)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	reg.Fetuses = 2
	if got := OfVisit(cardapi.Visit{Day: today, Fundal: 400, Weight: 900}, reg); len(got) != 0 {
		t.Errorf("the bands of one child are held against twins: %v", got)
	}
	reg.Fetuses, reg.LastPeriod = 1, Plus(today, -37*7)
	if got := codes(OfVisit(cardapi.Visit{Day: today, Presentation: "breech"}, reg)); !slices.Equal(got, []string{"breech"}) {
		t.Errorf("breech at 37 weeks: %v", got)
	}
	if got := codes(BloodLoss(499, today)); len(got) != 0 {
		t.Error(got)
	}
	if got := codes(BloodLoss(1000, today)); !slices.Equal(got, []string{"bleeding_severe"}) {
		t.Error(got)
	}
}

// What is drawn lies within its picture, whatever was measured.
func TestChartsStayWithinTheirPicture(t *testing.T) {
	card := cardapi.ExchangeCard{DatedFrom: Plus(today, -250), Registration: cardapi.Registration{Fetuses: 1, HeightCM: 160, WeightBefore: 550}}
	for days := -20; days < 400; days += 13 {
		card.Visits = append(card.Visits, cardapi.SignedVisit{Visit: cardapi.Visit{Day: Plus(card.DatedFrom, days), Weight: 250 + days*7, Systolic: 60 + days, Diastolic: 40, Fundal: 50 + days*2}})
	}
	for _, c := range Charts(card) {
		if n := len(c.YTicks); n < 3 || n > mostSteps+1 {
			t.Errorf("%s: %d figures at the left", c.Key, n)
		}
		for _, l := range c.Lines {
			if len(l.Dots) == 0 {
				t.Errorf("%s: %s has no points", c.Key, l.Name)
			}
			for _, p := range l.values {
				if px, py := x(float64(p.Days)), c.y(float64(p.Value)); px < chartLeft || px > chartWidth || py < chartTop || py > chartHeight-chartFoot {
					t.Errorf("%s: %+v at %v, %v", c.Key, p, px, py)
				}
				if float64(p.Value) < c.low || float64(p.Value) > c.high {
					t.Errorf("%s: %d is drawn as something else: the scale is from %v to %v", c.Key, p.Value, c.low, c.high)
				}
			}
		}
		if c.Key != "pressure" && (c.Band == "" || c.Source == "") {
			t.Errorf("%s has no reference", c.Key)
		}
	}
}

// A chart can be read without seeing it: each value with its day and what is
// usual then; limits have no marker of a value.
func TestAChartIsATableToo(t *testing.T) {
	from := Plus(today, -250)
	visit := func(days, weight, systolic, diastolic, fundal int) cardapi.SignedVisit {
		return cardapi.SignedVisit{Visit: cardapi.Visit{Day: Plus(from, days), Weight: weight, Systolic: systolic, Diastolic: diastolic, Fundal: fundal}}
	}
	card := cardapi.ExchangeCard{
		DatedFrom: from, Registration: cardapi.Registration{Fetuses: 1, HeightCM: 165, WeightBefore: 585},
		Visits: []cardapi.SignedVisit{visit(40, 585, 110, 70, 0), visit(224, 829, 140, 0, 315)},
	}
	charts := Charts(card)
	gain, pressure, fundal := charts[0], charts[1], charts[2]
	if got := gain.Readings(); len(got) != 2 || got[0].Days != 40 || got[0].Values[0] != "0" || got[1].Values[0] != "24,4" || got[1].Usual == "" {
		t.Errorf("gain: %+v", got)
	}
	if top := gain.YTicks[len(gain.YTicks)-1].Label; top != "28" {
		t.Errorf("24.4 kg on a scale up to %s", top)
	}
	if got := pressure.Readings(); len(got) != 2 || !slices.Equal(got[0].Values, []string{"110", "70"}) || !slices.Equal(got[1].Values, []string{"140", ""}) || got[1].Usual != "<140/<90" {
		t.Errorf("pressure: %+v", got)
	}
	if got := fundal.Readings(); len(got) != 1 || got[0].Values[0] != "31,5" || !strings.Contains(got[0].Usual, "–") {
		t.Errorf("fundal: %+v", got)
	}
	for _, c := range charts {
		for _, l := range c.Plot(func(key string) string { return key }).Lines {
			value := slices.ContainsFunc(c.Lines, func(of line) bool { return of.Name == l.Name })
			if (l.Marker != 0) != value || (l.Dash == nil) != value {
				t.Errorf("%s: %s is told apart by colour alone: %+v", c.Key, l.Name, l)
			}
		}
	}
}
