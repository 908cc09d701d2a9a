// Package organisation keeps health organisations with departments and beds,
// and the bodies that work with them (the fund, the operator).
package organisation

import (
	"strings"
	"time"

	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Organisation is what the register keeps beyond its contract.
type Organisation struct {
	workforceapi.Organisation
	Ownership string // state, municipal, private
	Licence   string // "" for none
}

// ValidINN says whether the number has the form of a legal entity's ИНН: 14
// digits, 0, the day of registration ddmmyyyy and five more.
func ValidINN(s string) bool {
	if len(s) != 14 || s[0] != '0' || !digits(s) {
		return false
	}
	day, err := time.Parse("02012006", s[1:9])
	return err == nil && day.Year() >= 1900
}

// ValidOKPO checks the last digit of an ОКПО (8 or 10 digits): weights 1, 2, …
// (1 again after 10) over the others, the sum modulo 11; if that is 10, weights
// from 3; if it is 10 again, 0. (Method of the ОКПО classifier.)
func ValidOKPO(s string) bool {
	if (len(s) != 8 && len(s) != 10) || !digits(s) {
		return false
	}
	body, check := s[:len(s)-1], int(s[len(s)-1]-'0')
	sum := weighted(body, 1)
	if sum == 10 {
		sum = weighted(body, 3)
	}
	if sum == 10 {
		sum = 0
	}
	return sum == check
}

func weighted(s string, first int) int {
	sum := 0
	for i := range len(s) {
		sum += int(s[i]-'0') * ((i+first-1)%10 + 1)
	}
	return sum % 11
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
