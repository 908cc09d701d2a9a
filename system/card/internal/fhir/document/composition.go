package document

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// kind is a document of a stay.
type kind struct {
	ending  string // of its id, behind the stay's
	code    string // of LOINC
	display string
	key     string // of its title
}

// The documents of a stay: form 003/у whole, and its discharge epicrisis once it
// is signed.
var (
	history   = kind{"-history", "11503-0", "Medical records", "card.document.history"}
	epicrisis = kind{"-epicrisis", "18842-5", "Discharge summary", "card.document.epicrisis"}
	kinds     = []kind{history, epicrisis}
)

// stayRow is a stay of which a document is made.
type stayRow struct {
	ID, PatientID, PIN, Organisation, State string
	DoctorPIN, Doctor                       string
	Admitted, Discharged                    time.Time
	Entries                                 []entryRow
	Parts                                   []part // what else was written, newest versions
}

// entryRow is a signed entry in its newest version.
type entryRow struct {
	StayID, ID, Kind, Body, ByPIN, By string
	At, Signed                        time.Time
}

// part is a resource of the stay that a section names.
type part struct{ StayID, Kind, ID, Text string }

// titles of entries by their kind.
var entryKeys = []string{"examination", "reasoning", "diary", "consultation", "stage_epicrisis", "discharge_epicrisis"}

var params = map[string]fhir.Param{
	"patient": {Type: "reference", Targets: []string{"Patient"}}, "subject": {Type: "reference", Targets: []string{"Patient"}},
	"encounter": {Type: "reference", Targets: []string{"Encounter"}}, "type": {Type: "token"}, "status": {Type: "token"}, "date": {Type: "date", Sorts: true},
}

func compositions(a *fhir.API) fhir.Source {
	return fhir.Source{Kind: "Composition", Params: params, Table: documentTable("composition-status", "final"), Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
		all, err := each(ctx, q, ids, func(s stayRow, k kind) fhir.Made { return compositionMade(a, s, k) })
		if err != nil {
			return nil, err
		}
		cards, err := ofPregnancies(ctx, a, q, ids, cardComposition)
		return append(all, cards...), err
	}}
}

func documentReferences(a *fhir.API) fhir.Source {
	table, named := documentTable("document-reference-status", "current"), maps.Clone(params)
	named["category"] = fhir.Param{Type: "token"}
	table.Columns["category"] = fhir.Constant(clinicalNote[0].Coding[0].System, clinicalNote[0].Coding[0].Code)
	return fhir.Source{Kind: "DocumentReference", Params: named, Table: table, Load: func(ctx context.Context, q db.Querier, ids []string) ([]fhir.Made, error) {
		all, err := each(ctx, q, ids, func(s stayRow, k kind) fhir.Made { return referenceMade(a, s, k) })
		if err != nil {
			return nil, err
		}
		cards, err := ofPregnancies(ctx, a, q, ids, cardReference)
		return append(all, cards...), err
	}}
}

// each makes the documents of the ids.
func each(ctx context.Context, q db.Querier, ids []string, made func(stayRow, kind) fhir.Made) ([]fhir.Made, error) {
	var all []fhir.Made
	for _, k := range kinds {
		var stays []string
		for _, id := range ids {
			if stay, ok := strings.CutSuffix(id, k.ending); ok {
				stays = append(stays, stay)
			}
		}
		rows, err := loadStays(ctx, q, stays)
		if err != nil {
			return nil, err
		}
		for _, s := range rows {
			if k == epicrisis && !slices.ContainsFunc(s.Entries, isEpicrisis) {
				continue
			}
			all = append(all, made(s, k))
		}
	}
	return all, nil
}

func isEpicrisis(e entryRow) bool { return e.Kind == "discharge_epicrisis" }

func (s stayRow) updated() time.Time {
	last := s.Admitted
	for _, e := range s.Entries {
		if e.Signed.After(last) {
			last = e.Signed
		}
	}
	if s.Discharged.After(last) {
		last = s.Discharged
	}
	return last
}

func (s stayRow) refs() map[string][]*datatype.Reference {
	patient := []*datatype.Reference{datatype.To("Patient", s.PatientID)}
	return map[string][]*datatype.Reference{"patient": patient, "subject": patient, "encounter": {datatype.To("Encounter", s.ID)}}
}

