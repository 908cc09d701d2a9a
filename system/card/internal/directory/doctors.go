package directory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Doctors are asked for anew after a while; an old list serves while НИСУР is away.
const (
	doctorsFresh = 2 * time.Minute
	doctorsPause = 20 * time.Second // between questions that were not answered
)

type staffList struct {
	doctors []workforceapi.Post
	asked   time.Time
	ok      bool
}

// Doctors are the doctors and heads of department of the organisation today,
// one post each, by name. When НИСУР has never answered since the start the
// list is empty: a doctor can still admit to themselves.
func (d *Directory) Doctors(ctx context.Context, organisation string) []workforceapi.Post {
	d.mu.Lock()
	known := d.doctors[organisation]
	d.mu.Unlock()
	age := d.Clock.Now().Sub(known.asked)
	if (known.ok && age < doctorsFresh) || (!known.ok && !known.asked.IsZero() && age < doctorsPause) {
		return known.doctors
	}
	staff, err := d.Workforce.Staff(ctx, organisation)
	known.asked, known.ok = d.Clock.Now(), err == nil
	if err != nil {
		d.Log.WarnContext(ctx, "doctors not asked", "system", "card", "error", err.Error())
	} else {
		known.doctors = doctorsOf(staff)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.doctors == nil {
		d.doctors = map[string]staffList{}
	}
	d.doctors[organisation] = known
	return known.doctors
}

func doctorsOf(staff []workforceapi.Post) []workforceapi.Post {
	var doctors []workforceapi.Post
	for _, p := range staff {
		known := slices.ContainsFunc(doctors, func(q workforceapi.Post) bool { return q.PIN == p.PIN })
		if (p.Role == workforceapi.Doctor || p.Role == workforceapi.Head) && !known {
			doctors = append(doctors, p)
		}
	}
	slices.SortFunc(doctors, func(a, b workforceapi.Post) int {
		return cmp.Or(cmp.Compare(a.PersonName, b.PersonName), cmp.Compare(a.PIN, b.PIN))
	})
	return doctors
}
