package post

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// selectPosts names the organisation as it is called on the day $1, and the
// department that had the code when the post began.
const selectPosts = `SELECT p.id, p.pin, p.person_name, p.title, p.organisation, v.short_ky, v.short_ru, v.short_en,
	p.department, COALESCE(d.name_ky, ''), COALESCE(d.name_ru, ''), COALESCE(d.name_en, ''), p.replaces, p.from_day, p.until_day
	FROM post p JOIN organisation_version v ON v.organisation = p.organisation AND ` + organisation.Holds + `
	LEFT JOIN department d ON d.id = (
		SELECT y.id FROM department y WHERE y.organisation = p.organisation AND y.code = p.department
		ORDER BY CASE WHEN y.from_day <= p.from_day THEN 0 ELSE 1 END, y.from_day DESC LIMIT 1) `

func scan(row db.Row) (workforceapi.Post, error) {
	var p workforceapi.Post
	var title, from, until string
	err := row.Scan(&p.ID, &p.PIN, &p.PersonName, &title, &p.Organisation, &p.OrganisationName.KY, &p.OrganisationName.RU, &p.OrganisationName.EN,
		&p.Department, &p.DepartmentName.KY, &p.DepartmentName.RU, &p.DepartmentName.EN, &p.Replaces, &from, &until)
	t, _ := workforceapi.TitleOf(title)
	p.Title, p.Role = t.Name, t.Role
	p.From, p.Until = db.Date(from), db.Date(until)
	return p, err
}

// inForce is the posts that the condition on $2 picks and that give access on
// the day. Days are text that sorts as days do.
func inForce(ctx context.Context, q db.Querier, condition, value string, on clock.Date) ([]workforceapi.Post, error) {
	return list(ctx, q, `WHERE `+condition+` AND p.from_day <= $1 AND (p.until_day = '' OR p.until_day > $1)
		ORDER BY p.organisation, p.department, p.title, p.person_name, p.id`, on.String(), value)
}

// named is the posts in force on the day of those whom an order names then, in the
// organisations or, for nil, in any.
func named(ctx context.Context, q db.Querier, codes []string, on clock.Date) ([]workforceapi.Post, error) {
	query, args := namedQuery(codes, on)
	return list(ctx, q, query, args...)
}

func namedQuery(codes []string, on clock.Date) (where string, args []any) {
	of, args := organisation.Among("p.organisation", codes, on.String())
	return `WHERE ` + of + ` AND p.from_day <= $1 AND (p.until_day = '' OR p.until_day > $1)
		AND EXISTS (SELECT 1 FROM responsible r WHERE r.organisation = p.organisation AND r.pin = p.pin AND (r.until_day = '' OR r.until_day > $1))
		ORDER BY p.organisation, p.department, p.title, p.person_name, p.id`, args
}

// notYetOver is the posts of an organisation in force on the day or later.
func notYetOver(ctx context.Context, q db.Querier, organisation string, on clock.Date) ([]workforceapi.Post, error) {
	return list(ctx, q, `WHERE p.organisation = $2 AND (p.until_day = '' OR p.until_day > $1)
		ORDER BY p.department, p.title, p.person_name, p.id`, on.String(), organisation)
}

// heldBy is the posts of a person in an organisation that are not yet over.
func heldBy(ctx context.Context, q db.Querier, pin, organisation string, on clock.Date) ([]workforceapi.Post, error) {
	return list(ctx, q, `WHERE p.organisation = $2 AND p.pin = $3 AND (p.until_day = '' OR p.until_day > $1) ORDER BY p.id`, on.String(), organisation, pin)
}

func list(ctx context.Context, q db.Querier, where string, args ...any) ([]workforceapi.Post, error) {
	posts := []workforceapi.Post{}
	for row, err := range db.Rows(ctx, q, selectPosts+where, args...) {
		if err != nil {
			return nil, err
		}
		p, err := scan(row)
		if err != nil {
			return nil, err
		}
		posts = append(posts, p)
	}
	return posts, nil
}

func find(ctx context.Context, q db.Querier, postID, lock string, on clock.Date) (workforceapi.Post, error) {
	tail := `WHERE p.id = $2`
	if lock != "" {
		tail += lock + ` OF p`
	}
	p, err := scan(q.QueryRowContext(ctx, selectPosts+tail, on.String(), postID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, fail.New(fail.NotFound, "kit.not_found")
	}
	return p, db.Explain(err)
}

// titleCode is the code of the post's title.
func titleCode(ctx context.Context, q db.Querier, postID string) (code string, err error) {
	err = q.QueryRowContext(ctx, `SELECT title FROM post WHERE id = $1`, postID).Scan(&code)
	return code, err
}

// Row is a post as it is written.
type Row struct {
	ID, PIN, Name, Title, Organisation, Department string
	From, Until                                    clock.Date
	Replaces, ReplacesName                         string // post of the absent person, and their name
	At                                             time.Time
	By                                             string // ПИН of who writes; "" for the register itself
}

// Insert writes the post; false when the person holds the same open post already.
func Insert(ctx context.Context, tx db.Querier, r Row) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO post (id, pin, person_name, title, organisation, department, replaces, from_day, until_day, created_at, created_by, ended_at, ended_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, '') ON CONFLICT DO NOTHING`,
		r.ID, r.PIN, r.Name, r.Title, r.Organisation, r.Department, r.Replaces, r.From.String(), r.Until.String(), db.Micros(r.At), r.By)
}

// holds says whether the person holds the same post on some day of the new one.
func holds(ctx context.Context, tx db.Querier, r Row) (bool, error) {
	var n int
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM post WHERE pin = $1 AND organisation = $2 AND department = $3 AND title = $4
		AND (until_day = '' OR (until_day > $5 AND until_day > from_day)) AND ($6 = '' OR from_day < $6)`,
		r.PIN, r.Organisation, r.Department, r.Title, r.From.String(), r.Until.String()).Scan(&n)
	return n > 0, err
}

func setEnd(ctx context.Context, tx db.Querier, postID string, until clock.Date, at time.Time, by string) error {
	_, err := tx.ExecContext(ctx, `UPDATE post SET until_day = $2, ended_at = $3, ended_by = $4 WHERE id = $1`,
		postID, until.String(), db.Micros(at), by)
	return err
}