// words are always in Russian within a resource: it is the same for everybody
// who reads it, and its version with it.
func words(a *fhir.API, key string) string {
	return a.Words(key).RU // text: card.document.*
}

func compositionMade(a *fhir.API, s stayRow, k kind) fhir.Made {
	author := a.Practitioner(s.DoctorPIN, s.Doctor)
	if author == nil {
		author = datatype.To("Organization", s.Organisation)
	}
	c := &Composition{
		Base:   datatype.Profiled("stay-document"),
		Status: "final", Type: datatype.Code(loinc, k.code, k.display), Subject: datatype.To("Patient", s.PatientID), Encounter: datatype.To("Encounter", s.ID),
		Date: datatype.Moment(s.updated()), Author: []*datatype.Reference{author}, Title: words(a, k.key), Custodian: datatype.To("Organization", s.Organisation),
	}
	if k == history && s.State == "open" {
		c.Status = "preliminary"
	}
	for _, p := range sections {
		section := Section{Title: words(a, p.key), Code: datatype.Code(loinc, p.code, p.display)}
		var lines [][]string
		for _, one := range s.Parts {
			if one.Kind == p.kind {
				section.Entry, lines = append(section.Entry, datatype.To(one.Kind, one.ID)), append(lines, []string{one.Text})
			}
		}
		if len(lines) > 0 {
			section.Text = narrative(lines)
			c.Section = append(c.Section, section)
		}
	}
	for _, e := range s.Entries {
		if k == epicrisis && !isEpicrisis(e) || !slices.Contains(entryKeys, e.Kind) {
			continue
		}
		c.Section = append(c.Section, Section{
			Title: words(a, "card.document.entry."+e.Kind), // text: card.document.entry.*
			Text:  prose(text.Moment(e.At.In(clock.Bishkek))+", "+e.By, e.Body),
		})
	}
	return fhir.Made{ID: s.ID + k.ending, Resource: c, Updated: s.updated(), PIN: s.PIN, Refs: s.refs()}
}

// sections of a document by what they name.
var sections = []struct{ kind, code, display, key string }{
	{"Condition", "29548-5", "Diagnosis", "card.document.diagnoses"},
	{"Procedure", "29554-3", "Procedure Narrative", "card.document.operations"},
	{"MedicationRequest", "29549-3", "Medication administered Narrative", "card.document.medicines"},
	{"DiagnosticReport", "30954-2", "Relevant diagnostic tests/laboratory data Narrative", "card.document.results"},
}

func referenceMade(a *fhir.API, s stayRow, k kind) fhir.Made {
	d := &DocumentReference{
		Base:   datatype.Profiled("document-reference"),
		Status: "current", DocStatus: "final", Type: datatype.Code(loinc, k.code, k.display), Subject: datatype.To("Patient", s.PatientID),
		Date: datatype.Instant(s.updated()), Custodian: datatype.To("Organization", s.Organisation),
		Category: clinicalNote, Content: contentOf(a, s.ID, k, s.updated()),
		Context: &Context{Encounter: []*datatype.Reference{datatype.To("Encounter", s.ID)}, Period: datatype.Span(s.Admitted, s.Discharged)},
	}
	if by := a.Practitioner(s.DoctorPIN, s.Doctor); by != nil {
		d.Author = []*datatype.Reference{by}
	}
	if k == history && s.State == "open" {
		d.DocStatus = "preliminary"
	}
	return fhir.Made{ID: s.ID + k.ending, Resource: d, Updated: s.updated(), PIN: s.PIN, Refs: s.refs()}
}

// clinicalNote is the category of every document.
var clinicalNote = []datatype.Concept{*datatype.Code("http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category", "clinical-note", "Clinical Note")}

// contentOf is where the document of the kind is to be had.
func contentOf(a *fhir.API, id string, k kind, at time.Time) []Content {
	return []Content{{
		Attachment: Attachment{
			ContentType: "application/fhir+json", URL: a.Address() + "/Composition/" + id + k.ending + "/$document",
			Title: words(a, k.key), Creation: datatype.Moment(at),
		},
		Format: &datatype.Coding{System: "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode", Code: "urn:ihe:iti:xds:2017:mimeTypeSufficient", Display: "mimeType Sufficient"},
	}}
}
