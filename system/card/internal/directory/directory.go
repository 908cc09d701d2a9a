// Package directory is the card's copy of НИСУР: organisations, their
// departments and beds. The ward goes on while НИСУР is away.
package directory

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Kinds of organisations that work with the card: a hospital keeps case
// histories, a clinic of primary care (центр семейной медицины) with its
// antenatal clinic the exchange cards of pregnant women.
const (
	Hospital = "hospital"
	Clinic   = "outpatient"
)

// Works says whether organisations of the kind work with the card.
func Works(kind string) bool { return kind == Hospital || kind == Clinic }

// Directory reads the copy and brings it up to date.
type Directory struct {
	DB        *db.DB
	Clock     clock.Clock
	Log       *slog.Logger
	Workforce workforceapi.API

	mu      sync.Mutex
	doctors map[string]staffList // by organisation
	places  map[string]Place     // by organisation
	read    map[string]reading   // by organisation, what its row last said
	heads   map[string]time.Time // by organisation, when the copy of its heads was made, as this process knows it
}

// reading is a row of the copy and what it says.
type reading struct {
	data string
	says workforceapi.Organisation
}

// Organisation is one organisation with departments and beds: from the copy,
// or from НИСУР when the copy has none yet. Its departments and beds are shared
// with other readers: they are not to be changed.
func (d *Directory) Organisation(ctx context.Context, code string) (workforceapi.Organisation, error) {
	o, err := d.load(ctx, code)
	if !errors.Is(err, sql.ErrNoRows) {
		return o, db.Explain(err)
	}
	o, err = d.Workforce.Organisation(ctx, code)
	if err != nil {
		return o, err
	}
	_, err = d.save(ctx, o)
	return o, err
}

// Organisations are all of the copy that work today, sorted by code.
func (d *Directory) Organisations(ctx context.Context) ([]workforceapi.Organisation, error) {
	all, err := loadAll(ctx, d.DB.Read)
	today := clock.DateOf(d.Clock.Now())
	return slices.DeleteFunc(all, func(o workforceapi.Organisation) bool { return !o.Closed.IsZero() && !today.Before(o.Closed) }), err
}

// Name is the organisation's short name; the code itself when nothing is known of it.
func (d *Directory) Name(ctx context.Context, code string) text.Words {
	o, err := d.load(ctx, code)
	switch {
	case err != nil || (o.ShortName.RU == "" && o.Name.RU == ""):
		return text.Same(code)
	case o.ShortName.RU == "":
		return o.Name
	}
	return o.ShortName
}

// Names are those of all organisations of the copy, full and short, also of those
// that are closed: for what was written while they worked.
func (d *Directory) Names(ctx context.Context) ([]text.Words, error) {
	all, err := loadAll(ctx, d.DB.Read)
	names := make([]text.Words, 0, 2*len(all))
	for _, o := range all {
		names = append(names, o.Name, o.ShortName)
	}
	return names, err
}

// Department finds a department of the organisation.
func Department(o workforceapi.Organisation, code string) (workforceapi.Department, bool) {
	for _, d := range o.Departments {
		if d.Code == code {
			return d, true
		}
	}
	return workforceapi.Department{}, false
}

// DepartmentName is the department's name; its code when nothing is known of it.
func DepartmentName(o workforceapi.Organisation, code string) text.Words {
	if d, ok := Department(o, code); ok {
		return d.Name
	}
	return text.Same(code)
}

// Report is what a Sync did.
type Report struct {
	Organisations int // in НИСУР
	Changed       int // brought up to date
	Failed        int // could not be fetched: the copy stays as it was
}

// Sync copies НИСУР. Doing it again changes nothing. An organisation that
// cannot be fetched keeps its copy and is reported with the first error.
func (d *Directory) Sync(ctx context.Context) (Report, error) {
	all, err := d.Workforce.Organisations(ctx)
	if err != nil {
		return Report{}, err
	}
	report := Report{Organisations: len(all)}
	var first error
	for _, o := range all {
		if Works(o.Kind) {
			whole, err := d.Workforce.Organisation(ctx, o.Code)
			if err != nil {
				report.Failed++
				if first == nil && !fail.Is(err, fail.NotFound) {
					first = err
				}
				continue
			}
			o = whole
		}
		changed, err := d.save(ctx, o)
		if err != nil {
			return report, err
		}
		if changed {
			report.Changed++
		}
	}
	return report, first
}
