package fhir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Organization is the FHIR resource: a hospital, the fund or the operator.
type Organization struct {
	Base
	Identifier []Identifier `json:"identifier,omitempty"`
	Active     bool         `json:"active"`
	Type       []Concept    `json:"type,omitempty"`
	Name       string       `json:"name,omitempty"`
	Alias      []string     `json:"alias,omitempty"`
	Address    []Address    `json:"address,omitempty"`
}

// Location is the FHIR resource: a ward or a bed.
type Location struct {
	Base
	Identifier           []Identifier `json:"identifier,omitempty"`
	Status               string       `json:"status,omitempty"`
	OperationalStatus    *Coding      `json:"operationalStatus,omitempty"`
	Name                 string       `json:"name,omitempty"`
	Alias                []string     `json:"alias,omitempty"`
	Mode                 string       `json:"mode,omitempty"`
	Type                 []Concept    `json:"type,omitempty"`
	PhysicalType         *Concept     `json:"physicalType,omitempty"`
	ManagingOrganization *Reference   `json:"managingOrganization,omitempty"`
	PartOf               *Reference   `json:"partOf,omitempty"`
}

// organisationRow is an organisation as the copy of НИСУР has it.
type organisationRow struct {
	workforceapi.Organisation
	Synced time.Time
}

// bedRow is a bed; Taken says that somebody lies in it.
type bedRow struct {
	ID, Organisation, Department, Room, Name, State string
	Taken                                           bool
}

func (a *API) organizationKind() *kind {
	k := &kind{name: "Organization", params: map[string]param{
		"identifier": {kind: tokenParam},
		"name":       {kind: stringParam},
		"type":       {kind: tokenParam},
		"active":     {kind: tokenParam},
	}}
	k.find = func(ctx context.Context, _ reach, q *query) (found, error) {
		rows, err := loadOrganisations(ctx, a.reader(ctx), q.ids())
		return findEntries(organizationEntries(rows), q), err
	}
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		rows, err := loadOrganisations(ctx, a.reader(ctx), ids)
		return made(organizationEntries(rows)), err
	}
	return k
}

// made is the resources of the entries.
func made(entries []entry) []*item {
	var items []*item
	for _, e := range entries {
		items = append(items, e.make())
	}
	return items
}

// ids are those that the query names, nil if it names none: a directory need
// not be read whole for one resource.
func (q *query) ids() []string {
	for _, c := range q.criteria {
		if c.name == "_id" {
			ids := []string{}
			for _, v := range c.values {
				ids = append(ids, v.text)
			}
			return ids
		}
	}
	return nil
}

func organizationEntries(rows []organisationRow) []entry {
	var entries []entry
	for _, row := range rows {
		if !validID(row.Code) {
			continue
		}
		o := &Organization{Active: true, Name: row.Name.RU, Alias: otherNames(row.Name, row.ShortName)}
		for _, i := range []Identifier{
			{Use: "official", System: sidOrganisation, Value: row.Code},
			{Use: "secondary", System: sidINN, Value: row.INN},
			{Use: "secondary", System: sidOKPO, Value: row.OKPO},
		} {
			if i.Value != "" {
				o.Identifier = append(o.Identifier, i)
			}
		}
		kind := Coding{System: hl7 + "organization-type", Code: "other", Display: "Other"}
		switch row.Kind {
		case "hospital":
			kind.Code, kind.Display = "prov", "Healthcare Provider"
		case "fund":
			kind.Code, kind.Display = "pay", "Payer"
		}
		o.Type = []Concept{{Coding: []Coding{kind}}}
		if row.Address != "" || row.Region != "" {
			address := Address{Use: "work", Text: row.Address, Country: "KG"}
			if row.Region != "" {
				address.Extension = []Extension{{URL: extRegion, ValueCode: row.Region}}
			}
			o.Address = []Address{address}
		}
		e := entry{
			id:     row.Code,
			tokens: map[string][]Coding{"type": {kind}, "active": {{System: hl7 + "special-values", Code: flagText(true)}}},
			names:  map[string][]string{"name": append([]string{o.Name}, o.Alias...)},
		}
		for _, i := range o.Identifier {
			e.tokens["identifier"] = append(e.tokens["identifier"], Coding{System: i.System, Code: i.Value})
		}
		// The moment of the copy is not that of a change: none is told.
		e.make = func() *item { return &item{kind: "Organization", id: row.Code, resource: o} }
		entries = append(entries, e)
	}
	return entries
}

