package organisation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

const columns = `id, pin, code, inn, name, role, state, granted_by, granted_name, since, checked_at`

func scan(row db.Row) (Member, error) {
	var m Member
	var name string
	var since, checked int64
	if err := row.Scan(&m.ID, &m.PIN, &m.Code, &m.INN, &name, &m.Role, &m.State, &m.By, &m.ByName, &since, &checked); err != nil {
		return Member{}, err
	}
	m.Since, m.CheckedAt = db.Time(since), db.Time(checked)
	return m, json.Unmarshal([]byte(name), &m.Name)
}

const insertMember = `INSERT INTO organisation_member (` + columns + `, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)
	ON CONFLICT (pin, code) WHERE state <> 'ended' `

func values(m Member) ([]any, error) {
	name, err := json.Marshal(m.Name)
	return []any{m.ID, m.PIN, m.Code, m.INN, string(name), string(m.Role), string(m.State), m.By, m.ByName, db.Micros(m.Since), db.Micros(m.CheckedAt)}, err
}

// insert adds the membership; false when the person has one there already.
func (s *Organisations) insert(ctx context.Context, tx *sql.Tx, m Member) (bool, error) {
	all, err := values(m)
	if err != nil {
		return false, err
	}
	return db.ChangedOne(ctx, tx, insertMember+`DO NOTHING`, all...)
}

// raise makes the person the head, whatever they were there before.
func (s *Organisations) raise(ctx context.Context, tx *sql.Tx, m Member) error {
	all, err := values(m)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, insertMember+`DO UPDATE SET inn = $4, name = $5, role = $6, state = $7, granted_by = $8, granted_name = $9, checked_at = $11`, all...)
	return err
}

// of is the person's memberships of the state, "" for all, the oldest first.
func (s *Organisations) of(ctx context.Context, pin string, state State) ([]Member, error) {
	return s.list(ctx, `SELECT `+columns+` FROM organisation_member WHERE pin = $1 AND ($2 = '' OR state = $2) ORDER BY since, id`, pin, string(state))
}

// members is who belongs to the organisation or is invited.
func (s *Organisations) members(ctx context.Context, code string) ([]Member, error) {
	return s.list(ctx, `SELECT `+columns+` FROM organisation_member WHERE code = $1 AND state <> 'ended' ORDER BY since, id`, code)
}

func (s *Organisations) list(ctx context.Context, query string, args ...any) ([]Member, error) {
	return db.List(ctx, s.DB.Read, scan, query, args...)
}

// turn takes an invitation or ends a membership: of the person's own, or by the
// head one of the organisation's that is not the head's. Whom it concerns is told
// the news. It gives the code.
func (s *Organisations) turn(ctx context.Context, memberID, own, code string, take bool, n news) (string, error) {
	now := db.Micros(s.Clock.Now())
	statement, args := `UPDATE organisation_member SET state = 'ended', ended_at = $2 WHERE id = $1 AND pin = $3 AND state <> 'ended' RETURNING code`, []any{memberID, now, own}
	switch {
	case take:
		statement = `UPDATE organisation_member SET state = 'active', since = $2 WHERE id = $1 AND pin = $3 AND state = 'invited' RETURNING code`
	case own == "":
		statement = `UPDATE organisation_member SET state = 'ended', ended_at = $2 WHERE id = $1 AND code = $3 AND role <> 'head' AND state <> 'ended' RETURNING code`
		args[2] = code
	}
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var was State
		if err := tx.QueryRowContext(ctx, `SELECT state FROM organisation_member WHERE id = $1`+s.DB.ForUpdate(), memberID).Scan(&was); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, statement, args...).Scan(&code); err != nil {
			return err
		}
		said := n
		if was == Invited && n == removedNews {
			said = recalledNews
		}
		return s.tell(ctx, tx, letter{Member: memberID, News: said})
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = fail.New(fail.NotFound, "kit.not_found")
	}
	return code, err
}

// one is the membership of the id; false when there is none.
func (s *Organisations) one(ctx context.Context, memberID string) (Member, bool, error) {
	m, err := scan(s.DB.Read.QueryRowContext(ctx, `SELECT `+columns+` FROM organisation_member WHERE id = $1`, memberID))
	if errors.Is(err, sql.ErrNoRows) {
		return Member{}, false, nil
	}
	return m, err == nil, db.Explain(err)
}

// Doubt has НИСУР asked anew about an organisation whose head the person is: it
// told that their posts changed.
func (s *Organisations) Doubt(ctx context.Context, digits string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE organisation_member SET checked_at = 0 WHERE pin = $1 AND role = $2 AND state <> 'ended'`, digits, Head)
		return err
	})
}

// checked notes what НИСУР said of a head.
func (s *Organisations) checked(ctx context.Context, memberID string, stays bool) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := db.Micros(s.Clock.Now())
		if stays {
			_, err := tx.ExecContext(ctx, `UPDATE organisation_member SET checked_at = $2 WHERE id = $1`, memberID, now)
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE organisation_member SET state = 'ended', ended_at = $2 WHERE id = $1 AND state <> 'ended'`, memberID, now)
		return err
	})
}
