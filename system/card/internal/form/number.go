// Package form is form 066/у (КСФ): its 17-digit number (MC-5), its content as
// the fund and as paper take it, its revisions, its voiding, its print.
package form

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
)

// LastSequence is the highest sequence that seven digits hold.
const LastSequence = 9_999_999

// Number is the number of a form 066/у: 7 digits of a sequence, 2 of the
// department, 6 of the organisation, 2 of the year of discharge (order on the
// digital card, appendix 3). The sequence runs per organisation, department and
// year, without gap; a voided number never returns.
type Number struct {
	Sequence     int    // 1 … LastSequence
	Department   string // 2 digits
	Organisation string // 6 digits
	Year         int    // the two last digits: 0 … 99
}

var (
	twoDigits = regexp.MustCompile(`^[0-9]{2}$`)
	sixDigits = regexp.MustCompile(`^[0-9]{6}$`)
)

// NewNumber puts a number together. The year is that of the moment in Bishkek.
func NewNumber(sequence int, department, organisation string, dischargedAt time.Time) (Number, error) {
	n := Number{sequence, department, organisation, clock.DateOf(dischargedAt).Year % 100}
	switch {
	case sequence < 1 || sequence > LastSequence:
		return Number{}, fail.New(fail.Conflict, "card.form.number_overflow", "Department", department)
	case !twoDigits.MatchString(department):
		return Number{}, fail.New(fail.Invalid, "card.form.department_code", "Code", department)
	case !sixDigits.MatchString(organisation):
		return Number{}, fail.New(fail.Invalid, "card.form.organisation_code", "Code", organisation)
	}
	return n, nil
}

// String is the 17 digits.
func (n Number) String() string {
	return fmt.Sprintf("%07d%s%s%02d", n.Sequence, n.Department, n.Organisation, n.Year)
}

// Grouped is the number as people read it: 0000001 18 950174 25.
func (n Number) Grouped() string {
	return fmt.Sprintf("%07d %s %s %02d", n.Sequence, n.Department, n.Organisation, n.Year)
}

// Grouped shows the text of a number in its four groups, or as it is if it is none.
func Grouped(s string) string {
	n, err := Parse(s)
	if err != nil {
		return s
	}
	return n.Grouped()
}

// Parse reads a number as a person may have typed or copied it, with spaces
// between the groups or without.
func Parse(s string) (Number, error) {
	digits := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\t', '-':
			return -1
		}
		return r
	}, s)
	if digits == "" {
		return Number{}, fail.New(fail.Invalid, "card.form.number_empty")
	}
	for _, r := range digits {
		if r < '0' || r > '9' {
			return Number{}, fail.New(fail.Invalid, "card.form.number_digits")
		}
	}
	if len(digits) != 17 {
		return Number{}, fail.New(fail.Invalid, "card.form.number_length", "Count", len(digits))
	}
	sequence, err := strconv.Atoi(digits[:7])
	if err != nil || sequence == 0 {
		return Number{}, fail.New(fail.Invalid, "card.form.number_zero")
	}
	year, err := strconv.Atoi(digits[15:])
	if err != nil {
		return Number{}, fail.New(fail.Invalid, "card.form.number_digits")
	}
	return Number{Sequence: sequence, Department: digits[7:9], Organisation: digits[9:15], Year: year}, nil
}