// otherNames are the names beside the Russian one, each once.
func otherNames(all ...text.Words) []string {
	var names []string
	for _, w := range all {
		for _, name := range []string{w.RU, w.KY, w.EN} {
			if name != "" && name != all[0].RU && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func (a *API) locationKind() *kind {
	k := &kind{name: "Location", params: map[string]param{
		"identifier":         {kind: tokenParam},
		"name":               {kind: stringParam},
		"status":             {kind: tokenParam},
		"operational-status": {kind: tokenParam},
		"type":               {kind: tokenParam},
		"organization":       {kind: referenceParam, targets: []string{"Organization"}},
		"partof":             {kind: referenceParam, targets: []string{"Location"}},
	}}
	k.find = func(ctx context.Context, _ reach, q *query) (found, error) {
		entries, err := a.locationEntries(ctx, q.ids())
		return findEntries(entries, q), err
	}
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		entries, err := a.locationEntries(ctx, ids)
		wanted := map[string]bool{}
		for _, id := range ids {
			wanted[id] = true
		}
		return made(slices.DeleteFunc(entries, func(e entry) bool { return !wanted[e.id] })), err
	}
	return k
}

// wardID is the id of a department as a place.
func wardID(organisation, department string) string {
	return placeID(organisation + "-" + department)
}

// bedID is НИСУР's id where it has the form of one, else a digest of it.
func bedID(id string) string { return placeID(id) }

const digestMark = "x-"

func placeID(id string) string {
	if validID(id) && !strings.HasPrefix(id, digestMark) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return digestMark + hex.EncodeToString(sum[:16])
}

// locationEntries are all wards and beds; with ids, at least those of the ids.
func (a *API) locationEntries(ctx context.Context, ids []string) ([]entry, error) {
	var codes, bedIDs []string
	if ids != nil && !slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, digestMark) }) {
		codes, bedIDs = []string{}, ids
		for _, id := range ids {
			code, _, _ := strings.Cut(id, "-")
			codes = append(codes, code)
		}
	}
	organisations, err := loadOrganisations(ctx, a.reader(ctx), codes)
	if err != nil {
		return nil, err
	}
	beds, err := loadBeds(ctx, a.reader(ctx), bedIDs)
	if err != nil {
		return nil, err
	}
	var entries []entry
	for _, o := range organisations {
		for _, d := range o.Departments {
			entries = append(entries, wardEntry(o, d))
		}
	}
	for _, b := range beds {
		entries = append(entries, bedEntry(b))
	}
	return entries, nil
}

var unitType = *concept(hl7+"v3-RoleCode", "HU", "Hospital unit")

func wardEntry(o organisationRow, d workforceapi.Department) entry {
	l := &Location{
		Identifier: []Identifier{{Use: "official", System: sidDepartment, Value: o.Code + "-" + d.Code}},
		Status:     "active", Name: d.Name.RU, Alias: otherNames(d.Name), Mode: "instance",
		Type: []Concept{unitType}, PhysicalType: concept(hl7+"location-physical-type", "wa", "Ward"),
		ManagingOrganization: refTo("Organization", o.Code),
	}
	e := locationEntry(wardID(o.Code, d.Code), l, o.Code)
	e.tokens["type"] = []Coding{unitType.Coding[0]}
	return e
}

func bedEntry(b bedRow) entry {
	l := &Location{
		Identifier: []Identifier{{Use: "official", System: sidBed, Value: b.ID}},
		Status:     "active", Name: b.Name, Mode: "instance", PhysicalType: concept(hl7+"location-physical-type", "bd", "Bed"),
		ManagingOrganization: refTo("Organization", b.Organisation), PartOf: refTo("Location", wardID(b.Organisation, b.Department)),
	}
	state := Coding{System: hl7 + "v2-0116", Code: "U", Display: "Unoccupied"}
	switch {
	case b.Taken:
		state.Code, state.Display = "O", "Occupied"
	case b.State == "cleaning":
		state.Code, state.Display = "H", "Housekeeping"
	case b.State == "closed":
		state.Code, state.Display = "C", "Closed"
		l.Status = "suspended"
	}
	l.OperationalStatus = &state
	e := locationEntry(bedID(b.ID), l, b.Organisation)
	e.tokens["operational-status"] = []Coding{state}
	e.refs["partof"] = []string{wardID(b.Organisation, b.Department)}
	return e
}

func locationEntry(id string, l *Location, organisation string) entry {
	return entry{
		id: id,
		tokens: map[string][]Coding{
			"identifier": {{System: l.Identifier[0].System, Code: l.Identifier[0].Value}},
			"status":     {{System: "http://hl7.org/fhir/location-status", Code: l.Status}},
		},
		names: map[string][]string{"name": append([]string{l.Name}, l.Alias...)},
		refs:  map[string][]string{"organization": {organisation}},
		make: func() *item {
			i := &item{kind: "Location", id: id, resource: l}
			i.refer("organization", l.ManagingOrganization)
			i.refer("partof", l.PartOf)
			return i
		},
	}
}
