package department

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
)

// Codes of what is recorded.
const (
	ActionOpen     = "department.open"
	ActionEdit     = "department.edit"
	ActionClose    = "department.close"
	ActionBeds     = "department.beds"
	ActionBedClose = "department.bed-close"
)

// Bounds of a room: the largest wards have some twenty beds.
const (
	maxBeds = 30
	maxRoom = 10 // characters
)

// Open opens a department from the day d.From; its id.
func (b Book) Open(ctx context.Context, d Department, by change.Actor) (string, error) {
	wrong := d.check()
	wrong = append(wrong, b.checkDay("from", d.From)...)
	if len(wrong) > 0 {
		return "", fail.Fields(wrong...)
	}
	d.ID, d.Version = id.New(), 1
	return d.ID, b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, d.Organisation); err != nil {
			return err
		}
		all, err := All(ctx, tx, d.Organisation)
		if err != nil {
			return err
		}
		if err := CodeFree(all, d.Code, d.From); err != nil {
			return err
		}
		if err := insert(ctx, tx, d); err != nil {
			return err
		}
		return b.note(ctx, tx, d, ActionOpen, by, change.Diff(nil, d.values()))
	})
}

// Edit changes the department's names and profile. version is the one that was
// read; fail.Conflict "workforce.edit.changed" when somebody was first.
func (b Book) Edit(ctx context.Context, organisation, departmentID string, version int64, by change.Actor, edit func(d *Department)) error {
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before, err := b.begin(ctx, tx, organisation, departmentID, version)
		if err != nil {
			return err
		}
		after := before
		edit(&after)
		after.Code, after.From, after.Until, after.Version = before.Code, before.From, before.Until, version+1
		if wrong := after.check(); len(wrong) > 0 {
			return fail.Fields(wrong...)
		}
		fields := change.Diff(before.values(), after.values())
		if len(fields) == 0 {
			return fail.New(fail.Conflict, "workforce.edit.nothing")
		}
		if err := update(ctx, tx, after); err != nil {
			return err
		}
		return b.note(ctx, tx, after, ActionEdit, by, fields)
	})
}

// Close closes the department and its beds from the day. Staff must have been
// transferred or have left by then.
func (b Book) Close(ctx context.Context, organisation, departmentID string, version int64, until clock.Date, by change.Actor) error {
	if wrong := b.checkDay("until", until); len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before, err := b.begin(ctx, tx, organisation, departmentID, version)
		if err != nil {
			return err
		}
		if until.Before(before.From) || until.Before(b.Today()) {
			return fail.Fields(fail.Finding{Field: "until", Key: "workforce.end.past"})
		}
		staff, err := staffAfter(ctx, tx, organisation, before.Code, until)
		if err != nil {
			return err
		}
		if staff > 0 {
			return fail.New(fail.Conflict, "workforce.department.staffed", "Count", staff)
		}
		after := before
		after.Until, after.Version = until, version+1
		if err := update(ctx, tx, after); err != nil {
			return err
		}
		if err := closeBeds(ctx, tx, departmentID, until); err != nil {
			return err
		}
		return b.note(ctx, tx, after, ActionClose, by, change.Diff(before.values(), after.values()))
	})
}

