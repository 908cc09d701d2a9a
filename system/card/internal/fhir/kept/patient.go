package kept

import (
	"context"
	"strings"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
)

// Patient is the FHIR resource.
type Patient struct {
	datatype.Base
	Identifier           []datatype.Identifier `json:"identifier,omitempty"`
	Active               bool                  `json:"active"`
	Name                 []datatype.HumanName  `json:"name,omitempty"`
	Gender               string                `json:"gender,omitempty"`
	BirthDate            string                `json:"birthDate,omitempty"`
	DeceasedDateTime     string                `json:"deceasedDateTime,omitempty"`
	Address              []datatype.Address    `json:"address,omitempty"`
	ManagingOrganization *datatype.Reference   `json:"managingOrganization,omitempty"`
	Link                 []PatientLink         `json:"link,omitempty"`
}

// PatientLink leads to another record of the same person.
type PatientLink struct {
	Other *datatype.Reference `json:"other"`
	Type  string              `json:"type"` // replaced-by: that one is to be used
}

// patientRow is a patient with what other tables add.
type patientRow struct {
	ID, PIN, FamilyName, GivenName, Patronymic string
	BirthDate, Sex, Region, Address            string
	Passport, Policy, Organisation             string
	MergedInto                                 string // id of the record under which this one is kept, "" stands alone
	Created                                    time.Time
	Died                                       time.Time // end of the stay in which the patient died, else zero
}

func (a *Archive) patientKind() *find.Kind {
	k := &find.Kind{Name: "Patient", Params: map[string]find.Param{
		"identifier":   {Kind: find.TokenParam, Secret: true},
		"name":         {Kind: find.StringParam},
		"family":       {Kind: find.StringParam},
		"given":        {Kind: find.StringParam},
		"birthdate":    {Kind: find.DateParam, Day: true, Sorts: true},
		"gender":       {Kind: find.TokenParam},
		"organization": {Kind: find.ReferenceParam, Targets: []string{"Organization"}},
	}}
	t := PatientTable()
	k.Find = func(ctx context.Context, r access.Reach, q *find.Query) (find.Found, error) {
		return t.Find(ctx, a.Reader(ctx), r, q)
	}
	k.Load = func(ctx context.Context, ids []string) ([]*find.Item, error) {
		rows, err := loadPatients(ctx, a.Reader(ctx), ids)
		var items []*find.Item
		for _, row := range rows {
			items = append(items, patientItem(row))
		}
		return items, err
	}
	return k
}

func patientItem(row patientRow) *find.Item {
	p := &Patient{Base: datatype.Profiled("patient"), Active: true, Gender: row.Sex, BirthDate: row.BirthDate, DeceasedDateTime: datatype.Moment(row.Died)}
	for _, i := range []datatype.Identifier{
		{Use: "official", Type: datatype.Code(datatype.HL7+"v2-0203", "NI", "National unique individual identifier"), System: datatype.SIDPIN, Value: row.PIN},
		{Use: "official", Type: datatype.Code(datatype.HL7+"v2-0203", "PPN", "Passport number"), System: datatype.SIDPassport, Value: row.Passport},
		{Use: "secondary", System: datatype.SIDPolicy, Value: row.Policy},
	} {
		if i.Value != "" {
			p.Identifier = append(p.Identifier, i)
		}
	}
	name := datatype.UnknownName()
	if whole := strings.Join(strings.Fields(row.FamilyName+" "+row.GivenName+" "+row.Patronymic), " "); whole != "" {
		name = &datatype.HumanName{Use: "official", Text: whole, Family: row.FamilyName}
		for _, given := range []string{row.GivenName, row.Patronymic} {
			if given = strings.TrimSpace(given); given != "" {
				name.Given = append(name.Given, given)
			}
		}
	}
	p.Name = []datatype.HumanName{*name}
	if row.Address != "" || row.Region != "" {
		address := datatype.Address{Use: "home", Text: row.Address, Country: "KG"}
		if row.Region != "" {
			address.Extension = []datatype.Extension{{URL: datatype.ExtRegion, ValueCode: row.Region}}
		}
		p.Address = []datatype.Address{address}
	}
	p.ManagingOrganization = datatype.To("Organization", row.Organisation)
	if row.MergedInto != "" {
		p.Active = false
		p.Link = []PatientLink{{Other: datatype.To("Patient", row.MergedInto), Type: "replaced-by"}}
	}
	i := &find.Item{Kind: "Patient", ID: row.ID, Resource: p, Updated: datatype.Latest(row.Created, row.Died), Person: true, Subject: row.PIN}
	i.Refer("organization", p.ManagingOrganization)
	return i
}
