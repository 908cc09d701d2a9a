package referral

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
)

// Place is a department to which a patient may be sent, with what it can take in.
type Place struct {
	Organisation     string
	OrganisationName text.Words
	Region           string // СОАТЕ
	Department       string
	DepartmentName   text.Words
	Profile          string
	Beds             int
	Free             int // -1: not known, the organisation works in another system and has not said
	Waiting          int // referrals sent or accepted and not over
	AsOf             time.Time
}

// Value is the place as a form's value: "950201/18".
func (p Place) Value() string { return p.Organisation + "/" + p.Department }

// Wish narrows the places down; empty fields do not.
type Wish struct {
	Profile string
	Words   string // in the name of the organisation
	Only    string // organisation
	Not     string // organisation
	Near    string // region, СОАТЕ: of those that can take somebody in its places come first
}

// mostPlaces is how many places a page shows.
const mostPlaces = 60

// Places are the departments of all hospitals with free beds and who waits, those
// that can take somebody in first, of these the near. Beds and stays are the card's own; of
// organisations that work in another system it is what that last said.
func Places(ctx context.Context, d *desk.Desk, w Wish) ([]Place, error) {
	all, err := d.Directory.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	now := d.Clock.Now()
	beds, err := freeBeds(ctx, d.DB.Read, now)
	if err != nil {
		return nil, err
	}
	waits, err := waitingByPlace(ctx, d.DB.Read, clock.DateOf(now))
	if err != nil {
		return nil, err
	}
	routes, err := routes(ctx, d.DB.Read)
	if err != nil {
		return nil, err
	}
	asked := strings.Fields(text.Fold(w.Words))
	var places []Place
	for _, o := range all {
		folded := text.Fold(text.Joined(o.Name.KY, o.Name.RU, o.Name.EN, o.ShortName.RU, o.Code))
		fits := o.Kind == directory.Hospital && o.Code != w.Not && (w.Only == "" || o.Code == w.Only)
		for _, word := range asked {
			fits = fits && strings.Contains(folded, word)
		}
		if !fits {
			continue
		}
		for _, department := range o.Departments {
			if w.Profile != "" && department.Profile != w.Profile {
				continue
			}
			key := o.Code + "/" + department.Code
			p := Place{
				Organisation: o.Code, OrganisationName: d.Directory.Name(ctx, o.Code), Region: o.Region, Department: department.Code,
				DepartmentName: department.Name, Profile: department.Profile, Beds: beds[key].beds, Free: max(0, beds[key].free), Waiting: waits[key], AsOf: now,
			}
			if _, ok := routes[o.Code]; ok {
				p.Free = -1
				if said, ok := beds["said "+key]; ok {
					p.Free, p.Waiting, p.AsOf = said.free, max(p.Waiting, said.waiting), said.at
				}
			}
			places = append(places, p)
		}
	}
	slices.SortStableFunc(places, func(a, b Place) int {
		return cmp.Or(ahead(a.Free > a.Waiting, b.Free > b.Waiting), ahead(a.Region == w.Near, b.Region == w.Near),
			cmp.Compare(b.Free-b.Waiting, a.Free-a.Waiting), cmp.Compare(a.Value(), b.Value()))
	})
	return places, nil
}

// ahead puts what is so before what is not.
func ahead(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// Profiles are those that departments have, with the name of the first that has
// it, by name.
func Profiles(places []Place) []Place {
	var list []Place
	for _, p := range places {
		if p.Profile != "" && !slices.ContainsFunc(list, func(q Place) bool { return q.Profile == p.Profile }) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b Place) int { return cmp.Compare(a.DepartmentName.RU, b.DepartmentName.RU) })
	return list
}
