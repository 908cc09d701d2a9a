package kept

import (
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
)

// Practitioner is the FHIR resource: a member of staff who has acted in a stay
// or heads a department. The ПИН of staff is not told: the identifier stands
// for it.
type Practitioner struct {
	datatype.Base
	Identifier []datatype.Identifier `json:"identifier,omitempty"`
	Active     bool                  `json:"active"`
	Name       []datatype.HumanName  `json:"name,omitempty"`
}

// PractitionerRole is the FHIR resource: where a member of staff works and as
// what.
type PractitionerRole struct {
	datatype.Base
	Active       bool                  `json:"active"`
	Practitioner *datatype.Reference   `json:"practitioner,omitempty"`
	Organization *datatype.Reference   `json:"organization,omitempty"`
	Code         []datatype.Concept    `json:"code,omitempty"`
	Location     []*datatype.Reference `json:"location,omitempty"`
}

// staffRow is a member of staff seen in a department.
type staffRow struct {
	PIN, Name, Organisation, Department string
	Doctor, Head                        bool
	Seen                                time.Time
}

func (a *Archive) PractitionerRef(pin, name string) *datatype.Reference {
	id := a.ids.Staff(pin)
	if id == "" {
		if name == "" {
			return nil
		}
		return &datatype.Reference{Type: "Practitioner", Display: name}
	}
	return &datatype.Reference{Reference: "Practitioner/" + id, Display: name}
}

func (a *Archive) practitionerKind() *find.Kind {
	k := &find.Kind{Name: "Practitioner", Params: map[string]find.Param{
		"identifier": {Kind: find.TokenParam, Secret: true},
		"name":       {Kind: find.StringParam},
		"family":     {Kind: find.StringParam},
		"given":      {Kind: find.StringParam},
		"active":     {Kind: find.TokenParam},
	}}
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		rows, err := loadStaff(ctx, a.Reader(ctx), r, a.pins(q.IDs()))
		return find.FindEntries(a.practitionerEntries(rows), q), err
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		rows, err := loadStaff(ctx, a.Reader(ctx), access.Reach{All: true}, a.pins(ids))
		return made(a.practitionerEntries(rows)), err
	}
	return k
}

// pins are those that the ids stand for; nil stays nil.
func (a *Archive) pins(ids []string) []string {
	if ids == nil {
		return nil
	}
	pins := []string{}
	for _, id := range ids {
		if pin, ok := a.ids.StaffPIN(id); ok {
			pins = append(pins, pin)
		}
	}
	return pins
}

func (a *Archive) practitionerEntries(rows []staffRow) []find.Entry {
	newest := map[string]staffRow{}
	for _, row := range rows {
		if before, ok := newest[row.PIN]; !ok || row.Seen.After(before.Seen) {
			newest[row.PIN] = row
		}
	}
	var entries []find.Entry
	for _, pin := range find.SortedKeys(newest) {
		row, id := newest[pin], a.ids.Staff(pin)
		if id == "" {
			continue
		}
		name := datatype.PersonName(row.Name)
		entries = append(entries, find.Entry{
			ID: id,
			Tokens: map[string][]datatype.Coding{
				"identifier": {{System: datatype.SIDPractitioner, Code: id}},
				"active":     {{System: datatype.HL7 + "special-values", Code: find.FlagText(true)}},
			},
			Names: map[string][]string{"name": {name.Text}, "family": {name.Family}, "given": name.Given},
			Make: func() *find.Item {
				p := &Practitioner{
					Identifier: []datatype.Identifier{{System: datatype.SIDPractitioner, Value: id}}, Active: true, Name: []datatype.HumanName{*name},
				}
				return &find.Item{Kind: "Practitioner", ID: id, Resource: p, Person: true, Subject: pin}
			},
		})
	}
	return entries
}

func (a *Archive) practitionerRoleKind() *find.Kind {
	k := &find.Kind{Name: "PractitionerRole", Params: map[string]find.Param{
		"practitioner": {Kind: find.ReferenceParam, Targets: []string{"Practitioner"}},
		"organization": {Kind: find.ReferenceParam, Targets: []string{"Organization"}},
		"location":     {Kind: find.ReferenceParam, Targets: []string{"Location"}},
		"role":         {Kind: find.TokenParam},
		"active":       {Kind: find.TokenParam},
	}}
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		rows, err := loadStaff(ctx, a.Reader(ctx), r, a.rolePINs(q.IDs()))
		return find.FindEntries(a.roleEntries(rows), q), err
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		rows, err := loadStaff(ctx, a.Reader(ctx), access.Reach{All: true}, a.rolePINs(ids))
		return made(slices.DeleteFunc(a.roleEntries(rows), func(e find.Entry) bool { return !slices.Contains(ids, e.ID) })), err
	}
	return k
}

func (a *Archive) rolePINs(ids []string) []string {
	if ids == nil {
		return nil
	}
	pins := []string{}
	for _, id := range ids {
		if pin, _, _, ok := a.ids.RoleKey(id); ok {
			pins = append(pins, pin)
		}
	}
	return pins
}

func (a *Archive) roleEntries(rows []staffRow) []find.Entry {
	type place struct{ pin, organisation, department string }
	roles := map[place]staffRow{}
	var order []place
	for _, row := range rows {
		p := place{row.PIN, row.Organisation, row.Department}
		known, ok := roles[p]
		if !ok {
			order = append(order, p)
			known = row
		}
		known.Doctor, known.Head = known.Doctor || row.Doctor, known.Head || row.Head
		if row.Seen.After(known.Seen) {
			known.Name, known.Seen = row.Name, row.Seen
		}
		roles[p] = known
	}
	var entries []find.Entry
	for _, p := range order {
		id := a.ids.Role(p.pin, p.organisation, p.department)
		if id == "" || p.department == "" { // who is of no department has no place
			continue
		}
		entries = append(entries, a.roleEntry(id, roles[p]))
	}
	return entries
}

func (a *Archive) roleEntry(id string, row staffRow) find.Entry {
	r := &PractitionerRole{
		Active: true, Practitioner: a.PractitionerRef(row.PIN, row.Name), Organization: datatype.To("Organization", row.Organisation),
		Location: []*datatype.Reference{datatype.To("Location", WardID(row.Organisation, row.Department))},
	}
	var codes []datatype.Coding
	if row.Doctor {
		codes = append(codes, datatype.Coding{System: datatype.HL7 + "practitioner-role", Code: "doctor", Display: "Doctor"})
	}
	if row.Head {
		codes = append(codes, datatype.Coding{System: datatype.Canonical + "/CodeSystem/post-role", Code: "head"})
	}
	for _, c := range codes {
		r.Code = append(r.Code, datatype.Concept{Coding: []datatype.Coding{c}})
	}
	return find.Entry{
		ID:     id,
		Tokens: map[string][]datatype.Coding{"role": codes, "active": {{System: datatype.HL7 + "special-values", Code: find.FlagText(true)}}},
		Refs: map[string][]string{
			"practitioner": {a.ids.Staff(row.PIN)}, "organization": {row.Organisation},
			"location": {WardID(row.Organisation, row.Department)},
		},
		Make: func() *find.Item {
			i := &find.Item{Kind: "PractitionerRole", ID: id, Resource: r, Person: true, Subject: row.PIN}
			i.Refer("practitioner", r.Practitioner)
			i.Refer("organization", r.Organization)
			i.Refer("location", r.Location...)
			return i
		},
	}
}
