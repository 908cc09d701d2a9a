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

// savedFor is how old the kept copy of an unchanged list may become: pages say
// of which moment it is.
const savedFor = 10 * time.Minute

type staffList struct {
	doctors []workforceapi.Post
	asked   time.Time
	ok      bool
	at      time.Time // when НИСУР said so, zero: never
	saved   time.Time // when it was kept
}

// Doctors are the doctors and heads of department of the organisation today,
// one post each, by name. While НИСУР is away they are those of whom it said so
// last, also before the program was started. When it has never answered the list
// is empty: a doctor can still admit to themselves.
func (d *Directory) Doctors(ctx context.Context, organisation string) []workforceapi.Post {
	d.mu.Lock()
	known := d.doctors[organisation]
	d.mu.Unlock()
	now := d.Clock.Now()
	age := now.Sub(known.asked)
	if (known.ok && age < doctorsFresh) || (!known.ok && !known.asked.IsZero() && age < doctorsPause) {
		return known.doctors
	}
	staff, err := d.Workforce.Staff(ctx, organisation)
	known.asked, known.ok = now, err == nil
	if err == nil {
		before := known
		known.doctors, known.at = doctorsOf(staff), now
		if now.Sub(before.saved) >= savedFor || !slices.Equal(before.doctors, known.doctors) {
			if err := d.saveDoctors(ctx, organisation, known.doctors, now); err != nil {
				d.Log.WarnContext(ctx, "doctors not kept", "system", "card", "error", err.Error())
			} else {
				known.saved = now
			}
		}
	} else {
		d.Log.WarnContext(ctx, "doctors not asked", "system", "card", "error", err.Error())
		if known.at.IsZero() { // not since the start
			if known.doctors, known.at, err = loadDoctors(ctx, d.DB.Read, organisation); err != nil {
				d.Log.WarnContext(ctx, "the kept list of doctors was not read", "system", "card", "error", err.Error())
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.doctors == nil {
		d.doctors = map[string]staffList{}
	}
	d.doctors[organisation] = known
	return known.doctors
}

// DoctorsAway says whether НИСУР did not answer when it was last asked who treats
// in the organisation, and of which moment the list is; zero: there is none.
func (d *Directory) DoctorsAway(organisation string) (at time.Time, away bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := d.doctors[organisation]
	return known.at, !known.ok && !known.asked.IsZero()
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

// HeadsCopied is when the copy of who heads the organisation's departments was
// made, as far as this process knows; the zero time when it does not.
func (d *Directory) HeadsCopied(organisation string) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.heads[organisation]
}

// NoteHeads remembers when the copy was made, so that not every discharge asks
// the database for it.
func (d *Directory) NoteHeads(organisation string, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.heads == nil {
		d.heads = map[string]time.Time{}
	}
	d.heads[organisation] = at
}
