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
	Stage   string
	Rank    string
	Value   string
	Typed   string
	Note    string // the doctor's own wording; "" is the name of the code
	At      time.Time
	Instead string // ID of the diagnosis of this stage that it is written instead of, "" none
	Why     string // it is changed; asked for when there is one that it stands instead of
}

// Make writes a diagnosis. The same one again changes nothing. With Instead it is
// a change: the diagnosis that stood is ended, with the reason and what stands now,
// in the same transaction. A second main diagnosis of a stage is refused: the one
// that stands must be seen and changed.
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
		known, err := Of(ctx, tx, stayID)
		if err != nil {
			return err
		}
		ended, same, err := in.meets(known, code)
		if err != nil || same {
			return err
		}
		staff, made := desk.Of(ctx), Diagnosis{ID: id.New(), Stage: in.Stage, Rank: in.Rank, Code: code.Code, Text: in.words(code), At: in.At}
		for _, old := range ended { // first: the database lets one main diagnosis of a stage stand
			if err := end(ctx, tx, old.ID, staff.PIN, staff.Name, d.Clock.Now(), in.Why, made.ID); err != nil {
				return err
			}
		}
		made.ByName = staff.Name
		if err := insert(ctx, tx, stayID, made, staff.PIN); err != nil {
			return err
		}
		done := "diagnosis.write"
		if len(ended) > 0 {
			done = "diagnosis.change"
		}
		return d.Seen(ctx, tx, h.PatientPIN, done, stayID)
	})
	if db.Unique(err) { // somebody who did not lock the stay was first
		return fail.Fields(fail.Finding{Field: "why", Key: "card.diagnosis.changed_meanwhile"})
	}
	return err
}

func (in Making) words(code icd.Code) string {
	if in.Note != "" {
		return in.Note
	}
	return code.Name
}

// meets is what the diagnosis meets among those of the stay: those that end because
// it stands instead; same, when it stands already and nothing is to be written.
func (in Making) meets(known []Diagnosis, code icd.Code) (ended []Diagnosis, same bool, err error) {
	standing := slices.DeleteFunc(slices.Clone(known), func(k Diagnosis) bool { return !k.EndedAt.IsZero() || k.Stage != in.Stage })
	seen := slices.ContainsFunc(standing, func(k Diagnosis) bool { return k.ID == in.Instead })
	for _, k := range standing {
		equal := k.Code == code.Code && k.Rank == in.Rank
		switch {
		case equal && !seen && (in.Instead == "" || k.Text == in.words(code)): // sent twice, too
			return nil, true, nil
		case equal && k.ID == in.Instead && k.Text == in.words(code):
			return nil, true, nil
		case k.ID == in.Instead:
			ended = append(ended, k)
		case k.Rank == "main" && in.Rank == "main":
			return nil, false, fail.Fields(fail.Finding{Field: "why", Key: "card.diagnosis.second_main", Args: fail.Args("Code", k.Code, "Name", k.ByName, "At", text.Moment(k.At))})
		case k.Code == code.Code && seen: // what stood beside it takes its place
			ended = append(ended, k)
		case k.Code == code.Code:
			return nil, false, fail.Fields(fail.Finding{Field: "icd", Key: "card.diagnosis.stands_otherwise", Args: fail.Args("Code", k.Code)})
		}
	}
	if in.Instead != "" && !seen {
		return nil, false, fail.Fields(fail.Finding{Field: "why", Key: "card.diagnosis.changed_meanwhile"})
	}
	return ended, false, nil
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
	if in.Instead != "" && in.Why == "" {
		findings = append(findings, fail.Finding{Field: "why", Key: "card.diagnosis.why_missing"})
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
		staff := desk.Of(ctx)
		if err := end(ctx, tx, diagnosisID, staff.PIN, staff.Name, d.Clock.Now(), "", ""); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "diagnosis.withdraw", stayID)
	})
}
