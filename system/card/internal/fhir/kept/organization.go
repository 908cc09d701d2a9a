package kept

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Organization is the FHIR resource: a hospital, the fund or the operator.
type Organization struct {
	datatype.Base
	Identifier []datatype.Identifier `json:"identifier,omitempty"`
	Active     bool                  `json:"active"`
	Type       []datatype.Concept    `json:"type,omitempty"`
	Name       string                `json:"name,omitempty"`
	Alias      []string              `json:"alias,omitempty"`
	Address    []datatype.Address    `json:"address,omitempty"`
}

// Location is the FHIR resource: a ward or a bed.
type Location struct {
	datatype.Base
	Identifier           []datatype.Identifier `json:"identifier,omitempty"`
	Status               string                `json:"status,omitempty"`
	OperationalStatus    *datatype.Coding      `json:"operationalStatus,omitempty"`
	Name                 string                `json:"name,omitempty"`
	Alias                []string              `json:"alias,omitempty"`
	Mode                 string                `json:"mode,omitempty"`
	Type                 []datatype.Concept    `json:"type,omitempty"`
	PhysicalType         *datatype.Concept     `json:"physicalType,omitempty"`
	ManagingOrganization *datatype.Reference   `json:"managingOrganization,omitempty"`
	PartOf               *datatype.Reference   `json:"partOf,omitempty"`
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

func (a *Archive) organizationKind() *find.Kind {
	k := &find.Kind{Name: "Organization", Params: map[string]find.Param{
		"identifier": {Kind: find.TokenParam},
		"name":       {Kind: find.StringParam},
		"type":       {Kind: find.TokenParam},
		"active":     {Kind: find.TokenParam},
	}}
	k.Find = func(ctx context.Context, _ access.Reach, q *find.Query) (find.Found, error) {
		rows, err := loadOrganisations(ctx, a.Reader(ctx), q.IDs())
		return find.FindEntries(organizationEntries(rows), q), err
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		rows, err := loadOrganisations(ctx, a.Reader(ctx), ids)
		return made(organizationEntries(rows)), err
	}
	return k
}

// made is the resources of the entries.
func made(entries []find.Entry) []*find.Item {
	var items []*find.Item
	for _, e := range entries {
		items = append(items, e.Make())
	}
	return items
}

func organizationEntries(rows []organisationRow) []find.Entry {
	var entries []find.Entry
	for _, row := range rows {
		if !find.ValidID(row.Code) {
			continue
		}
		o := &Organization{Base: datatype.Profiled("organisation"), Active: true, Name: row.Name.RU, Alias: otherNames(row.Name, row.ShortName)}
		for _, i := range []datatype.Identifier{
			{Use: "official", System: datatype.SIDOrganisation, Value: row.Code},
			{Use: "secondary", System: datatype.SIDINN, Value: row.INN},
			{Use: "secondary", System: datatype.SIDOKPO, Value: row.OKPO},
		} {
			if i.Value != "" {
				o.Identifier = append(o.Identifier, i)
			}
		}
		kind := datatype.Coding{System: datatype.HL7 + "organization-type", Code: "other", Display: "Other"}
		switch row.Kind {
		case "hospital":
			kind.Code, kind.Display = "prov", "Healthcare Provider"
		case "fund":
			kind.Code, kind.Display = "pay", "Payer"
		}
		o.Type = []datatype.Concept{{Coding: []datatype.Coding{kind}}}
		if row.Address != "" || row.Region != "" {
			address := datatype.Address{Use: "work", Text: row.Address, Country: "KG"}
			if row.Region != "" {
				address.Extension = []datatype.Extension{{URL: datatype.ExtRegion, ValueCode: row.Region}}
			}
			o.Address = []datatype.Address{address}
		}
		e := find.Entry{
			ID:     row.Code,
			Tokens: map[string][]datatype.Coding{"type": {kind}, "active": {{System: datatype.HL7 + "special-values", Code: find.FlagText(true)}}},
			Names:  map[string][]string{"name": append([]string{o.Name}, o.Alias...)},
		}
		for _, i := range o.Identifier {
			e.Tokens["identifier"] = append(e.Tokens["identifier"], datatype.Coding{System: i.System, Code: i.Value})
		}
		// The moment of the copy is not that of a change: none is told.
		e.Make = func() *find.Item { return &find.Item{Kind: "Organization", ID: row.Code, Resource: o} }
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

func (a *Archive) locationKind() *find.Kind {
	k := &find.Kind{Name: "Location", Params: map[string]find.Param{
		"identifier":         {Kind: find.TokenParam},
		"name":               {Kind: find.StringParam},
		"status":             {Kind: find.TokenParam},
		"operational-status": {Kind: find.TokenParam},
		"type":               {Kind: find.TokenParam},
		"organization":       {Kind: find.ReferenceParam, Targets: []string{"Organization"}},
		"partof":             {Kind: find.ReferenceParam, Targets: []string{"Location"}},
	}}
	k.Find = func(ctx context.Context, _ access.Reach, q *find.Query) (find.Found, error) {
		entries, err := a.locationEntries(ctx, q.IDs())
		return find.FindEntries(entries, q), err
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		entries, err := a.locationEntries(ctx, ids)
		wanted := map[string]bool{}
		for _, id := range ids {
			wanted[id] = true
		}
		return made(slices.DeleteFunc(entries, func(e find.Entry) bool { return !wanted[e.ID] })), err
	}
	return k
}

// WardID is the id of a department as a place.
func WardID(organisation, department string) string {
	return placeID(organisation + "-" + department)
}

// BedID is НИСУР's id where it has the form of one, else a digest of it.
func BedID(id string) string { return placeID(id) }

const digestMark = "x-"

func placeID(id string) string {
	if find.ValidID(id) && !strings.HasPrefix(id, digestMark) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return digestMark + hex.EncodeToString(sum[:16])
}

// locationEntries are all wards and beds; with ids, at least those of the ids.
func (a *Archive) locationEntries(ctx context.Context, ids []string) ([]find.Entry, error) {
	var codes, bedIDs []string
	if ids != nil && !slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(id, digestMark) }) {
		codes, bedIDs = []string{}, ids
		for _, id := range ids {
			code, _, _ := strings.Cut(id, "-")
			codes = append(codes, code)
		}
	}
	organisations, err := loadOrganisations(ctx, a.Reader(ctx), codes)
	if err != nil {
		return nil, err
	}
	beds, err := loadBeds(ctx, a.Reader(ctx), bedIDs)
	if err != nil {
		return nil, err
	}
	var entries []find.Entry
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

var unitType = *datatype.Code(datatype.HL7+"v3-RoleCode", "HU", "Hospital unit")

func wardEntry(o organisationRow, d workforceapi.Department) find.Entry {
	l := &Location{
		Base:       datatype.Profiled("ward"),
		Identifier: []datatype.Identifier{{Use: "official", System: datatype.SIDDepartment, Value: o.Code + "-" + d.Code}},
		Status:     "active", Name: d.Name.RU, Alias: otherNames(d.Name), Mode: "instance",
		Type: []datatype.Concept{unitType}, PhysicalType: datatype.Code(datatype.HL7+"location-physical-type", "wa", "Ward"),
		ManagingOrganization: datatype.To("Organization", o.Code),
	}
	e := locationEntry(WardID(o.Code, d.Code), l, o.Code)
	e.Tokens["type"] = []datatype.Coding{unitType.Coding[0]}
	return e
}

func bedEntry(b bedRow) find.Entry {
	l := &Location{
		Base:       datatype.Profiled("bed"),
		Identifier: []datatype.Identifier{{Use: "official", System: datatype.SIDBed, Value: b.ID}},
		Status:     "active", Name: b.Name, Mode: "instance", PhysicalType: datatype.Code(datatype.HL7+"location-physical-type", "bd", "Bed"),
		ManagingOrganization: datatype.To("Organization", b.Organisation), PartOf: datatype.To("Location", WardID(b.Organisation, b.Department)),
	}
	state := datatype.Coding{System: datatype.HL7 + "v2-0116", Code: "U", Display: "Unoccupied"}
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
	e := locationEntry(BedID(b.ID), l, b.Organisation)
	e.Tokens["operational-status"] = []datatype.Coding{state}
	e.Refs["partof"] = []string{WardID(b.Organisation, b.Department)}
	return e
}

func locationEntry(id string, l *Location, organisation string) find.Entry {
	return find.Entry{
		ID: id,
		Tokens: map[string][]datatype.Coding{
			"identifier": {{System: l.Identifier[0].System, Code: l.Identifier[0].Value}},
			"status":     {{System: "http://hl7.org/fhir/location-status", Code: l.Status}},
		},
		Names: map[string][]string{"name": append([]string{l.Name}, l.Alias...)},
		Refs:  map[string][]string{"organization": {organisation}},
		Make: func() *find.Item {
			i := &find.Item{Kind: "Location", ID: id, Resource: l}
			i.Refer("organization", l.ManagingOrganization)
			i.Refer("partof", l.PartOf)
			return i
		},
	}
}
