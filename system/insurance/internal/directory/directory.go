// Package directory is the fund's copy in memory of НИСУР: names of
// organisations and departments. Pages go on with codes while НИСУР is away.
package directory

import (
	"context"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// How long a copy is good, how soon НИСУР is asked again after a failure, and
// after an answer without organisations: it is being filled just then.
const fresh, retry, filling = 10 * time.Minute, 20 * time.Second, 2 * time.Second

// Directory keeps the copy.
type Directory struct {
	Workforce workforceapi.API
	Clock     clock.Clock

	mu    sync.Mutex
	all   []workforceapi.Organisation
	due   time.Time // of the list
	whole map[string]kept
	staff map[string]staffed
}

type staffed struct {
	posts []workforceapi.Post
	due   time.Time
}

type kept struct {
	organisation workforceapi.Organisation
	due          time.Time
}

// Organisations is every organisation, from the copy if it is fresh; an old
// copy, or nothing, when НИСУР is away.
func (d *Directory) Organisations(ctx context.Context) []workforceapi.Organisation {
	d.mu.Lock()
	all, due := d.all, d.due
	d.mu.Unlock()
	if d.Clock.Now().Before(due) {
		return all
	}
	asked, err := d.Workforce.Organisations(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err != nil:
		d.due = d.Clock.Now().Add(retry)
		return d.all
	case len(asked) == 0:
		d.due = d.Clock.Now().Add(filling)
		return d.all
	}
	d.all, d.due = asked, d.Clock.Now().Add(fresh)
	return asked
}

// Names are those of every organisation, full and short.
func (d *Directory) Names(ctx context.Context) ([]text.Words, error) {
	var names []text.Words
	for _, o := range d.Organisations(ctx) {
		names = append(names, o.Name, o.ShortName)
	}
	return names, nil
}

// Organisation is one with its departments; its code alone when НИСУР is away.
func (d *Directory) Organisation(ctx context.Context, code string) workforceapi.Organisation {
	d.mu.Lock()
	k, ok := d.whole[code]
	d.mu.Unlock()
	if ok && d.Clock.Now().Before(k.due) {
		return k.organisation
	}
	o, err := d.Workforce.Organisation(ctx, code)
	next := kept{o, d.Clock.Now().Add(fresh)}
	if err != nil {
		next = kept{k.organisation, d.Clock.Now().Add(retry)}
		next.organisation.Code = code
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.whole == nil || len(d.whole) > 5000 { // codes come from outside: bounded
		d.whole = map[string]kept{}
	}
	d.whole[code] = next
	return next.organisation
}

// Staff is who works in the organisation today; nobody when НИСУР is away and
// there is no copy.
func (d *Directory) Staff(ctx context.Context, code string) []workforceapi.Post {
	d.mu.Lock()
	k, ok := d.staff[code]
	d.mu.Unlock()
	if ok && d.Clock.Now().Before(k.due) {
		return k.posts
	}
	posts, err := d.Workforce.Staff(ctx, code)
	next := staffed{posts, d.Clock.Now().Add(fresh)}
	if err != nil {
		next = staffed{k.posts, d.Clock.Now().Add(retry)}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.staff == nil || len(d.staff) > 5000 {
		d.staff = map[string]staffed{}
	}
	d.staff[code] = next
	return next.posts
}

// Known is the name of an organisation in Russian without asking anybody; its
// code when there is no copy.
func (d *Directory) Known(code string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.all {
		if o.Code == code {
			return o.ShortName.RU
		}
	}
	return code
}

// Name is an organisation's short name; its code when nothing is known of it.
func Name(all []workforceapi.Organisation, code string) text.Words {
	for _, o := range all {
		if o.Code == code && o.ShortName.RU != "" {
			return o.ShortName
		}
	}
	return text.Same(code)
}

// Department is "18 · Терапевтическое отделение"; the code alone if there is no name.
func Department(o workforceapi.Organisation, code string, l text.Lang) string {
	for _, d := range o.Departments {
		if d.Code == code {
			return code + " · " + d.Name.In(l)
		}
	}
	return code
}
