package diagnosis

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Making is a new diagnosis. Value and Typed are what the combobox sent.
type Making struct {
	Stage string
	Rank  string
	Value string
	Typed string
	Note  string // the doctor's own wording; "" is the name of the code
	At    time.Time
}

// Make writes a diagnosis. The same one again changes nothing. A second main
// diagnosis of a stage is refused: the first must be withdrawn.
func Make(ctx context.Context, d *desk.Desk, book *icd.Book, stayID string, in Making) error {
	code, codeErr := book.Resolve(ctx, in.Value, in.Typed)
	if codeErr != nil && !fail.Is(codeErr, fail.Invalid) {
		return codeErr
	}
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		if err := in.check(h, d.Clock.Now(), codeErr); err != nil {
			return err
		}
		standing, err := Of(ctx, tx, stayID)
		if err != nil {
			return err
		}
		for _, known := range standing {
			if !known.EndedAt.IsZero() || known.Stage != in.Stage {
				continue
			}
			if known.Code == code.Code && known.Rank == in.Rank {
				return nil
			}
			if known.Rank == "main" && in.Rank == "main" {
				return fail.Fields(fail.Finding{Field: "rank", Key: "card.diagnosis.second_main", Args: fail.Args("Code", known.Code)})
			}
		}
		words := in.Note
		if words == "" {
			words = code.Name
		}
		staff := desk.Of(ctx)
		err = insert(ctx, tx, stayID, Diagnosis{ID: id.New(), Stage: in.Stage, Rank: in.Rank, Code: code.Code, Text: words, At: in.At, ByName: staff.Name}, staff.PIN)
		if err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "diagnosis.write", stayID)
	})
	if db.Unique(err) { // somebody who did not lock the stay was first
		return fail.Fields(fail.Finding{Field: "rank", Key: "card.diagnosis.second_main", Args: fail.Args("Code", "")})
	}
	return err
}

func (in Making) check(h writing.Held, now time.Time, codeErr error) error {
	var findings []fail.Finding
	if !slices.Contains(Stages, in.Stage) {
		findings = append(findings, fail.Finding{Field: "stage", Key: "kit.field.choose"})
	}
	if !slices.Contains(Ranks, in.Rank) {
		findings = append(findings, fail.Finding{Field: "rank", Key: "kit.field.choose"})
	}
	if e := fail.As(codeErr); e != nil {
		findings = append(findings, fail.Finding{Field: "icd", Key: e.Key, Args: e.Args})
	}
	switch {
	case in.At.IsZero():
		findings = append(findings, fail.Finding{Field: "at", Key: "kit.field.required"})
	case in.At.After(now):
		findings = append(findings, fail.Finding{Field: "at", Key: "card.history.at_future", Args: fail.Args("Now", text.Moment(now))})
	case in.Stage != "referral" && in.At.Before(h.AdmittedAt.Truncate(time.Minute)):
		findings = append(findings, fail.Finding{Field: "at", Key: "card.history.at_before_admission", Args: fail.Args("At", text.Moment(h.AdmittedAt))})
	}
	if len(findings) > 0 {
		return fail.Fields(findings...)
	}
	return nil
}

// Withdraw ends a diagnosis; it stays on record. Doing it again changes nothing.
func Withdraw(ctx context.Context, d *desk.Desk, stayID, diagnosisID string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		known, err := Of(ctx, tx, stayID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(known, func(k Diagnosis) bool { return k.ID == diagnosisID })
		if i < 0 {
			return fail.New(fail.NotFound, "card.diagnosis.none_such")
		}
		if !known[i].EndedAt.IsZero() {
			return nil
		}
		if err := end(ctx, tx, diagnosisID, desk.Of(ctx).PIN, d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "diagnosis.withdraw", stayID)
	})
}
