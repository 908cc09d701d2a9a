package shelf

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
)

// Touched is whom and what a work comes near: what a caller who may not write
// about everybody is held to.
type Touched struct {
	// People are those whom its resources tell of, before it and after it, and to
	// whose records they lead.
	People []Person
	// Nobody says that a resource of it tells of nobody.
	Nobody bool
	// Authors are those who wrote what it changes.
	Authors []string
}

// touch notes whom a resource tells of.
func (t *Touched) touch(p Person) {
	switch {
	case p.Patient == "" && p.PIN == "":
		t.Nobody = true
	case !slices.Contains(t.People, p):
		t.People = append(t.People, p)
	}
}

// lead notes to whose record a resource leads, if it is anybody's.
func (t *Touched) lead(p Person) {
	if p.Patient != "" || p.PIN != "" {
		t.touch(p)
	}
}

// change notes what is changed as it was.
func (t *Touched) change(now *row) {
	if now == nil {
		return
	}
	if !now.Deleted {
		t.touch(Person{now.Patient, now.PIN})
	}
	if !slices.Contains(t.Authors, now.Author) {
		t.Authors = append(t.Authors, now.Author)
	}
}

// bound asks whether the work may be done, now that it is known whom it touches.
func (p *planner) bound(ctx context.Context) error {
	if p.work.Allowed == nil {
		return nil
	}
	for _, d := range p.done {
		if d.Same {
			p.near.touch(Person{d.Patient, d.PIN})
		}
	}
	return p.work.Allowed(ctx, p.tx, p.near)
}

// Allowing says whether a work that touches so much may be done; a *Refusal if
// not.
type Allowing func(ctx context.Context, q db.Querier, t Touched) error