// AddBeds puts as many new beds into the room from the day. profile is "" for
// that of the department.
func (b Book) AddBeds(ctx context.Context, organisation, departmentID, room string, count int, profile string, from clock.Date, by change.Actor) error {
	wrong := b.checkDay("from", from)
	if room == "" || len([]rune(room)) > maxRoom || strings.ContainsAny(room, "-/ ") {
		wrong = append(wrong, fail.Finding{Field: "room", Key: "workforce.department.room_wrong"})
	}
	if count < 1 || count > maxBeds {
		wrong = append(wrong, fail.Finding{Field: "beds", Key: "workforce.department.beds_wrong", Args: fail.Args("Count", maxBeds)})
	}
	if profile != "" && !knownProfile(profile) {
		wrong = append(wrong, fail.Finding{Field: "profile", Key: "kit.field.choose"})
	}
	if len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, organisation); err != nil {
			return err
		}
		d, err := Find(ctx, tx, organisation, departmentID)
		if err != nil {
			return err
		}
		if !d.Until.IsZero() {
			return fail.New(fail.Conflict, "workforce.department.closed")
		}
		if from.Before(d.From) {
			return fail.Fields(fail.Finding{Field: "from", Key: "workforce.department.before_opening"})
		}
		names, err := addBeds(ctx, tx, d, room, count, profile, from)
		if err != nil {
			return err
		}
		fields := change.Diff(nil, []change.Value{
			{Name: "department", Value: d.Code + " · " + d.Name.RU},
			{Name: "room", Value: room},
			{Name: "beds", Value: strings.Join(names, ", ")},
			{Name: "profile", Value: profile},
			{Name: "from", Value: from.String()},
		})
		return b.note(ctx, tx, d, ActionBeds, by, fields)
	})
}

// CloseBed closes one bed from the day.
func (b Book) CloseBed(ctx context.Context, organisation, departmentID, bedID string, until clock.Date, by change.Actor) error {
	if wrong := b.checkDay("until", until); len(wrong) > 0 {
		return fail.Fields(wrong...)
	}
	return b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := change.Lock(ctx, tx, b.DB, organisation); err != nil {
			return err
		}
		d, err := Find(ctx, tx, organisation, departmentID)
		if err != nil {
			return err
		}
		closed, err := closeBed(ctx, tx, departmentID, bedID, until)
		if err != nil {
			return err
		}
		if !closed {
			return fail.New(fail.Conflict, "workforce.department.bed_closed")
		}
		name := bedID
		for _, bed := range d.Beds {
			if bed.ID == bedID {
				name = bed.Name
			}
		}
		return b.note(ctx, tx, d, ActionBedClose, by, []change.Field{
			{Name: "bed", Before: d.Code + " · " + name},
			{Name: "until", After: until.String()},
		})
	})
}

func (b Book) begin(ctx context.Context, tx *sql.Tx, organisation, departmentID string, version int64) (Department, error) {
	if err := change.Lock(ctx, tx, b.DB, organisation); err != nil {
		return Department{}, err
	}
	d, err := Find(ctx, tx, organisation, departmentID)
	switch {
	case err != nil:
		return d, err
	case d.Version != version:
		return d, fail.New(fail.Conflict, "workforce.edit.changed")
	case !d.Until.IsZero():
		return d, fail.New(fail.Conflict, "workforce.department.closed")
	}
	return d, nil
}

func (b Book) note(ctx context.Context, tx *sql.Tx, d Department, action string, by change.Actor, fields []change.Field) error {
	return change.Add(ctx, tx, b.Clock, change.Change{
		Organisation: d.Organisation, Object: d.object(), Version: d.Version, Action: action, By: by, Fields: fields,
	})
}

// checkDay bounds a day to a year from today, either way.
func (b Book) checkDay(field string, day clock.Date) []fail.Finding {
	var key string
	switch today := b.Today(); {
	case day.IsZero():
		key = "kit.field.required"
	case day.Year < today.Year-1 || day.Year > today.Year+1:
		key = "workforce.add.from_far"
	default:
		return nil
	}
	return []fail.Finding{{Field: field, Key: key}}
}

// bedID is the id of a bed that was never used: ORG-DEPT-ROOM-BED, and with a
// number behind it when a bed of that name was closed before.
func bedID(organisation, code, room string, bed int, used map[string]bool) string {
	first := fmt.Sprintf("%s-%s-%s-%d", organisation, code, room, bed)
	free := first
	for n := 2; used[free]; n++ {
		free = first + "-" + strconv.Itoa(n)
	}
	return free
}
