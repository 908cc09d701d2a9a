// Package gestation is the rules of a pregnancy's course: how it is dated, what
// is due in which week, what of a measure is usual and what is a warning, and
// the charts against the weeks. It knows cards and visits, no pages and no tables
// of a database.
package gestation

import (
	_ "embed" // the tables of rules
	"encoding/csv"
	"strconv"
	"strings"
	"sync"

	"github.com/sanarip/sanarip/kit/clock"
)

// The numbers of medicine are rows with the days on which they hold and the code
// of their source (its words: card.antenatal.source.*); a changed one is a new row, and the old one gets its last day.
//
//go:embed dating.csv
var datingCSV string

//go:embed milestones.csv
var milestonesCSV string

//go:embed bands.csv
var bandsCSV string

//go:embed warnings.csv
var warningsCSV string

// Period is the days on which a row holds; Until zero: still.
type Period struct{ From, Until clock.Date }

func (p Period) holds(on clock.Date) bool {
	return !on.Before(p.From) && (p.Until.IsZero() || !p.Until.Before(on))
}

// lines reads an embedded table without its head; a test reads them all.
func lines(table string) [][]string {
	all, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		panic(err)
	}
	return all[1:]
}

func days(from, until string) Period {
	var p Period
	p.From, _ = clock.ParseDate(from)
	p.Until, _ = clock.ParseDate(until)
	return p
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// DatingRule says by how many days an ultrasound at that age (days by the last
// period) must differ from the last period to overrule it.
type DatingRule struct {
	Period
	Low, High, MoreThan int
	Source              string
}

// DatingRules are all of them, those of other days too.
var DatingRules = sync.OnceValue(func() []DatingRule {
	var all []DatingRule
	for _, l := range lines(datingCSV) {
		all = append(all, DatingRule{days(l[0], l[1]), number(l[2]), number(l[3]), number(l[4]), l[5]})
	}
	return all
})

// Milestone is a day of pregnancy from which something is so.
type Milestone struct {
	Period
	Code   string
	Days   int
	Source string
}

// Milestones are all of them, those of other days too.
var Milestones = sync.OnceValue(func() []Milestone {
	var all []Milestone
	for _, l := range lines(milestonesCSV) {
		all = append(all, Milestone{days(l[1], l[2]), l[0], number(l[3]), l[4]})
	}
	return all
})

// Codes of milestones.
const (
	GiveCard  = "give_card"  // the exchange card is given to the woman
	BirthFrom = "birth_from" // before it a pregnancy is lost, from it on a child is born
	Expected  = "expected"
	Overdue   = "overdue"
	Longest   = "longest"
)

// MilestoneOn is the milestone as it holds on the day.
func MilestoneOn(code string, on clock.Date) Milestone {
	for _, m := range Milestones() {
		if m.Code == code && m.holds(on) {
			return m
		}
	}
	return Milestone{Code: code}
}

// Band is what is usual in a week.
type Band struct{ Week, Low, High int }

// Reference is the bands of a measure, by week, and where they come from.
type Reference struct {
	Bands  []Band
	Source string
}

type bandRow struct {
	Period
	measure, class string
	Band
	source string
}

var bandRows = sync.OnceValue(func() []bandRow {
	var all []bandRow
	for _, l := range lines(bandsCSV) {
		all = append(all, bandRow{days(l[1], l[2]), l[0], l[3], Band{number(l[4]), number(l[5]), number(l[6])}, l[7]})
	}
	return all
})

// ReferenceOn is the reference that holds on the day: fundal in millimetres,
// gain in hectograms, by class of the body mass index.
func ReferenceOn(measure, class string, on clock.Date) Reference {
	var r Reference
	for _, b := range bandRows() {
		if b.measure == measure && b.class == class && b.holds(on) {
			r.Bands, r.Source = append(r.Bands, b.Band), b.source
		}
	}
	return r
}

// at is the band of the week; ok is false where the reference has none.
func (r Reference) at(week int) (Band, bool) {
	for _, b := range r.Bands {
		if b.Week == week {
			return b, true
		}
	}
	return Band{}, false
}

// BodyClass is the class of the body mass index before the pregnancy (WHO): ""
// when height or weight is not known. Height in centimetres, weight in hectograms.
func BodyClass(height, weight int) string {
	if height == 0 || weight == 0 {
		return ""
	}
	switch index := weight * 1000 * 10 / (height * height); { // kg/m² in tenths
	case index < 185:
		return "underweight"
	case index < 250:
		return "normal"
	case index < 300:
		return "overweight"
	}
	return "obese"
}

// Rule is a row of the table of warnings.
type Rule struct {
	Period
	Code, Measure       string
	Is, Value           string // ge, gt, lt or eq the value; below, above the reference
	FromDays, UntilDays int    // of the gestational age
	Severity, Source    string // Severity: attention, danger
}

// Rules are all of them, those of other days too.
var Rules = sync.OnceValue(func() []Rule {
	var all []Rule
	for _, l := range lines(warningsCSV) {
		all = append(all, Rule{days(l[1], l[2]), l[0], l[3], l[4], l[5], number(l[6]), number(l[7]), l[8], l[9]})
	}
	return all
})
