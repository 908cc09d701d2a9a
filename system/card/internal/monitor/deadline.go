package monitor

import (
	"context"
	"database/sql"
	_ "embed" // the deadlines
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Codes of deadlines and of what else is measured by.
const (
	AdmissionHours = "admission_hours"
	EntryHours     = "entry_hours"
	DiaryDays      = "diary_days"
	DraftHours     = "draft_hours"
	FormDays       = "form_days"
	ReturnDays     = "return_days"
	Window         = "window_days"
	SharePercent   = "share_percent"
	RemindDays     = "remind_days"
)

// Codes are all of them, in the order in which pages show them.
var Codes = []string{AdmissionHours, EntryHours, DiaryDays, DraftHours, FormDays, ReturnDays, Window, SharePercent, RemindDays}

// most bounds a value: a year of hours, a year of days, a hundred per cent.
func most(code string) int {
	switch code {
	case AdmissionHours, EntryHours, DraftHours:
		return 8760
	case SharePercent:
		return 100
	}
	return 365
}

// Deadline is a value in force from a day on, with its source.
type Deadline struct {
	Code        string
	From        clock.Date
	Value       int
	Source      string
	ChangedAt   time.Time
	ChangedBy   string // ПИН, "" for what came with the product
	ChangedName string
}

// Deadlines are the values in force on a day.
type Deadlines map[string]int

//go:embed deadlines.csv
var deadlines string

// Seed writes the deadlines that come with the product; those there are stay.
func Seed(ctx context.Context, d *db.DB, now time.Time) error {
	in := csv.NewReader(strings.NewReader(deadlines))
	in.Comma, in.LazyQuotes = ';', true
	lines, err := in.ReadAll()
	if err != nil {
		return err
	}
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, l := range lines[1:] {
			value, err := strconv.Atoi(l[2])
			if err != nil {
				return err
			}
			if _, err := insertDeadline(ctx, tx, Deadline{Code: l[0], From: db.Date(l[1]), Value: value, Source: l[3], ChangedAt: now}); err != nil {
				return err
			}
		}
		return nil
	})
}

// InForce are the values of the day.
func InForce(ctx context.Context, q db.Querier, day clock.Date) (Deadlines, error) {
	all, err := History(ctx, q)
	if err != nil {
		return nil, err
	}
	found := Deadlines{}
	for _, line := range all { // the newest day first
		if _, known := found[line.Code]; !known && !day.Before(line.From) {
			found[line.Code] = line.Value
		}
	}
	return found, nil
}

// SetDeadline puts a value in force from a day on that has not begun before
// today: what was measured stays as it was measured.
func SetDeadline(ctx context.Context, d *desk.Desk, line Deadline) error {
	staff, today := desk.Of(ctx), clock.DateOf(d.Clock.Now())
	var findings []fail.Finding
	if !slices.Contains(Codes, line.Code) {
		findings = append(findings, fail.Finding{Field: "code", Key: "kit.field.choose"})
	}
	if line.Value < 1 || line.Value > most(line.Code) {
		findings = append(findings, fail.Finding{Field: "value", Key: "card.monitor.value_wrong", Args: fail.Args("Most", most(line.Code))})
	}
	if line.From.Before(today) {
		findings = append(findings, fail.Finding{Field: "from", Key: "card.monitor.from_past"})
	}
	if line.Source == "" {
		findings = append(findings, fail.Finding{Field: "source", Key: "kit.field.required"})
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	line.ChangedAt, line.ChangedBy, line.ChangedName = d.Clock.Now(), staff.PIN, staff.Name
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		written, err := insertDeadline(ctx, tx, line)
		if err == nil && !written {
			return fail.Fields(fail.Finding{Field: "from", Key: "card.monitor.from_taken"})
		}
		return err
	})
}
