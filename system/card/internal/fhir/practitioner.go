package fhir

import (
	"context"
	"slices"
	"time"
)

// Practitioner is the FHIR resource: a member of staff who has acted in a stay
// or heads a department. The ПИН of staff is not told: the identifier stands
// for it.
type Practitioner struct {
	Base
	Identifier []Identifier `json:"identifier,omitempty"`
	Active     bool         `json:"active"`
	Name       []HumanName  `json:"name,omitempty"`
}

// PractitionerRole is the FHIR resource: where a member of staff works and as
// what.
type PractitionerRole struct {
	Base
	Active       bool         `json:"active"`
	Practitioner *Reference   `json:"practitioner,omitempty"`
	Organization *Reference   `json:"organization,omitempty"`
	Code         []Concept    `json:"code,omitempty"`
	Location     []*Reference `json:"location,omitempty"`
}

// staffRow is a member of staff seen in a department.
type staffRow struct {
	PIN, Name, Organisation, Department string
	Doctor, Head                        bool
	Seen                                time.Time
}

func (a *API) practitionerRef(pin, name string) *Reference {
	id := a.ids.staff(pin)
	if id == "" {
		if name == "" {
			return nil
		}
		return &Reference{Type: "Practitioner", Display: name}
	}
	return &Reference{Reference: "Practitioner/" + id, Display: name}
}

func (a *API) practitionerKind() *kind {
	k := &kind{name: "Practitioner", params: map[string]param{
		"identifier": {kind: tokenParam, secret: true},
		"name":       {kind: stringParam},
		"family":     {kind: stringParam},
		"given":      {kind: stringParam},
		"active":     {kind: tokenParam},
	}}
	k.find = func(ctx context.Context, r reach, q *query) (found, error) {
		rows, err := loadStaff(ctx, a.reader(ctx), r, a.pins(q.ids()))
		return findEntries(a.practitionerEntries(rows), q), err
	}
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		rows, err := loadStaff(ctx, a.reader(ctx), reach{all: true}, a.pins(ids))
		return made(a.practitionerEntries(rows)), err
	}
	return k
}

// pins are those that the ids stand for; nil stays nil.
func (a *API) pins(ids []string) []string {
	if ids == nil {
		return nil
	}
	pins := []string{}
	for _, id := range ids {
		if pin, ok := a.ids.staffPIN(id); ok {
			pins = append(pins, pin)
		}
	}
	return pins
}

func (a *API) practitionerEntries(rows []staffRow) []entry {
	newest := map[string]staffRow{}
	for _, row := range rows {
		if before, ok := newest[row.PIN]; !ok || row.Seen.After(before.Seen) {
			newest[row.PIN] = row
		}
	}
	var entries []entry
	for _, pin := range sortedKeys(newest) {
		row, id := newest[pin], a.ids.staff(pin)
		if id == "" {
			continue
		}
		name := personName(row.Name)
		entries = append(entries, entry{
			id: id,
			tokens: map[string][]Coding{
				"identifier": {{System: sidPractitioner, Code: id}},
				"active":     {{System: hl7 + "special-values", Code: flagText(true)}},
			},
			names: map[string][]string{"name": {name.Text}, "family": {name.Family}, "given": name.Given},
			make: func() *item {
				p := &Practitioner{
					Identifier: []Identifier{{System: sidPractitioner, Value: id}}, Active: true, Name: []HumanName{*name},
				}
				return &item{kind: "Practitioner", id: id, resource: p, person: true, subject: pin}
			},
		})
	}
	return entries
}

func (a *API) practitionerRoleKind() *kind {
	k := &kind{name: "PractitionerRole", params: map[string]param{
		"practitioner": {kind: referenceParam, targets: []string{"Practitioner"}},
		"organization": {kind: referenceParam, targets: []string{"Organization"}},
		"location":     {kind: referenceParam, targets: []string{"Location"}},
		"role":         {kind: tokenParam},
		"active":       {kind: tokenParam},
	}}
	k.find = func(ctx context.Context, r reach, q *query) (found, error) {
		rows, err := loadStaff(ctx, a.reader(ctx), r, a.rolePINs(q.ids()))
		return findEntries(a.roleEntries(rows), q), err
	}
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		rows, err := loadStaff(ctx, a.reader(ctx), reach{all: true}, a.rolePINs(ids))
		return made(slices.DeleteFunc(a.roleEntries(rows), func(e entry) bool { return !slices.Contains(ids, e.id) })), err
	}
	return k
}

func (a *API) rolePINs(ids []string) []string {
	if ids == nil {
		return nil
	}
	pins := []string{}
	for _, id := range ids {
		if pin, _, _, ok := a.ids.roleKey(id); ok {
			pins = append(pins, pin)
		}
	}
	return pins
}

func (a *API) roleEntries(rows []staffRow) []entry {
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
	var entries []entry
	for _, p := range order {
		id := a.ids.role(p.pin, p.organisation, p.department)
		if id == "" {
			continue
		}
		entries = append(entries, a.roleEntry(id, roles[p]))
	}
	return entries
}

func (a *API) roleEntry(id string, row staffRow) entry {
	r := &PractitionerRole{
		Active: true, Practitioner: a.practitionerRef(row.PIN, row.Name), Organization: refTo("Organization", row.Organisation),
		Location: []*Reference{refTo("Location", wardID(row.Organisation, row.Department))},
	}
	var codes []Coding
	if row.Doctor {
		codes = append(codes, Coding{System: hl7 + "practitioner-role", Code: "doctor", Display: "Doctor"})
	}
	if row.Head {
		codes = append(codes, Coding{System: canonical + "/CodeSystem/post-role", Code: "head"})
	}
	for _, c := range codes {
		r.Code = append(r.Code, Concept{Coding: []Coding{c}})
	}
	return entry{
		id:     id,
		tokens: map[string][]Coding{"role": codes, "active": {{System: hl7 + "special-values", Code: flagText(true)}}},
		refs: map[string][]string{
			"practitioner": {a.ids.staff(row.PIN)}, "organization": {row.Organisation},
			"location": {wardID(row.Organisation, row.Department)},
		},
		make: func() *item {
			i := &item{kind: "PractitionerRole", id: id, resource: r, person: true, subject: row.PIN}
			i.refer("practitioner", r.Practitioner)
			i.refer("organization", r.Organization)
			i.refer("location", r.Location...)
			return i
		},
	}
}
