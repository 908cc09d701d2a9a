package request

import (
	_ "embed" // the catalogue
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Range is what is usual; both zero: none is known.
type Range struct{ Low, High float64 }

// Analyte is one value that a laboratory measures.
type Analyte struct {
	Name         text.Words
	Unit         string
	Female, Male Range
	minYears     int        // younger patients have no range here
	from, until  clock.Date // when the ranges hold; until is zero for an open end
}

// Of is the range for the sex, of somebody born then, on the day; where the sex
// is unknown, what both have. Where there is none it is zero.
func (a Analyte) Of(sex string, born, on clock.Date) Range {
	if born.IsZero() || born.YearsAt(on) < a.minYears || on.Before(a.from) || (!a.until.IsZero() && a.until.Before(on)) {
		return Range{}
	}
	switch sex {
	case patient.Female:
		return a.Female
	case patient.Male:
		return a.Male
	}
	return Range{min(a.Female.Low, a.Male.Low), max(a.Female.High, a.Male.High)}
}

// Item is something that can be asked for.
type Item struct {
	Kind     string
	Code     string
	Name     text.Words
	Analytes []Analyte
}

// Our own short catalogue with ranges of adults as Russian-language laboratory
// handbooks give them, dated and with their source; a laboratory's own range is
// typed over them with the result, and what was used is kept with it.
//
//go:embed panels.csv
var panels string

// Items is the catalogue. What it lacks is typed.
var Items = sync.OnceValue(func() []Item {
	lines, err := csv.NewReader(strings.NewReader(panels)).ReadAll()
	if err != nil {
		panic(err) // embedded; a test reads it
	}
	var all []Item
	for _, l := range lines[1:] {
		if l[3] != "" {
			all = append(all, Item{Kind: l[0], Code: l[1], Name: text.Words{KY: l[2], RU: l[3], EN: l[4]}})
		}
		if l[6] != "" {
			last := &all[len(all)-1]
			last.Analytes = append(last.Analytes, Analyte{
				Name: text.Words{KY: l[5], RU: l[6], EN: l[7]}, Unit: l[8],
				Female: Range{decimal(l[9]), decimal(l[10])}, Male: Range{decimal(l[11]), decimal(l[12])},
				minYears: int(decimal(l[13])), from: day(l[14]), until: day(l[15]),
			})
		}
	}
	return all
})

// ItemOf is the item of the code.
func ItemOf(code string) (Item, bool) {
	i := slices.IndexFunc(Items(), func(i Item) bool { return i.Code == code })
	if i < 0 {
		return Item{}, false
	}
	return Items()[i], true
}

func decimal(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(err) // embedded; a test reads it
	}
	return f
}

// day is a date of the table, zero for none.
func day(s string) clock.Date {
	if s == "" {
		return clock.Date{}
	}
	d, ok := clock.ParseDate(s)
	if !ok {
		panic("request: no date: " + s) // embedded; a test reads it
	}
	return d
}
