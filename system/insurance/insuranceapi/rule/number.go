package rule

import (
	"fmt"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Number is the parts of a form's number (MC-5): 7 digits of sequence, 2 of the
// department, 6 of the organisation, 2 of the year of discharge.
type Number struct{ Sequence, Department, Organisation, Year string }

// ParseNumber takes exactly 17 digits.
func ParseNumber(s string) (Number, bool) {
	if len(s) != 17 || !digits(s) {
		return Number{}, false
	}
	return Number{s[:7], s[7:9], s[9:15], s[15:]}, true
}

// Grouped is a number as people read it: 0000001 18 950174 25.
func Grouped(s string) string {
	n, ok := ParseNumber(s)
	if !ok {
		return s
	}
	return n.Sequence + " " + n.Department + " " + n.Organisation + " " + n.Year
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// differs compares a part of a well-formed number with the form; what is
// malformed is told by a rule of its own.
func differs(c insuranceapi.Case, part func(Number) string, want string) []hit {
	n, ok := ParseNumber(c.Number)
	return when(ok && want != "" && part(n) != want, part(n)+" ≠ "+want)
}

func numberForm(c insuranceapi.Case, _ Facts) []hit {
	_, ok := ParseNumber(c.Number)
	return when(!ok, c.Number)
}

func numberOrganisation(c insuranceapi.Case, _ Facts) []hit {
	return differs(c, func(n Number) string { return n.Organisation }, c.Organisation)
}

func numberDepartment(c insuranceapi.Case, _ Facts) []hit {
	return differs(c, func(n Number) string { return n.Department }, c.Department)
}

func numberYear(c insuranceapi.Case, _ Facts) []hit {
	if c.DischargedAt.IsZero() {
		return nil
	}
	return differs(c, func(n Number) string { return n.Year }, fmt.Sprintf("%02d", clock.DateOf(c.DischargedAt).Year%100))
}

func numberSequence(c insuranceapi.Case, _ Facts) []hit {
	n, ok := ParseNumber(c.Number)
	return when(ok && n.Sequence == "0000000", n.Sequence)
}

func organisationCode(c insuranceapi.Case, _ Facts) []hit {
	return when(len(c.Organisation) != 6 || !digits(c.Organisation), c.Organisation)
}

func departmentCode(c insuranceapi.Case, _ Facts) []hit {
	return when(len(c.Department) != 2 || !digits(c.Department), c.Department)
}
