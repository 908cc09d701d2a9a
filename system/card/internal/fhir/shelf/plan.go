package shelf

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

// plan decides what becomes of a work and notes what is to be written.
func (b *batch) plan(ctx context.Context, w *Work) ([]Done, error) {
	p := &planner{batch: b, work: w, done: make([]Done, len(w.Changes)), by: map[string]key{}, ids: make([]string, len(w.Changes)), person: map[key]Person{}, hit: map[key]bool{}, made: map[key]bool{}, alias: map[key]key{}}
	if err := b.freshen(ctx, w); err != nil {
		return nil, err
	}
	// FHIR's order: deletes, creates, updates.
	order := make([]int, len(w.Changes))
	for i := range order {
		order[i] = i
	}
	rank := [...]int{Delete: 0, Create: 1, Update: 2}
	slices.SortStableFunc(order, func(x, y int) int { return rank[w.Changes[x].Method] - rank[w.Changes[y].Method] })
	for _, i := range order {
		if err := p.name(i); err != nil {
			return nil, err
		}
	}
	// Something written since the last flush cannot be written again before it.
	for _, i := range order {
		if b.touched[key{w.Changes[i].Kind, p.ids[i]}] {
			if err := b.flush(ctx); err != nil {
				return nil, err
			}
			break
		}
	}
	for _, i := range order {
		if err := p.people(i); err != nil {
			return nil, err
		}
	}
	for _, i := range order {
		if err := p.change(ctx, i); err != nil {
			return nil, err
		}
	}
	return p.done, p.bound(ctx)
}

type planner struct {
	*batch
	work   *Work
	done   []Done
	ids    []string       // of each change, once known
	by     map[string]key // fullUrl: what it stands for
	person map[key]Person // of the Patients of this work
	hit    map[key]bool   // changed by this work
	alias  map[key]key    // what a change would have been called, and what it found
	made   map[key]bool   // of these, what is there afterwards
	near   Touched
}

// name finds out which resource a change is about.
func (p *planner) name(i int) error {
	c := p.work.Changes[i]
	p.ids[i] = c.ID
	if c.Asked {
		found := p.matching(c.Kind, c.Condition)
		switch {
		case len(found) > 1:
			return refused(c, http.StatusPreconditionFailed, "multiple-matches", "card.fhir.many_match")
		case len(found) == 1 && c.Method == Update && c.ID != "" && c.ID != found[0]:
			return refused(c, http.StatusBadRequest, "invalid", "card.fhir.other_id")
		case len(found) == 1:
			p.ids[i] = found[0]
			if c.Method == Create {
				p.done[i] = p.existing(c.Kind, found[0])
			}
		case c.Method == Delete:
			return refused(c, http.StatusNotFound, "not-found", "card.fhir.none_match")
		case c.Method == Create:
			p.remember(c.Kind, c.Condition, c.ID)
		case c.ID == "":
			p.ids[i] = id.New()
			p.remember(c.Kind, c.Condition, p.ids[i])
		default:
			p.remember(c.Kind, c.Condition, c.ID)
		}
	}
	if p.work.Join && c.Kind == "Patient" && c.Resource != nil && p.done[i].Status == 0 {
		for _, pin := range p.pins(c.Resource) {
			if own := p.bearers[pin]; own != "" && own != p.ids[i] {
				p.ids[i] = own
				p.done[i] = Done{Resource: Resource{Kind: "Patient", ID: own, Patient: own, PIN: pin}, Status: http.StatusOK, Same: true, Own: true}
				p.person[key{"Patient", own}] = Person{own, pin}
				p.made[key{"Patient", own}] = true
			}
		}
	}
	k := key{c.Kind, p.ids[i]}
	if c.ID != "" && c.ID != k.id {
		p.alias[key{c.Kind, c.ID}] = k
	}
	if p.done[i].Status == 0 {
		if p.hit[k] {
			return refused(c, http.StatusBadRequest, "duplicate", "card.fhir.twice_in_bundle")
		}
		p.hit[k] = true
		p.made[k] = c.Method != Delete
	}
	if c.FullURL != "" {
		if other, ok := p.by[c.FullURL]; ok && other != k {
			return refused(c, http.StatusBadRequest, "duplicate", "card.fhir.twice_in_bundle")
		}
		if c.Method != Delete {
			p.by[c.FullURL] = k
		}
	}
	return nil
}

// known is what a fullUrl stands for in the file that the work is a part of.
func (p *planner) known(fullURL string) (kind, id string, ok bool) {
	if p.work.Known == nil {
		return "", "", false
	}
	return p.work.Known(fullURL)
}

// matching is what fits the condition, with what this batch has made of it.
func (p *planner) matching(kind, condition string) []string { return p.matches[kind+"?"+condition] }

// remember notes that a condition fits what is about to be made: whoever comes
// later in this batch with the same finds it.
func (p *planner) remember(kind, condition, id string) {
	asked := kind + "?" + condition
	before := p.matches[asked]
	p.matches[asked] = append(slices.Clone(before), id)
	p.undone = append(p.undone, func() { p.matches[asked] = before })
}

