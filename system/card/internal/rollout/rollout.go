// Package rollout follows how hospitals move over to the card (MC-8): the
// schedule of the ministry's order as dated lines with their source, training
// with attendance, the state of each organisation by region and level with what
// fell behind at the top, and reminders to those responsible. It shows no
// patient.
package rollout

import (
	"context"
	"database/sql"
	_ "embed" // the schedule
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Parts of the schedule.
const (
	Stage = "stage"
	Duty  = "duty"
)

// Lines that deadlines of an organisation's state follow.
const (
	lineResponsible = "duty-responsible"
	lineTransition  = "duty-transition"
	lineForm        = "duty-form"
)

// Formats of training and introduction.
var Formats = []string{"online", "onsite", "mixed", "conference"}

// Line is one line of the schedule in one version.
type Line struct {
	Line        string
	Version     int
	Part        string
	Stage       int
	Beside      string // the line that this is another reading of
	Regions     []string
	Level       string
	Whom        text.Words
	Responsible text.Words
	Format      string
	From, Until clock.Date // zero: the document does not say
	Source      string
	Reason      string
	ChangedAt   time.Time
	ChangedBy   string
	ChangedName string
}

// For says whether the line is about the organisation: national ones have their
// own, the others go by region.
func (l Line) For(o workforceapi.Organisation) bool {
	if l.Level != "" {
		return l.Level == o.Level
	}
	return o.Level != "national" && slices.Contains(l.Regions, RegionOf(o.Region))
}

// Over says whether the last day has passed.
func (l Line) Over(today clock.Date) bool { return !l.Until.IsZero() && l.Until.Before(today) }

//go:embed schedule.csv
var schedule string

// Seed writes the schedule and the deadlines that come with the product. Lines
// that are there stay, however they were changed.
func Seed(ctx context.Context, d *db.DB, now time.Time) error {
	if err := monitor.Seed(ctx, d, now); err != nil {
		return err
	}
	lines, err := parse(schedule)
	if err != nil {
		return err
	}
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, l := range lines {
			l.ChangedAt = now
			if _, err := insertLine(ctx, tx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

func parse(file string) ([]Line, error) {
	in := csv.NewReader(strings.NewReader(file))
	in.Comma, in.LazyQuotes = ';', true
	rows, err := in.ReadAll()
	if err != nil {
		return nil, err
	}
	var lines []Line
	for _, r := range rows[1:] {
		stage, err := strconv.Atoi(r[2])
		if err != nil {
			return nil, err
		}
		lines = append(lines, Line{
			Line: r[0], Version: 1, Part: r[1], Stage: stage, Beside: r[3], Regions: strings.Fields(r[4]), Level: r[5],
			Whom: text.Words{KY: r[6], RU: r[7], EN: r[8]}, Responsible: text.Words{KY: r[9], RU: r[10], EN: r[11]},
			Format: r[12], From: db.Date(r[13]), Until: db.Date(r[14]), Source: r[15],
		})
	}
	return lines, nil
}

// Change is a new version of a line.
type Change struct {
	Line        string
	Version     int // that the change was made from
	From, Until clock.Date
	Format      string
	Responsible text.Words
	Source      string
	Reason      string
}

// Reschedule writes the next version of the line; the former ones stay to be
// read. Of two who change one version at once, one wins.
func Reschedule(ctx context.Context, d *desk.Desk, c Change) error {
	if !c.From.IsZero() && !c.Until.IsZero() && c.Until.Before(c.From) {
		return fail.Fields(fail.Finding{Field: "until", Key: "card.rollout.until_before"})
	}
	staff := desk.Of(ctx)
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		versions, err := history(ctx, tx, c.Line)
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		l := versions[0]
		if l.Version != c.Version {
			return fail.New(fail.Conflict, "card.rollout.changed_meanwhile")
		}
		l.Version++
		l.From, l.Until, l.Format, l.Responsible, l.Source, l.Reason = c.From, c.Until, c.Format, c.Responsible, c.Source, c.Reason
		l.ChangedAt, l.ChangedBy, l.ChangedName = d.Clock.Now(), staff.PIN, staff.Name
		written, err := insertLine(ctx, tx, l)
		if err == nil && !written {
			return fail.New(fail.Conflict, "card.rollout.changed_meanwhile")
		}
		return err
	})
}
