package desk

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
)

// shift is how long a list that was looked at counts as one look.
const shift = 12 * time.Hour

// SeenAll records that the member of staff saw people in a list, such as the
// ward's board: once a person and shift, or every glance would be a record.
func (d *Desk) SeenAll(ctx context.Context, pins []string, action string) error {
	staff, now := Of(ctx), d.Clock.Now()
	who := viewer{staff.PIN, staff.Post.OrganisationName.RU, action}
	fresh := d.looks.without(who, pins, now.Add(-shift))
	if len(fresh) == 0 {
		return nil
	}
	// Another process may have recorded it, or this one before it was started anew.
	known, err := lookedAt(ctx, d.DB.Read, who, now.Add(-shift))
	if err != nil {
		return err
	}
	var records []audit.Record
	for _, pin := range fresh {
		if _, ok := known[pin]; !ok {
			records = append(records, access(ctx, pin, action, ""))
			known[pin] = now
		}
	}
	if len(records) > 0 {
		err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return audit.AddMany(ctx, tx, d.Clock, records) })
		if err != nil {
			return err
		}
	}
	d.looks.note(who, known)
	return nil
}

// viewer is who looks, from where and at which list.
type viewer struct{ pin, organisation, action string }

// mostLooks bounds the memory of looks: about 10 MB.
const mostLooks = 100_000

// looks is which records of this shift are known to stand in the database, so
// that a board that is open all day need not ask for them at every glance.
type looks struct {
	mu   sync.Mutex
	of   map[viewer]map[string]time.Time // by ПИН of who was seen, the time of the record
	size int
}

// without leaves the people, each once, about whom no record since then is known.
func (l *looks) without(who viewer, pins []string, since time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.of[who]
	var fresh []string
	for _, pin := range pins {
		if pin != "" && !known[pin].After(since) && !slices.Contains(fresh, pin) {
			fresh = append(fresh, pin)
		}
	}
	return fresh
}

// note keeps what was read or committed. When there is no more room all is
// forgotten, and asked for again.
func (l *looks) note(who viewer, at map[string]time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil || l.size+len(at) > mostLooks {
		l.of, l.size = map[viewer]map[string]time.Time{}, 0
	}
	known := l.of[who]
	if known == nil {
		known = make(map[string]time.Time, len(at))
		l.of[who] = known
	}
	before := len(known)
	for pin, when := range at {
		if when.After(known[pin]) {
			known[pin] = when
		}
	}
	l.size += len(known) - before
}