func (p *planner) existing(kind, id string) Done {
	if r := p.current[key{kind, id}]; r != nil {
		return Done{Resource: r.Resource, Status: http.StatusOK, Same: true}
	}
	person := p.own[key{kind, id}]
	return Done{Resource: Resource{Kind: kind, ID: id, Patient: person.Patient, PIN: person.PIN}, Status: http.StatusOK, Same: true, Own: true}
}

// people notes the persons whom the Patients of the work are.
func (p *planner) people(i int) error {
	c := p.work.Changes[i]
	if c.Kind != "Patient" || c.Resource == nil || p.done[i].Status != 0 {
		return nil
	}
	k := key{"Patient", p.ids[i]}
	pins := p.pins(c.Resource)
	if len(pins) > 1 {
		r := refused(c, http.StatusUnprocessableEntity, "business-rule", "card.fhir.two_pins")
		r.Path = "Patient.identifier"
		return r
	}
	person := Person{Patient: k.id}
	if len(pins) == 1 {
		person.PIN = pins[0]
		same := false // it bore the number before, when the card did not know it
		if now := p.current[k]; now != nil && now.PIN == person.PIN {
			same = true
		}
		if own := p.bearers[person.PIN]; own != "" && own != k.id && !same {
			r := conflict(c, "card.fhir.person_here", "ID", "Patient/"+own)
			r.Path, r.ID = "Patient.identifier", "Patient/"+own
			return r
		}
		before := p.bearers[person.PIN]
		p.bearers[person.PIN] = k.id
		p.undone = append(p.undone, func() { p.bearers[person.PIN] = before })
	}
	p.person[k] = person
	return nil
}

// change decides one change.
func (p *planner) change(ctx context.Context, i int) error {
	c := p.work.Changes[i]
	if p.done[i].Status != 0 { // a conditional create that found what it wanted
		return nil
	}
	k := key{c.Kind, p.ids[i]}
	if _, own := p.own[k]; own {
		return refused(c, http.StatusMethodNotAllowed, "business-rule", "card.fhir.own_record", "ID", k.kind+"/"+k.id)
	}
	now := p.current[k]
	p.near.change(now)
	if err := p.precondition(c, now); err != nil {
		return err
	}
	if c.Method == Delete {
		return p.remove(ctx, i, c, k, now)
	}
	targets, patient, err := p.resolve(c)
	if err != nil {
		return err
	}
	if c.Kind == "Patient" {
		patient = p.person[k]
	}
	p.near.touch(patient)
	next := Resource{Kind: c.Kind, ID: k.id, Version: 1, Updated: p.now.Truncate(time.Millisecond), Author: p.work.Author, Patient: patient.Patient, PIN: patient.PIN}
	link := func(at int) string { return targets[at] }
	status := http.StatusCreated
	if now != nil {
		if !now.Deleted {
			same := c.Resource.Render(k.id, strconv.FormatInt(now.Version, 10), instant(now.Updated), link)
			if string(same) == string(now.Body) {
				p.done[i] = Done{Resource: now.Resource, Status: http.StatusOK, Same: true}
				return nil
			}
			status = http.StatusOK
		}
		next.Version = now.Version + 1
	}
	next.Body = c.Resource.Render(k.id, strconv.FormatInt(next.Version, 10), instant(next.Updated), link)
	if now != nil {
		p.pasts = append(p.pasts, k)
		p.updates = append(p.updates, next)
		p.unmarks = append(p.unmarks, k)
	} else {
		p.inserts = append(p.inserts, next.Kind, next.ID, next.Version, int64(0), db.Micros(next.Updated), next.Author, next.Patient, next.PIN, string(next.Body))
	}
	for _, m := range c.Resource.Marks() {
		if m.Link >= 0 {
			m.Code = targets[m.Link]
			if m.Code == "" {
				m.Code = c.Resource.Links[m.Link].Value
			}
			if kind, id, ok := r4.Literal(m.Code); ok {
				m.Code = kind + "/" + id
			}
		}
		p.marks = append(p.marks, next.Kind, next.ID, m.Param, m.System, m.Code, m.Low, m.High)
	}
	if c.Kind == "ConceptMap" {
		p.mapConcepts(next)
	}
	p.keep(k, next)
	p.note(c, now)
	p.done[i] = Done{Resource: next, Status: status}
	return nil
}

// keep notes what the resource has become, until this work is undone.
func (p *planner) keep(k key, next Resource) {
	before, touched := p.current[k], p.touched[k]
	p.current[k] = &row{Resource: next}
	p.touched[k] = true
	p.undone = append(p.undone, func() {
		if before == nil {
			delete(p.current, k)
		} else {
			p.current[k] = before
		}
		if !touched {
			delete(p.touched, k)
		}
	})
}

