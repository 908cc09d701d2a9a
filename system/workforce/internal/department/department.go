// Package department keeps the departments of an organisation with their rooms
// and beds: which codes and profiles they have, from when until when.
package department

import (
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
)

// Profiles are those that departments and beds may have, as they are offered.
var Profiles = []string{
	"therapy", "surgery", "cardiology", "neurology", "paediatrics", "neonatology", "obstetrics", "gynaecology", "traumatology",
	"infectious", "intensive", "oncology", "pulmonology", "gastroenterology", "endocrinology", "urology", "ophthalmology", "otolaryngology",
	"psychiatry", "tuberculosis", "rehabilitation", "palliative", "day", "admission", "general",
}

// Department is one department, open or closed.
type Department struct {
	ID           string
	Organisation string
	Code         string // 2 digits
	Name         text.Words
	Profile      string
	From, Until  clock.Date // Until: from that day on closed; zero while open
	Version      int64
	Beds         []Bed
}

// Bed is one bed, open or closed.
type Bed struct {
	ID          string
	Room, Name  string
	Profile     string // "" for that of the department
	From, Until clock.Date
}

// OpenOn says whether something from the one day until the other is open on the day.
func OpenOn(from, until, on clock.Date) bool {
	return !on.Before(from) && (until.IsZero() || on.Before(until))
}

// OpenBeds are the beds that are open on the day.
func (d Department) OpenBeds(on clock.Date) []Bed {
	return slices.DeleteFunc(slices.Clone(d.Beds), func(b Bed) bool { return !OpenOn(b.From, b.Until, on) })
}

// ProfileBeds is how many beds there are of a profile.
type ProfileBeds struct {
	Profile string
	Beds    int
}

// ByProfile counts the beds that are open on the day by their profile, in the
// order of Profiles.
func ByProfile(all []Department, on clock.Date) []ProfileBeds {
	count := map[string]int{}
	for _, d := range all {
		if !OpenOn(d.From, d.Until, on) {
			continue
		}
		for _, b := range d.OpenBeds(on) {
			profile := b.Profile
			if profile == "" {
				profile = d.Profile
			}
			count[profile]++
		}
	}
	var list []ProfileBeds
	for _, p := range Profiles {
		if count[p] > 0 {
			list = append(list, ProfileBeds{p, count[p]})
		}
	}
	return list
}

// CodeFree says why a department with the code cannot open on the day; nil when
// it can. A code belongs to one department at a time and is not given anew in
// the year in which it was closed: numbers of form 066/у of that year hold it
// (order of the ministry, appendix 3).
func CodeFree(all []Department, code string, from clock.Date) error {
	for _, d := range all {
		switch {
		case d.Code != code:
		case d.Until.IsZero() || from.Before(d.Until):
			return fail.Fields(fail.Finding{Field: "code", Key: "workforce.department.code_taken", Args: fail.Args("Name", d.Name.RU)})
		case d.Until.Year == from.Year:
			return fail.Fields(fail.Finding{Field: "code", Key: "workforce.department.code_same_year", Args: fail.Args("Day", text.Date(d.Until), "Year", from.Year+1)})
		}
	}
	return nil
}

func (d Department) check() []fail.Finding {
	var wrong []fail.Finding
	if len(d.Code) != 2 || strings.Trim(d.Code, "0123456789") != "" || d.Code == "00" {
		wrong = append(wrong, fail.Finding{Field: "code", Key: "workforce.department.code_wrong"})
	}
	for _, n := range []change.Value{{Name: "name_ky", Value: d.Name.KY}, {Name: "name_ru", Value: d.Name.RU}, {Name: "name_en", Value: d.Name.EN}} {
		if n.Value == "" {
			wrong = append(wrong, fail.Finding{Field: n.Name, Key: "kit.field.required"})
		}
	}
	if !slices.Contains(Profiles, d.Profile) {
		wrong = append(wrong, fail.Finding{Field: "profile", Key: "kit.field.choose"})
	}
	return wrong
}

func (d Department) values() []change.Value {
	return []change.Value{
		{Name: "code", Value: d.Code},
		{Name: "name_ky", Value: d.Name.KY},
		{Name: "name_ru", Value: d.Name.RU},
		{Name: "name_en", Value: d.Name.EN},
		{Name: "profile", Value: d.Profile},
		{Name: "from", Value: d.From.String()},
		{Name: "until", Value: d.Until.String()},
	}
}

// object is what its changes are kept under.
func (d Department) object() string { return "department/" + d.ID }

// Book changes departments.
type Book struct {
	DB    *db.DB
	Clock clock.Clock
}

// Today is the day in Bishkek.
func (b Book) Today() clock.Date { return clock.DateOf(b.Clock.Now()) }
