// Package outside shows a doctor what other systems wrote about a patient
// through FHIR: what the shelf holds, in a line each. Nothing of it is the
// card's own record, and nothing is changed here.
package outside

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

// Line is one resource in words.
type Line struct {
	Kind    string    // Observation
	At      time.Time // what it tells of; when it was written if it does not say
	Text    string    // what was found, given or done
	Value   string    // a number with its unit, a finding
	By      string    // who did it, as the resource says; "" if it does not
	Source  string    // client of ЕСИ or command that wrote it
	Written time.Time
	ID      string
}

// concept, quantity and the others are R4's data types, as far as a line says
// them.
type concept struct {
	Text   string
	Coding []struct{ Code, Display string }
}

func (c *concept) words() string {
	if c == nil {
		return ""
	}
	if c.Text != "" {
		return c.Text
	}
	for _, coding := range c.Coding {
		if coding.Display != "" {
			return coding.Display
		}
	}
	if len(c.Coding) > 0 {
		return c.Coding[0].Code
	}
	return ""
}

type reference struct{ Display string }

type quantity struct {
	Value json.Number
	Unit  string
	Code  string
}

func (q *quantity) words() string {
	if q == nil || q.Value == "" {
		return ""
	}
	unit := q.Unit
	if unit == "" {
		unit = q.Code
	}
	return strings.TrimSpace(q.Value.String() + " " + unit)
}

type measured struct {
	Code                 *concept
	ValueQuantity        *quantity
	ValueCodeableConcept *concept
	ValueString          string
	ValueInteger         *int
	ValueBoolean         *bool
}

func (m measured) words() string {
	switch {
	case m.ValueQuantity != nil:
		return m.ValueQuantity.words()
	case m.ValueCodeableConcept != nil:
		return m.ValueCodeableConcept.words()
	case m.ValueInteger != nil:
		return strconv.Itoa(*m.ValueInteger)
	case m.ValueBoolean != nil && *m.ValueBoolean:
		return "+"
	case m.ValueBoolean != nil:
		return "−"
	}
	return m.ValueString
}

type period struct{ Start string }

type resource struct {
	measured
	Type                                              json.RawMessage
	Component                                         []measured
	MedicationCodeableConcept, VaccineCode            *concept
	MedicationReference                               *reference
	Title, Description, Conclusion                    string
	EffectiveDateTime, OnsetDateTime, RecordedDate    string
	PerformedDateTime, AuthoredOn, OccurrenceDateTime string
	Date, Created, Issued, Started                    string
	EffectivePeriod, PerformedPeriod, Period          *period
	Performer, Author                                 json.RawMessage
	Recorder, Requester, Asserter                     *reference
}

// read says a resource in a line. A resource that cannot be read has its kind
// and source alone.
func read(kind, id string, body []byte, source string, written time.Time) Line {
	l := Line{Kind: kind, ID: id, Source: source, Written: written, At: written}
	var r resource
	if err := json.Unmarshal(body, &r); err != nil {
		return l
	}
	for _, moment := range []string{
		r.EffectiveDateTime, start(r.EffectivePeriod), r.OnsetDateTime, r.PerformedDateTime, start(r.PerformedPeriod), r.OccurrenceDateTime, start(r.Period),
		r.AuthoredOn, r.Started, r.RecordedDate, r.Date, r.Created, r.Issued,
	} {
		if low, _, ok := r4.Span(moment); ok && moment != "" {
			l.At = low
			break
		}
	}
	var kinds concept
	if len(r.Type) > 0 && r.Type[0] == '{' {
		_ = json.Unmarshal(r.Type, &kinds) // a type of another shape says nothing
	} else if len(r.Type) > 0 && r.Type[0] == '[' {
		var list []concept
		if json.Unmarshal(r.Type, &list) == nil && len(list) > 0 {
			kinds = list[0]
		}
	}
	for _, words := range []string{r.Code.words(), r.MedicationCodeableConcept.words(), said(r.MedicationReference), r.VaccineCode.words(), r.Title, kinds.words(), r.Description} {
		if words != "" {
			l.Text = words
			break
		}
	}
	values := []string{}
	if own := r.words(); own != "" {
		values = append(values, own)
	}
	for _, c := range r.Component {
		if value := c.words(); value != "" {
			values = append(values, strings.TrimSpace(c.Code.words()+" "+value))
		}
	}
	if r.Conclusion != "" {
		values = append(values, r.Conclusion)
	}
	l.Value = strings.Join(values, "; ")
	for _, by := range []string{first(r.Performer), said(r.Recorder), said(r.Requester), said(r.Asserter), first(r.Author)} {
		if by != "" {
			l.By = by
			break
		}
	}
	return l
}

func start(p *period) string {
	if p == nil {
		return ""
	}
	return p.Start
}

func said(r *reference) string {
	if r == nil {
		return ""
	}
	return r.Display
}

// first is the first who is named in a list of references or of actors.
func first(raw json.RawMessage) string {
	var list []struct {
		Display string
		Actor   reference
	}
	if json.Unmarshal(raw, &list) != nil {
		return ""
	}
	for _, one := range list {
		if one.Display != "" {
			return one.Display
		}
		if one.Actor.Display != "" {
			return one.Actor.Display
		}
	}
	return ""
}
