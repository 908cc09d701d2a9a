package post

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const selectPosts = `SELECT p.id, p.pin, p.person_name, p.title, p.organisation, o.short_ky, o.short_ru, o.short_en,
	p.department, COALESCE(d.name_ky, ''), COALESCE(d.name_ru, ''), COALESCE(d.name_en, ''), p.from_day, p.until_day
	FROM post p JOIN organisation o ON o.code = p.organisation
	LEFT JOIN department d ON d.organisation = p.organisation AND d.code = p.department `

func scan(row interface{ Scan(...any) error }) (workforceapi.Post, error) {
	var p workforceapi.Post
	var title, from, until string
	err := row.Scan(&p.ID, &p.PIN, &p.PersonName, &title, &p.Organisation, &p.OrganisationName.KY, &p.OrganisationName.RU, &p.OrganisationName.EN,
		&p.Department, &p.DepartmentName.KY, &p.DepartmentName.RU, &p.DepartmentName.EN, &from, &until)
	t, _ := TitleOf(title)
	p.Title, p.Role = t.Name, t.Role
	p.From, p.Until = db.Date(from), db.Date(until)
	return p, err
}

// inForce is the posts that the condition on $1 picks and that give access on
// the day. Days are text that sorts as days do.
func inForce(ctx context.Context, q db.Querier, condition, value string, on clock.Date) ([]workforceapi.Post, error) {
	return list(ctx, q, `WHERE `+condition+` AND p.from_day <= $2 AND (p.until_day = '' OR p.until_day > $2)
		ORDER BY p.organisation, p.department, p.title, p.person_name, p.id`, value, on.String())
}

// notYetOver is the posts of an organisation in force on the day or later.
func notYetOver(ctx context.Context, q db.Querier, organisation string, on clock.Date) ([]workforceapi.Post, error) {
	return list(ctx, q, `WHERE p.organisation = $1 AND (p.until_day = '' OR p.until_day > $2)
		ORDER BY p.department, p.title, p.person_name, p.id`, organisation, on.String())
}

func list(ctx context.Context, q db.Querier, where string, args ...any) ([]workforceapi.Post, error) {
	rows, err := q.QueryContext(ctx, selectPosts+where, args...)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	posts := []workforceapi.Post{}
	for rows.Next() {
		p, err := scan(rows)
		if err != nil {
			return nil, err
		}
		posts = append(posts, p)
	}
	return posts, rows.Err()
}

func find(ctx context.Context, q db.Querier, postID, lock string) (workforceapi.Post, error) {
	tail := `WHERE p.id = $1`
	if lock != "" {
		tail += lock + ` OF p`
	}
	p, err := scan(q.QueryRowContext(ctx, selectPosts+tail, postID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fail.New(fail.NotFound, "kit.not_found")
	}
	return p, db.Explain(err)
}

// Row is a post as it is written.
type Row struct {
	ID, PIN, Name, Title, Organisation, Department string
	From                                           clock.Date
	At                                             time.Time
	By                                             string // ПИН of who writes; "" for the register itself
}

// Insert writes the post; false when the person holds the same open post already.
func Insert(ctx context.Context, tx db.Querier, r Row) (bool, error) {
	result, err := tx.ExecContext(ctx, `INSERT INTO post (id, pin, person_name, title, organisation, department, from_day, until_day, created_at, created_by, ended_at, ended_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, 0, '') ON CONFLICT DO NOTHING`,
		r.ID, r.PIN, r.Name, r.Title, r.Organisation, r.Department, r.From.String(), db.Micros(r.At), r.By)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func setEnd(ctx context.Context, tx db.Querier, postID string, until clock.Date, at time.Time, by string) error {
	_, err := tx.ExecContext(ctx, `UPDATE post SET until_day = $2, ended_at = $3, ended_by = $4 WHERE id = $1`,
		postID, until.String(), db.Micros(at), by)
	return err
}