// precondition compares what the caller has seen with what is.
func (p *planner) precondition(c Change, now *row) error {
	gone := now == nil || now.Deleted
	switch {
	case c.IfMatch != 0 && gone:
		return refused(c, http.StatusPreconditionFailed, "conflict", "card.fhir.version_gone")
	case c.IfMatch != 0 && now.Version != c.IfMatch:
		return refused(c, http.StatusPreconditionFailed, "conflict", "card.fhir.version_conflict", "Version", now.Version)
	case c.IfNone && !gone:
		return refused(c, http.StatusPreconditionFailed, "conflict", "card.fhir.is_there")
	case c.Method == Create && now != nil:
		return conflict(c, "card.fhir.is_there")
	}
	return nil
}

// remove deletes a resource to which nothing leads.
func (p *planner) remove(ctx context.Context, i int, c Change, k key, now *row) error {
	if now == nil {
		return refused(c, http.StatusNotFound, "not-found", "card.fhir.not_found")
	}
	if now.Deleted {
		p.done[i] = Done{Resource: now.Resource, Status: http.StatusNoContent, Same: true}
		return nil
	}
	from, err := p.leadingTo(ctx, k)
	if err != nil {
		return err
	}
	for _, f := range from {
		if !p.hit[f] {
			r := conflict(c, "card.fhir.still_referred", "ID", f.kind+"/"+f.id)
			r.ID = f.kind + "/" + f.id
			return r
		}
	}
	next := now.Resource
	next.Version, next.Deleted, next.Updated, next.Author, next.Body = now.Version+1, true, p.now.Truncate(time.Millisecond), p.work.Author, nil
	p.pasts = append(p.pasts, k)
	p.updates = append(p.updates, next)
	p.unmarks = append(p.unmarks, k)
	if k.kind == "ConceptMap" {
		p.unmap = append(p.unmap, k.id)
	}
	p.keep(k, next)
	p.note(c, now)
	p.done[i] = Done{Resource: next, Status: http.StatusNoContent}
	return nil
}

// resolve finds what each link leads to; "" leaves it as it is written. The
// person is the one whom the resource tells of.
func (p *planner) resolve(c Change) (targets []string, person Person, err error) {
	targets = make([]string, len(c.Resource.Links))
	found := make([]Person, len(c.Resource.Links))
	for at, l := range c.Resource.Links {
		fault := func(key string, args ...any) error {
			r := refused(c, http.StatusUnprocessableEntity, "not-found", key, append(args, "Reference", l.Value)...)
			r.Path = l.Path
			return r
		}
		value := p.local(l.Value)
		var k key
		if named, ok := p.by[l.Value]; ok {
			k = named
		} else if kind, id, ok := p.known(l.Value); ok {
			k = key{kind, id}
			if found, ok := p.alias[k]; ok {
				k = found
			}
			p.made[k] = true
		} else if l.Loose() {
			continue
		} else if kind, condition, ok := conditionOfLink(value); ok {
			if p.work.Allowed != nil { // how many fit would tell of others
				return nil, person, fault("card.fhir.person_link")
			}
			ids := p.matching(kind, condition)
			if len(ids) != 1 {
				return nil, person, fault("card.fhir.condition_of_link", "Count", len(ids))
			}
			k = key{kind, ids[0]}
		} else if kind, id, ok := r4.Literal(value); ok {
			k = key{kind, id}
			if strings.Contains(value, "/_history/") {
				targets[at] = value
			}
		} else if strings.HasPrefix(value, "urn:") || !strings.Contains(value, "://") {
			return nil, person, fault("card.fhir.fault.no_target")
		} else {
			continue // on another server: we cannot look there
		}
		if !l.Allows(k.kind) {
			return nil, person, fault("card.fhir.fault.wrong_target", "Targets", strings.Join(l.Targets, ", "))
		}
		there := p.made[k]
		if r := p.current[k]; r != nil && !r.Deleted && (there || !p.hit[k]) {
			there, found[at] = true, Person{r.Patient, r.PIN}
		}
		if own, ok := p.own[k]; ok {
			there, found[at] = true, own
		}
		if one, ok := p.person[k]; ok {
			found[at] = one
		}
		if !there {
			return nil, person, fault("card.fhir.fault.no_target")
		}
		p.near.lead(found[at])
		if targets[at] == "" {
			targets[at] = k.kind + "/" + k.id
		}
	}
	return targets, whom(c.Resource, targets, found), nil
}

// whom is the person of the resource: the Patient to whom one of the parameters
// leads that name whose a resource is.
func whom(r *r4.Resource, targets []string, found []Person) Person {
	for _, m := range r.Marks() {
		switch m.Param {
		case "patient", "subject", "beneficiary", "individual", "for":
			if m.Link >= 0 && strings.HasPrefix(targets[m.Link], "Patient/") {
				person := found[m.Link]
				person.Patient = strings.TrimPrefix(targets[m.Link], "Patient/")
				return person
			}
		}
	}
	return Person{}
}

func instant(t time.Time) string { return t.In(clock.Bishkek).Format("2006-01-02T15:04:05.000-07:00") }
