// Package formregister is the register of forms 066/у of an organisation: found
// by period, department, doctor, state, diagnosis, outcome and number, exported
// with a reason, and summed up by month and department. What it sums up is what
// it lists: the totals are made of the register's own rows.
package formregister

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// States of a form as the register shows them.
const (
	Sent     = "sent" // on its way to the fund
	Accepted = "accepted"
	Returned = "returned"
	Void     = "void"
)

// States are all of them.
var States = []string{Sent, Accepted, Returned, Void}

var (
	// readers open the register: those who keep forms.
	readers = []workforceapi.Role{workforceapi.Statistician, workforceapi.Head}
	// summers see the summary, which names nobody.
	summers = []workforceapi.Role{workforceapi.Statistician, workforceapi.Head, workforceapi.Chief, workforceapi.Manager}
)

// pageSize is how many rows a page shows.
const pageSize = 50

// Filter says which forms; zero values leave a side open.
type Filter struct {
	From, Until clock.Date // days of discharge, both included
	Department  string
	Doctor      string // id of a stay that the doctor attended: opaque in an address
	State       string
	Code        string // of the final main diagnosis, or its beginning
	Outcome     string
	Number      string // of the form, or its beginning
	Find        string // id under which Code and Number are kept: they stand in no address
}

// Row is one form.
type Row struct {
	Number, StayID, State string
	Nth                   int // of the stay's forms, 0 the first
	VoidReason            string
	Replaces, ReplacedBy  string // the forms of the same stay before and after
	Department            string
	AdmittedAt            time.Time
	DischargedAt          time.Time
	PatientPIN, Patient   string
	Doctor                string
	Outcome, Result       string
	Code, Diagnosis       string // final main, post-mortem of the dead
	Revision              int
}

// BedDays of the stay as form 066/у counts them.
func (r Row) BedDays() int { return form.BedDays(r.AdmittedAt, r.DischargedAt) }

// cursor is the place after a row; rows go from the newest discharge back. It
// stands in an address, where no number of a form may: it names the form by its
// stay and which of the stay's forms it is.
func (r Row) cursor() string { return r.StayID + "." + strconv.Itoa(r.Nth) }

// own bounds the filter to what the post opens: a head's department.
func own(ctx context.Context, f Filter) Filter {
	if post := desk.Of(ctx).Post; post.Role == workforceapi.Head && post.Department != "" {
		f.Department = post.Department
	}
	return f
}

// List is a page of the register after the cursor, "" for the first; more says
// that there is another page. Whoever stands in it is recorded as seen.
func List(ctx context.Context, d *desk.Desk, f Filter, after string) (found []Row, more bool, err error) {
	found, err = rows(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, own(ctx, f), after, pageSize+1)
	if err != nil {
		return nil, false, err
	}
	if more = len(found) > pageSize; more {
		found = found[:pageSize]
	}
	pins := make([]string, 0, len(found))
	for _, r := range found {
		if !slices.Contains(pins, r.PatientPIN) {
			pins = append(pins, r.PatientPIN)
		}
	}
	return found, more, d.SeenAll(ctx, pins, "forms.read")
}

// Tally is how many forms the filter finds by state, whichever state it asks for.
func Tally(ctx context.Context, d *desk.Desk, f Filter) (map[string]int, error) {
	return tallied(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, own(ctx, f))
}

// batch is how many rows are read at a time on the way out.
const batch = 500

// Export hands every row of the filter to each, the newest first, in batches
// that hold no transaction open. The reason and every person are recorded before
// the batch is handed out, so nothing leaves unrecorded.
func Export(ctx context.Context, d *desk.Desk, f Filter, reason string, each func(Row) error) error {
	if strings.TrimSpace(reason) == "" {
		return fail.Fields(fail.Finding{Field: "reason", Key: "kit.field.required"})
	}
	f = own(ctx, f)
	staff, after := desk.Of(ctx), ""
	for {
		found, err := rows(ctx, d.DB.Read, staff.Post.Organisation, f, after, batch)
		if err != nil || len(found) == 0 {
			return err
		}
		records := make([]audit.Record, len(found))
		for i, r := range found {
			records[i] = audit.Record{
				Subject: r.PatientPIN, ActorPIN: staff.PIN, ActorName: staff.Name, ActorRole: staff.Post.Title.RU,
				Organisation: staff.Post.OrganisationName.RU, Via: "card", Action: "forms.export", Purpose: reason, Object: r.Number,
			}
		}
		err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return audit.AddMany(ctx, tx, d.Clock, records) })
		if err != nil {
			return err
		}
		for _, r := range found {
			if err := each(r); err != nil {
				return err
			}
		}
		if len(found) < batch {
			return nil
		}
		after = found[len(found)-1].cursor()
	}
}
