// Package organisation keeps health organisations and the bodies that work with
// them (the fund, the operator, the ministry): what they are today and what they
// were on any day before, by dated versions.
package organisation

import (
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/region"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Object is what changes of the organisation itself are kept under.
const Object = "organisation"

// Event is what made a version.
type Event string

// The events.
const (
	Opened  Event = "opened"
	Edited  Event = "edited"
	Renamed Event = "renamed"
	Merged  Event = "merged" // into another: closed, with a successor
	Closed  Event = "closed"
)

// The lists of codes; the first of each is offered first.
var (
	Kinds      = []string{"hospital", "outpatient", "fund", "operator", "ministry"}
	Ownerships = []string{"state", "municipal", "private"}
	Levels     = []string{"national", "regional", "district"}
)

// Order is the order by which something was changed.
type Order struct {
	Number string
	Day    clock.Date
}

// Organisation is an organisation as it is, or was, on a day.
type Organisation struct {
	workforceapi.Organisation
	Version int64 // counts the changes; who saves names the one they read
	Number  int64 // of the dated version
	From    clock.Date
	Event   Event
	Shut    bool
	Order   Order
	By      string // name of who entered the version, "" for the register itself
	At      time.Time
}

// Values are what a change shows before and after.
func (o Organisation) Values() []change.Value {
	return []change.Value{
		{Name: "kind", Value: o.Kind},
		{Name: "ownership", Value: o.Ownership},
		{Name: "level", Value: o.Level},
		{Name: "inn", Value: o.INN},
		{Name: "okpo", Value: o.OKPO},
		{Name: "name_ky", Value: o.Name.KY},
		{Name: "name_ru", Value: o.Name.RU},
		{Name: "name_en", Value: o.Name.EN},
		{Name: "short_ky", Value: o.ShortName.KY},
		{Name: "short_ru", Value: o.ShortName.RU},
		{Name: "short_en", Value: o.ShortName.EN},
		{Name: "region", Value: o.Region},
		{Name: "territory", Value: o.Territory},
		{Name: "address", Value: o.Address},
		{Name: "phone", Value: o.Phone},
		{Name: "successor", Value: o.Successor},
	}
}

// Check says what is wrong with an organisation, each thing with its field, in the
// order of the page.
func (o Organisation) Check() []fail.Finding {
	var wrong []fail.Finding
	need := func(ok bool, field, key string) {
		if !ok {
			wrong = append(wrong, fail.Finding{Field: field, Key: key})
		}
	}
	given := func(field, value string) { need(value != "", field, "kit.field.required") }
	given("name_ky", o.Name.KY)
	given("name_ru", o.Name.RU)
	given("name_en", o.Name.EN)
	need(slices.Contains(Kinds, o.Kind), "kind", "kit.field.choose")
	need(slices.Contains(Ownerships, o.Ownership), "ownership", "kit.field.choose")
	need(slices.Contains(Levels, o.Level), "level", "kit.field.choose")
	need(ValidINN(o.INN), "inn", "workforce.edit.inn_wrong")
	need(ValidOKPO(o.OKPO), "okpo", "workforce.edit.okpo_wrong")
	need(region.Known(o.Region), "region", "kit.field.choose")
	need(o.Territory == "" || region.Within(o.Territory, o.Region), "territory", "workforce.edit.territory_wrong")
	given("short_ky", o.ShortName.KY)
	given("short_ru", o.ShortName.RU)
	given("short_en", o.ShortName.EN)
	given("address", o.Address)
	need(o.Phone == "" || ValidPhone(o.Phone), "phone", "workforce.edit.phone_wrong")
	return wrong
}

// ValidCode says whether the code has six digits.
func ValidCode(s string) bool { return len(s) == 6 && digits(s) }

// ValidPhone takes +996 and nine digits, with spaces or not.
func ValidPhone(s string) bool {
	rest, ok := strings.CutPrefix(strings.ReplaceAll(s, " ", ""), "+996")
	return ok && len(rest) == 9 && digits(rest)
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
