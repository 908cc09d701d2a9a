package fhir

import (
	"context"
	"strings"
	"time"
)

// Patient is the FHIR resource.
type Patient struct {
	Base
	Identifier           []Identifier `json:"identifier,omitempty"`
	Active               bool         `json:"active"`
	Name                 []HumanName  `json:"name,omitempty"`
	Gender               string       `json:"gender,omitempty"`
	BirthDate            string       `json:"birthDate,omitempty"`
	DeceasedDateTime     string       `json:"deceasedDateTime,omitempty"`
	Address              []Address    `json:"address,omitempty"`
	ManagingOrganization *Reference   `json:"managingOrganization,omitempty"`
}

// patientRow is a patient with what other tables add.
type patientRow struct {
	ID, PIN, FamilyName, GivenName, Patronymic string
	BirthDate, Sex, Region, Address            string
	Passport, Policy, Organisation             string
	Created                                    time.Time
	Died                                       time.Time // end of the stay in which the patient died, else zero
}

func (a *API) patientKind() *kind {
	k := &kind{name: "Patient", params: map[string]param{
		"identifier":   {kind: tokenParam, secret: true},
		"name":         {kind: stringParam},
		"family":       {kind: stringParam},
		"given":        {kind: stringParam},
		"birthdate":    {kind: dateParam, day: true, sorts: true},
		"gender":       {kind: tokenParam},
		"organization": {kind: referenceParam, targets: []string{"Organization"}},
	}}
	t := patientTable()
	k.find = func(ctx context.Context, r reach, q *query) (found, error) { return t.find(ctx, a.reader(ctx), r, q) }
	k.load = func(ctx context.Context, ids []string) ([]*item, error) {
		rows, err := loadPatients(ctx, a.reader(ctx), ids)
		var items []*item
		for _, row := range rows {
			items = append(items, patientItem(row))
		}
		return items, err
	}
	return k
}

func patientItem(row patientRow) *item {
	p := &Patient{Active: true, Gender: row.Sex, BirthDate: row.BirthDate, DeceasedDateTime: moment(row.Died)}
	for _, i := range []Identifier{
		{Use: "official", Type: concept(hl7+"v2-0203", "NI", "National unique individual identifier"), System: sidPIN, Value: row.PIN},
		{Use: "official", Type: concept(hl7+"v2-0203", "PPN", "Passport number"), System: sidPassport, Value: row.Passport},
		{Use: "secondary", System: sidPolicy, Value: row.Policy},
	} {
		if i.Value != "" {
			p.Identifier = append(p.Identifier, i)
		}
	}
	name := unknownName()
	if whole := strings.Join(strings.Fields(row.FamilyName+" "+row.GivenName+" "+row.Patronymic), " "); whole != "" {
		name = &HumanName{Use: "official", Text: whole, Family: row.FamilyName}
		for _, given := range []string{row.GivenName, row.Patronymic} {
			if given = strings.TrimSpace(given); given != "" {
				name.Given = append(name.Given, given)
			}
		}
	}
	p.Name = []HumanName{*name}
	if row.Address != "" || row.Region != "" {
		address := Address{Use: "home", Text: row.Address, Country: "KG"}
		if row.Region != "" {
			address.Extension = []Extension{{URL: extRegion, ValueCode: row.Region}}
		}
		p.Address = []Address{address}
	}
	p.ManagingOrganization = refTo("Organization", row.Organisation)
	i := &item{kind: "Patient", id: row.ID, resource: p, updated: latest(row.Created, row.Died), person: true, subject: row.PIN}
	i.refer("organization", p.ManagingOrganization)
	return i
}
