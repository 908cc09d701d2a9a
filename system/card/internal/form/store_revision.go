package form

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// next takes the next sequence: the hospital's, or at a node that of its ranges.
// The row stays locked until the transaction ends; a rollback gives the sequence
// back. first are writes that go before it.
func next(ctx context.Context, tx db.Querier, organisation, department string, year int, first []db.Question) (sequence int, err error) {
	taken := false
	err = db.Send(ctx, tx, append(first, db.Question{
		Query: `INSERT INTO form_sequence (organisation, department, year, last)
			SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT), 1 WHERE NOT EXISTS (SELECT 1 FROM node_self)
			ON CONFLICT (organisation, department, year) DO UPDATE SET last = form_sequence.last + 1 WHERE form_sequence.last < $4
			RETURNING last`,
		Args: []any{organisation, department, year, LastSequence},
		Each: func(row db.Row) error {
			taken = true
			return row.Scan(&sequence)
		},
	})...)
	if err != nil || taken {
		return sequence, err
	}
	sequence, node, err := number.Next(ctx, tx, organisation, department, year)
	if !node && err == nil {
		return 0, errOverflow(department)
	}
	return sequence, err
}

// Peek is the sequence that would be given now, without taking it.
func Peek(ctx context.Context, q db.Querier, organisation, department string, year int) (int, error) {
	var last int
	err := q.QueryRowContext(ctx, `SELECT last FROM form_sequence WHERE organisation = $1 AND department = $2 AND year = $3`,
		organisation, department, year).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		last, err = number.Peek(ctx, q, organisation, department, year)
	}
	return last + 1, err
}

func insertForm(n Number, stayID string, year int, at time.Time, by string) db.Question {
	return db.Write(`INSERT INTO form (number, stay_id, organisation, department, year, sequence, state, issued_at, issued_by)
		VALUES ($1, $2, $3, $4, $5, $6, 'valid', $7, $8)`,
		n.String(), stayID, n.Organisation, n.Department, year, n.Sequence, db.Micros(at), by)
}

func insertRevision(stayID string, s Sheet, requestID string, at time.Time, by string) ([]db.Question, error) {
	content, err := json.Marshal(s.Case)
	if err != nil {
		return nil, err
	}
	sheet, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return []db.Question{
		db.Write(`INSERT INTO treated_case (number, revision, stay_id, content, request_id, state, created_at, created_by)
			VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7)`,
			s.Case.Number, s.Case.Revision, stayID, string(content), requestID, db.Micros(at), by),
		db.Write(`INSERT INTO form_sheet (number, revision, content) VALUES ($1, $2, $3)`,
			s.Case.Number, s.Case.Revision, string(sheet)),
	}, nil
}

const formColumns = `number, stay_id, organisation, state, void_reason, voided_at, voided_by, issued_at, issued_by`

// Forms are those of a stay, the newest first: at most one of them is valid.
func Forms(ctx context.Context, q db.Querier, stayID string) ([]Issued, error) {
	return db.List(ctx, q, scanForm, `SELECT `+formColumns+` FROM form WHERE stay_id = $1 ORDER BY issued_at DESC, number DESC`, stayID)
}

// Valid is the valid form of the stay; ok is false when there is none.
func Valid(ctx context.Context, q db.Querier, stayID, lock string) (f Issued, ok bool, err error) {
	f, err = scanForm(q.QueryRowContext(ctx, `SELECT `+formColumns+` FROM form WHERE stay_id = $1 AND state = 'valid'`+lock, stayID))
	if errors.Is(err, sql.ErrNoRows) {
		return Issued{}, false, nil
	}
	return f, err == nil, db.Explain(err)
}

func scanForm(row db.Row) (Issued, error) {
	var f Issued
	var voided, issued int64
	err := row.Scan(&f.Number, &f.StayID, &f.Organisation, &f.State, &f.VoidReason, &voided, &f.VoidedBy, &issued, &f.IssuedBy)
	f.VoidedAt, f.IssuedAt = db.Time(voided), db.Time(issued)
	return f, err
}

func markVoid(ctx context.Context, tx db.Querier, number, reason, by string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE form SET state = 'voided', void_reason = $2, voided_at = $3, voided_by = $4 WHERE number = $1`,
		number, reason, db.Micros(at), by)
	return err
}

const revisionColumns = `number, revision, stay_id, content, request_id, state, decision, created_at, created_by, decided_at`

// Revisions of a form, the newest first.
func Revisions(ctx context.Context, q db.Querier, number string) ([]Revision, error) {
	return db.List(ctx, q, scanRevision, `SELECT `+revisionColumns+` FROM treated_case WHERE number = $1 ORDER BY revision DESC`, number)
}

// RevisionOf is one revision; fail.NotFound if there is none.
func RevisionOf(ctx context.Context, q db.Querier, ref Ref, lock string) (Revision, error) {
	r, err := scanRevision(q.QueryRowContext(ctx, `SELECT `+revisionColumns+` FROM treated_case WHERE number = $1 AND revision = $2`+lock,
		ref.Number, ref.Revision))
	if errors.Is(err, sql.ErrNoRows) {
		return Revision{}, fail.New(fail.NotFound, "card.form.no_form")
	}
	return r, db.Explain(err)
}

// Latest is the newest revision of the form; ok is false when there is none.
func Latest(ctx context.Context, q db.Querier, number, lock string) (r Revision, ok bool, err error) {
	r, err = scanRevision(q.QueryRowContext(ctx, `SELECT `+revisionColumns+` FROM treated_case WHERE number = $1
		AND revision = (SELECT MAX(revision) FROM treated_case WHERE number = $1)`+lock, number))
	if errors.Is(err, sql.ErrNoRows) {
		return Revision{}, false, nil
	}
	return r, err == nil, db.Explain(err)
}

func scanRevision(row db.Row) (Revision, error) {
	var r Revision
	var content, decision string
	var created, decided int64
	err := row.Scan(&r.Number, &r.Revision, &r.StayID, &content, &r.RequestID, &r.State, &decision, &created, &r.CreatedBy, &decided)
	if err != nil {
		return Revision{}, err
	}
	r.CreatedAt, r.DecidedAt = db.Time(created), db.Time(decided)
	if err := json.Unmarshal([]byte(content), &r.Case); err != nil {
		return Revision{}, err
	}
	if decision != "" {
		r.Decision = new(insuranceapi.Decision)
		return r, json.Unmarshal([]byte(decision), r.Decision)
	}
	return r, nil
}

// SheetOf is the form of the revision as it was given.
func SheetOf(ctx context.Context, q db.Querier, ref Ref) (Sheet, error) {
	var s Sheet
	var content string
	err := q.QueryRowContext(ctx, `SELECT content FROM form_sheet WHERE number = $1 AND revision = $2`, ref.Number, ref.Revision).Scan(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return s, fail.New(fail.NotFound, "card.form.no_form")
	}
	if err != nil {
		return s, db.Explain(err)
	}
	return s, json.Unmarshal([]byte(content), &s)
}

// SetDecision writes the fund's answer to a revision that the caller has locked.
func SetDecision(ctx context.Context, tx db.Querier, ref Ref, d insuranceapi.Decision, at time.Time) error {
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE treated_case SET state = $3, decision = $4, decided_at = $5 WHERE number = $1 AND revision = $2`,
		ref.Number, ref.Revision, string(d.State), string(data), db.Micros(at))
	return err
}
