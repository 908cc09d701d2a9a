package document

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// exchangeCard is form 113/у of a pregnancy: the Antepartum Summary of IHE, with
// what the maternity hospital returned once it has. Its id is the pregnancy's.
var exchangeCard = kind{"-113", "57055-6", "Antepartum summary note", "card.document.exchange_card"}

// pregnancyRow is a pregnancy of which a document is made.
type pregnancyRow struct {
	antenatal.Record
	returned *cardapi.TearOff // nil: nothing came back yet
	updated  time.Time
}

// ofPregnancies makes the documents of those ids that are of pregnancies.
func ofPregnancies(ctx context.Context, a *fhir.API, q db.Querier, ids []string, made func(context.Context, *fhir.API, pregnancyRow) fhir.Made) ([]fhir.Made, error) {
	var all []fhir.Made
	for _, id := range ids {
		pregnancy, ok := strings.CutSuffix(id, exchangeCard.ending)
		if !ok {
			continue
		}
		r, err := pregnancyOf(ctx, q, pregnancy)
		if err != nil {
			return nil, err
		}
		if r != nil {
			all = append(all, made(a.In(ctx, text.RU), a, *r))
		}
	}
	return all, nil
}

// change is the last moment at which the record, or what was returned, changed.
func (r pregnancyRow) change() time.Time {
	last := r.CreatedAt
	later := func(at time.Time) {
		if at.After(last) {
			last = at
		}
	}
	later(r.Registration.SignedAt)
	for _, v := range r.Visits {
		later(v.SignedAt)
	}
	for _, one := range r.Results {
		later(one.SignedAt)
	}
	later(r.GivenAt)
	later(r.ClosedAt)
	return last
}

func (r pregnancyRow) refs() map[string][]*datatype.Reference {
	who := []*datatype.Reference{datatype.To("Patient", r.Patient.ID)}
	return map[string][]*datatype.Reference{"patient": who, "subject": who}
}

func (r pregnancyRow) status() string {
	if r.State == antenatal.Open {
		return "preliminary"
	}
	return "final"
}

// cardComposition is in Russian, as every resource is: the same for everybody who
// reads it.
func cardComposition(ctx context.Context, a *fhir.API, r pregnancyRow) fhir.Made {
	author := a.Practitioner(r.Registration.ByPIN, r.Registration.ByName)
	if author == nil {
		author = datatype.To("Organization", r.Organisation)
	}
	c := &Composition{
		Base:       datatype.Profiled("exchange-card"),
		Identifier: &datatype.Identifier{System: a.Address() + "/exchange-card", Value: r.Number},
		Status:     r.status(), Type: datatype.Code(loinc, exchangeCard.code, exchangeCard.display), Subject: datatype.To("Patient", r.Patient.ID),
		Date: datatype.Moment(r.updated), Author: []*datatype.Reference{author}, Title: words(a, exchangeCard.key), Custodian: datatype.To("Organization", r.Organisation),
		Section: cardSections(ctx, a, r),
	}
	return fhir.Made{ID: r.ID + exchangeCard.ending, Resource: c, Updated: r.updated, PIN: r.Patient.PIN, Refs: r.refs()}
}

func cardSections(ctx context.Context, a *fhir.API, r pregnancyRow) []Section {
	card := r.Card()
	var all []Section
	add := func(code, display, key string, lines [][]string) {
		if len(lines) > 0 {
			all = append(all, Section{Title: words(a, key), Code: datatype.Code(loinc, code, display), Text: narrative(lines)})
		}
	}
	add("57060-6", "Estimated date of delivery", "card.document.card.term", [][]string{
		{text.T(ctx, "card.antenatal.expected"), text.Date(card.Expected)},
		{text.T(ctx, "card.antenatal.term"), antenatal.AgeWords(ctx, r.Days(clock.DateOf(a.Now())))},
		{text.T(ctx, "card.antenatal.number_col"), r.Number},
	})
	var registration [][]string
	for _, row := range antenatal.Rows(ctx, card, nil) {
		if row.Value != "" {
			registration = append(registration, []string{row.Key, row.Value})
		}
	}
	for _, former := range antenatal.FormerRows(ctx, card.Registration) {
		registration = append(registration, slices.DeleteFunc(former, func(cell string) bool { return cell == "" }))
	}
	add("10162-6", "History of pregnancies Narrative", "card.document.card.history", registration)
	if allergies := card.Registration.Allergies; allergies != "" {
		all = append(all, Section{Title: words(a, "card.document.allergies"), Code: datatype.Code(loinc, "48765-2", "Allergies and adverse reactions Document"), Text: prose("", allergies)})
	}
	var visits [][]string
	for _, v := range card.Visits {
		visits = append(visits, append(antenatal.VisitCells(ctx, v.Visit, card.DatedFrom.DaysUntil(v.Day)), text.Joined(v.Complaints, v.Advice), v.By))
	}
	if len(visits) > 0 {
		heads := append(antenatal.VisitHeads(ctx), text.T(ctx, "card.antenatal.notes"), text.T(ctx, "card.antenatal.who"))
		visits = append([][]string{heads}, visits...)
	}
	add("57059-8", "Pregnancy visit summary", "card.document.card.visits", visits)
	var results [][]string
	for _, one := range card.Results {
		results = append(results, []string{text.Date(one.Day), antenatal.Word(ctx, "kind", one.Kind), antenatal.ValueWord(ctx, one.Value), one.Note, one.By})
	}
	add("30954-2", "Relevant diagnostic tests/laboratory data Narrative", "card.document.results", results)
	if r.returned == nil {
		return all
	}
	var birth [][]string
	for _, row := range append(exchangecard.TearOffRows(ctx, *r.returned), exchangecard.BirthRows(ctx, r.returned.Birth)...) {
		if row.Value != "" {
			birth = append(birth, []string{row.Key, row.Value})
		}
	}
	add("57074-7", "Labor and delivery process Narrative", "card.document.card.birth", birth)
	var newborns [][]string
	for _, n := range r.returned.Newborns {
		for _, row := range exchangecard.NewbornRows(ctx, n) {
			if row.Value != "" {
				newborns = append(newborns, []string{row.Key, row.Value})
			}
		}
	}
	add("57075-4", "Newborn delivery information", "card.document.card.newborns", newborns)
	return all
}

func cardReference(_ context.Context, a *fhir.API, r pregnancyRow) fhir.Made {
	d := &DocumentReference{
		Base:   datatype.Profiled("exchange-card-reference"),
		Status: "current", DocStatus: r.status(), Type: datatype.Code(loinc, exchangeCard.code, exchangeCard.display), Subject: datatype.To("Patient", r.Patient.ID),
		Date: datatype.Instant(r.updated), Custodian: datatype.To("Organization", r.Organisation), Category: clinicalNote, Content: contentOf(a, r.ID, exchangeCard, r.updated),
	}
	if by := a.Practitioner(r.Registration.ByPIN, r.Registration.ByName); by != nil {
		d.Author = []*datatype.Reference{by}
	}
	return fhir.Made{ID: r.ID + exchangeCard.ending, Resource: d, Updated: r.updated, PIN: r.Patient.PIN, Refs: r.refs()}
}
