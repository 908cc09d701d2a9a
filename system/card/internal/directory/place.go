package directory

import (
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Profiles of departments that the exchange card goes by.
const (
	Obstetrics = "obstetrics" // women give birth there
	Antenatal  = "antenatal"  // an antenatal clinic (женская консультация)
)

// IsClinic says whether the organisation looks after pregnant women and children
// at home: a clinic, or a hospital with an antenatal department.
func IsClinic(o workforceapi.Organisation) bool {
	return o.Kind == Clinic || slices.ContainsFunc(o.Departments, func(d workforceapi.Department) bool { return d.Profile == Antenatal })
}

// Place is what the menu of an organisation's staff depends on.
type Place struct {
	Clinic     bool // see IsClinic
	Ward       bool // it has beds of its own
	Obstetrics []string
	read       time.Time
}

// placeFresh is how long a Place that was read serves.
const placeFresh = time.Minute

// PlaceOf is the place by the copy of НИСУР; while nothing is known of it, a
// hospital.
func (d *Directory) PlaceOf(ctx context.Context, code string) Place {
	d.mu.Lock()
	p, ok := d.places[code]
	d.mu.Unlock()
	if now := d.Clock.Now(); !ok || now.Sub(p.read) > placeFresh {
		p = Place{Ward: true, read: now}
		if o, err := d.load(ctx, code); err == nil {
			p.Clinic, p.Ward = IsClinic(o), o.Kind == Hospital
			for _, department := range o.Departments {
				if department.Profile == Obstetrics {
					p.Obstetrics = append(p.Obstetrics, department.Code)
				}
			}
		}
		d.mu.Lock()
		if d.places == nil {
			d.places = map[string]Place{}
		}
		d.places[code] = p
		d.mu.Unlock()
	}
	return p
}
