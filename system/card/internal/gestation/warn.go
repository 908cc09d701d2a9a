package gestation

import (
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// Warning is a rule that a pregnancy or a visit has met.
type Warning struct {
	Code     string
	Severity string // attention, danger
	Value    string
	Source   string
}

// facts are what rules look at: a value by measure, absent when not known.
type facts map[string]string

func (f facts) put(measure string, value int) {
	if value != 0 {
		f[measure] = strconv.Itoa(value)
	}
}

// of evaluates the rules of the day; a severe form of a warning stands for the
// plain one.
func (f facts) of(days int, on clock.Date) []Warning {
	var met []Warning
	known := map[string]bool{}
	for _, r := range Rules() {
		value, ok := f[r.Measure]
		if !ok || !r.holds(on) || days < r.FromDays || days > r.UntilDays || known[r.Code] || known[r.Code+"_severe"] || !r.meets(value) {
			continue
		}
		known[r.Code] = true
		met = append(met, Warning{r.Code, r.Severity, value, r.Source})
	}
	return met
}

func (r Rule) meets(value string) bool {
	switch r.Is {
	case "eq":
		return value == r.Value
	case "below", "above":
		return value == r.Is
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(value, ",", "."), 64)
	limit, wrong := strconv.ParseFloat(r.Value, 64)
	if err != nil || wrong != nil {
		return false
	}
	switch r.Is {
	case "ge":
		return n >= limit
	case "gt":
		return n > limit
	case "lt":
		return n < limit
	}
	return false
}

func (f facts) visit(v cardapi.Visit, r cardapi.Registration, days int) {
	f.put("systolic", v.Systolic)
	f.put("diastolic", v.Diastolic)
	f.put("heart_rate", v.HeartRate)
	if v.Oedema != "" {
		f["oedema"] = v.Oedema
	}
	if v.Presentation != "" {
		f["presentation"] = v.Presentation
	}
	f.band("fundal", v.Fundal, "", days, v.Day, v.Fundal != 0 && r.Fetuses < 2) // the bands are those of one child
	class := BodyClass(r.HeightCM, r.WeightBefore)
	f.band("gain", v.Weight-r.WeightBefore, class, days, v.Day, v.Weight != 0 && class != "" && r.Fetuses < 2)
}

func (f facts) band(measure string, value int, class string, days int, on clock.Date, known bool) {
	band, ok := ReferenceOn(measure, class, on).at(days / 7)
	switch {
	case !known || !ok:
	case value < band.Low:
		f[measure] = "below"
	case value > band.High:
		f[measure] = "above"
	default:
		f[measure] = "within"
	}
}

// OfVisit are the warnings of one visit.
func OfVisit(v cardapi.Visit, r cardapi.Registration) []Warning {
	f, days := facts{}, DateOf(r).Days(v.Day)
	f.visit(v, r, days)
	return f.of(days, v.Day)
}

// OfRecord are the warnings that stand on the day in the clinic's own record at
// that gestational age: of the last visit, the newest results, the registration
// and, while the pregnancy is open, of the day itself and a visit missed.
func OfRecord(c cardapi.ExchangeCard, days int, open, missed bool, today clock.Date) []Warning {
	f := ofCard(c)
	if !open {
		return f.of(days, today)
	}
	f.put("days", days)
	if missed {
		f["missed"] = "1"
	}
	if f["hiv"] == "" || f["syphilis"] == "" || f["hbsag"] == "" {
		f["untested"] = "1"
	}
	return f.of(days, today)
}

// OfCard are the warnings of a card that a hospital has opened.
func OfCard(c cardapi.ExchangeCard, today clock.Date) []Warning {
	f, days := ofCard(c), c.DatedFrom.DaysUntil(today)
	f.put("days", days)
	return f.of(days, today)
}

func ofCard(c cardapi.ExchangeCard) facts {
	f := facts{}
	if n := len(c.Visits); n > 0 {
		last := c.Visits[n-1].Visit
		f.visit(last, c.Registration, c.DatedFrom.DaysUntil(last.Day))
	}
	for _, one := range c.Results { // by day: the newest stays
		f[one.Kind] = one.Value
	}
	f.put("fetuses", c.Registration.Fetuses)
	if c.Registration.Rhesus != "" {
		f["rhesus"] = c.Registration.Rhesus
	}
	if born := c.Mother.BirthDate; !born.IsZero() {
		f.put("age", born.YearsAt(c.Expected))
	}
	return f
}

// BloodLoss are the warnings of a birth's blood loss in millilitres.
func BloodLoss(ml int, on clock.Date) []Warning {
	f := facts{}
	f.put("blood_loss", ml)
	return f.of(0, on)
}
