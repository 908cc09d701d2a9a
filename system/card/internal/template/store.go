package template

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

const columns = `id, department, owner_pin, kind, name, body, changed_at`

func scan(row db.Row) (Template, error) {
	var t Template
	var changed int64
	err := row.Scan(&t.ID, &t.Department, &t.OwnerPIN, &t.Kind, &t.Name, &t.Body, &changed)
	t.ChangedAt = db.Time(changed)
	return t, err
}

func find(ctx context.Context, q db.Querier, organisation, id string) (Template, error) {
	t, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM entry_template WHERE id = $1 AND organisation = $2`, id, organisation))
	if errors.Is(err, sql.ErrNoRows) {
		return t, fail.New(fail.NotFound, NoneSuch)
	}
	return t, db.Explain(err)
}

// offering asks for the department's texts and the doctor's own.
func offering(organisation, department, pin string, into *[]Template) db.Question {
	return db.Question{
		Query: `SELECT ` + columns + ` FROM entry_template
			WHERE organisation = $1 AND (owner_pin = $3 OR (owner_pin = '' AND department = $2))
			ORDER BY CASE WHEN owner_pin = '' THEN 1 ELSE 0 END, name, id`,
		Args: []any{organisation, department, pin},
		Each: func(row db.Row) error {
			t, err := scan(row)
			*into = append(*into, t)
			return err
		},
	}
}

func count(ctx context.Context, q db.Querier, organisation, department, owner string) (int, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM entry_template WHERE organisation = $1 AND department = $2 AND owner_pin = $3`,
		organisation, department, owner).Scan(&n)
	return n, db.Explain(err)
}

func insert(ctx context.Context, tx db.Querier, organisation string, t Template, by string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO entry_template (organisation, `+columns+`, changed_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		organisation, t.ID, t.Department, t.OwnerPIN, t.Kind, t.Name, t.Body, db.Micros(t.ChangedAt), by)
	return err
}

func update(ctx context.Context, tx db.Querier, t Template, by string) error {
	_, err := tx.ExecContext(ctx, `UPDATE entry_template SET kind = $2, name = $3, body = $4, changed_at = $5, changed_by = $6 WHERE id = $1`,
		t.ID, t.Kind, t.Name, t.Body, db.Micros(t.ChangedAt), by)
	return err
}

func remove(ctx context.Context, tx db.Querier, id string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM entry_template WHERE id = $1`, id)
	return err
}
