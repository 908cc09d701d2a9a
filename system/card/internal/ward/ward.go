// Package ward is the floor: beds and who lies in them, beds that are being
// cleaned, and moves from bed to bed and from department to department.
package ward

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// States of a bed. Taken is told by the stay in it, not by the bed.
const (
	Ready    = "ready"
	Cleaning = "cleaning"
	Closed   = "closed" // НИСУР has it no longer
)

// Bed is a bed and who lies in it.
type Bed struct {
	ID         string
	Department string
	Room       string
	Name       string
	State      string
	Taken      *Lying       // nil: nobody
	Reserved   *Reservation // on boards; nil: not kept for anybody
}

// Free says that somebody may be laid there.
func (b Bed) Free() bool { return b.Taken == nil && b.State == Ready }

// Lying is an open stay on the board.
type Lying struct {
	StayID     string
	Patient    patient.Patient // as lists show one: patient.ListColumns
	AdmittedAt time.Time
	Code       string // of the main diagnosis
	Doctor     string
	Isolation  string // one of stay.Isolations, "" for none
}

// Take makes sure that the bed may be used by the department and holds it until
// the transaction ends. Whether somebody lies in it the database itself decides
// when the stay is written. The *fail.Error has a finding for the field "bed".
func Take(ctx context.Context, d *db.DB, tx *sql.Tx, organisation, department, bedID string) error {
	b, ok, err := lockBed(ctx, d, tx, organisation, bedID)
	switch {
	case err != nil:
		return err
	case !ok:
		return bedFinding("card.bed.unknown")
	case b.Department != department:
		return bedFinding("card.bed.other_department")
	case b.State == Cleaning:
		return bedFinding("card.bed.is_cleaned")
	case b.State == Closed:
		return bedFinding("card.bed.is_closed")
	}
	return nil
}

// Taken is the error for a bed that somebody else was given first.
func Taken() error { return bedFinding("card.bed.taken_first") }

func bedFinding(key string) error {
	return fail.Fields(fail.Finding{Field: "bed", Key: key})
}
