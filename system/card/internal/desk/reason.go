package desk

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Oversight is the purpose of a chief physician who reads: they treat nobody, so
// they say why before a stay opens.
const Oversight = "oversight"

// ActionReason is recorded when a reason was given.
const ActionReason = "stay.reason"

// Reasons are why a chief physician may read a stay.
var Reasons = []string{"quality", "complaint", "incident", "council"}

// reasonHolds is how long a reason opens its stay: a working day.
const reasonHolds = 12 * time.Hour

const mostNote = 500

// ReasonAddress is where the reason is asked for.
func ReasonAddress(stayID string) string { return "/stays/" + url.PathEscape(stayID) + "/reason" }

// needsReason says that the page is one of a stay and its reader no part of the
// treatment.
func needsReason(staff Staff, pattern string) bool {
	_, path, _ := strings.Cut(pattern, " ")
	return staff.Post.Role == workforceapi.Chief && strings.HasPrefix(path, "/stays/{id}") && path != "/stays/{id}/reason"
}

func (d *Desk) reasoned(ctx context.Context, stayID string) (bool, error) {
	return reasonSince(ctx, d.DB.Read, stayID, Of(ctx).PIN, d.Clock.Now().Add(-reasonHolds))
}

// GiveReason opens a stay of the reader's own hospital to them for a working day.
// The patient sees in the portal who reads and why.
func (d *Desk) GiveReason(ctx context.Context, stayID, reason, note string) error {
	if !slices.Contains(Reasons, reason) {
		return fail.Fields(fail.Finding{Field: "reason", Key: "kit.field.required"})
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		patient, err := patientOf(ctx, tx, stayID, Of(ctx).Post.Organisation)
		if errors.Is(err, sql.ErrNoRows) {
			return fail.New(fail.NotFound, "card.stay.not_found")
		}
		if err != nil {
			return err
		}
		if err := insertReason(ctx, tx, id.New(), stayID, Of(ctx).PIN, reason, note, d.Clock.Now()); err != nil {
			return err
		}
		record := access(ctx, patient, ActionReason, stayID)
		record.Purpose = Oversight + "." + reason
		return audit.Add(ctx, tx, d.Clock, record)
	})
}

// HasStay says whether the stay is one of the reader's hospital.
func (d *Desk) HasStay(ctx context.Context, stayID string) error {
	_, err := patientOf(ctx, d.DB.Read, stayID, Of(ctx).Post.Organisation)
	if errors.Is(err, sql.ErrNoRows) {
		return fail.New(fail.NotFound, "card.stay.not_found")
	}
	return err
}
