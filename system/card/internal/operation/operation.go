// Package operation is the operations of a stay with anaesthesia, complications
// and protocol, signed when written.
package operation

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Anaesthesia of an operation; "none" too is said, not left out.
var Anaesthesia = []string{"none", "local", "regional", "spinal", "general"}

// Operation is one version of what was done; it is signed when written.
type Operation struct {
	ID           string
	Root         string
	Version      int
	Reason       string
	At           time.Time
	Code         string
	Name         string
	Side         string // of the body, one of consent.Sides; "" not said
	Anaesthesia  string
	Complication string
	Protocol     string
	SurgeonPIN   string
	SurgeonName  string
	ByPIN        string
	ByName       string
	SignedAt     time.Time
	Former       []Operation // the newest first

	EndedAt           time.Time // zero: not said
	Assistants        string
	Anaesthetist      string
	AnaesthesiaRecord string // course of the anaesthesia
}

func (o Operation) author() string {
	if n := len(o.Former); n > 0 {
		return o.Former[n-1].ByPIN
	}
	return o.ByPIN
}

// Operating is an operation to be written, or a correction of one (Root).
type Operating struct {
	Once   string
	Root   string // "" for a new one
	Seen   int    // the version that is corrected
	Reason string // of the correction
	// Despite is the side that the signed consent names, as the page told it, when the
	// protocol is right all the same; "" for nothing told.
	Despite string
	Operation
}

// Operate writes and signs an operation, or a corrected version of one.
func Operate(ctx context.Context, d *desk.Desk, stayID string, in Operating) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	of, _, err := d.Procedures.FindOn(ctx, in.Code, clock.DateOf(in.At)) // a code that the table lacks says nothing of sides
	if err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := holdFor(ctx, d, tx, stayID, in.Root)
		if err != nil {
			return err
		}
		staff, now := desk.Of(ctx), d.Clock.Now()
		o, action := in.Operation, "operations.write"
		o.ID, o.Root, o.Version, o.Reason = in.Once, in.Once, 1, ""
		o.ByPIN, o.ByName, o.SignedAt = staff.PIN, staff.Name, now
		findings := o.check(h, now, of.Paired)
		if in.Root != "" {
			last, err := FindOperation(ctx, tx, stayID, in.Root)
			if err != nil {
				return err
			}
			if err := writing.MayCorrect(staff, last.author()); err != nil {
				return err
			}
			if last.ID == in.Once && last.same(o) {
				return nil // sent twice
			}
			if last.Version != in.Seen {
				return fail.New(fail.Conflict, "card.history.corrected_meanwhile")
			}
			findings = append(findings, writing.Required("reason", in.Reason)...)
			o.Root, o.Version, o.Reason, action = in.Root, last.Version+1, in.Reason, "operations.correct"
		}
		against, err := consent.AgainstIn(ctx, tx, stayID, o.Side)
		if err != nil {
			return err
		}
		if against != "" && in.Despite != against {
			findings = append(findings, fail.Finding{Field: "despite", Key: "card.side.against." + against}) // text: card.side.against.*
		} else if against != "" {
			action = "operations.despite"
		}
		if err := writing.Invalid(findings); err != nil {
			return err
		}
		fresh, err := insertOperation(ctx, tx, stayID, o)
		if err != nil {
			return err
		}
		if !fresh {
			before, err := FindOperation(ctx, tx, stayID, in.Once)
			if err != nil {
				return err
			}
			return writing.Fresh(fresh, before.same(o))
		}
		return d.Seen(ctx, tx, h.PatientPIN, action, stayID)
	})
}

// holdFor: new operations need an open stay, corrections do not.
func holdFor(ctx context.Context, d *desk.Desk, tx *sql.Tx, stayID, root string) (writing.Held, error) {
	if root == "" {
		return writing.HoldOpen(ctx, d, tx, stayID)
	}
	return writing.Hold(ctx, d, tx, stayID)
}

// check says what is wrong; paired, that the operation is of what stands left and
// right.
func (o Operation) check(h writing.Held, now time.Time, paired bool) []fail.Finding {
	findings := h.Moment(o.At, now)
	findings = append(findings, writing.Required("operation", o.Name)...)
	findings = append(findings, writing.Required("code", o.Code)...)
	findings = append(findings, writing.Required("surgeon", o.SurgeonPIN)...)
	if !o.EndedAt.IsZero() && (o.EndedAt.Before(o.At) || o.EndedAt.After(now)) {
		findings = append(findings, fail.Finding{Field: "ended_at", Key: "card.operations.ended_wrong"})
	} else if !h.DischargedAt.IsZero() && o.EndedAt.After(h.DischargedAt) {
		findings = append(findings, fail.Finding{Field: "ended_at", Key: "card.history.at_after_discharge", Args: fail.Args("At", text.Moment(h.DischargedAt))})
	}
	if o.Anaesthesia == "general" || o.Anaesthesia == "spinal" {
		findings = append(findings, writing.Required("anaesthetist", o.Anaesthetist)...)
	}
	findings = append(findings, writing.OneOf("anaesthesia", o.Anaesthesia, Anaesthesia)...)
	if o.Side != "" {
		findings = append(findings, writing.OneOf("side", o.Side, consent.Sides)...)
	} else if paired {
		findings = append(findings, fail.Finding{Field: "side", Key: "card.side.needed"})
	}
	return append(findings, writing.Required("protocol", o.Protocol)...)
}

// same says that both tell the same, whoever wrote them and when.
func (o Operation) same(p Operation) bool {
	return o.Code == p.Code && o.Name == p.Name && o.Side == p.Side && o.Anaesthesia == p.Anaesthesia && o.Complication == p.Complication && o.Protocol == p.Protocol &&
		o.SurgeonPIN == p.SurgeonPIN && o.Assistants == p.Assistants && o.Anaesthetist == p.Anaesthetist && o.AnaesthesiaRecord == p.AnaesthesiaRecord &&
		db.Micros(o.At) == db.Micros(p.At) && db.Micros(o.EndedAt) == db.Micros(p.EndedAt)
}
