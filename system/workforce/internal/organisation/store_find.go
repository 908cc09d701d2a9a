package organisation

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// foldAtOnce is how many versions are made findable in one transaction.
const foldAtOnce = 200

// Search is what is looked for in the register; a zero field asks for nothing.
type Search struct {
	Text, Region, Level, Ownership, Kind string
	State                                string   // "open", "closed"; else both
	Of                                   []string // codes of the only ones to be found; nil for all
	Not                                  string   // code of one that is not to be found
	On                                   clock.Date
}

// folded is the text by which an organisation is found.
func (o Organisation) folded() string {
	return text.Fold(strings.Join([]string{
		o.Code, o.INN, o.OKPO, o.Name.KY, o.Name.RU, o.Name.EN, o.ShortName.KY, o.ShortName.RU, o.ShortName.EN, o.Address, o.Territory,
	}, " "))
}

var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// where is the condition on what inForce picks, and what stands for its numbers.
func (s Search) where() (string, []any) {
	args := []any{s.On.String()}
	number := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	conditions := []string{"1 = 1"}
	for _, each := range []struct{ column, value string }{
		{"v.region = ", s.Region}, {"v.level = ", s.Level}, {"v.ownership = ", s.Ownership}, {"v.kind = ", s.Kind}, {"o.code <> ", s.Not},
	} {
		if each.value != "" {
			conditions = append(conditions, each.column+number(each.value))
		}
	}
	switch s.State {
	case "open":
		conditions = append(conditions, "v.closed = 0")
	case "closed":
		conditions = append(conditions, "v.closed = 1")
	}
	for word := range strings.FieldsSeq(text.Fold(s.Text)) {
		conditions = append(conditions, "v.folded LIKE "+number("%"+likeEscaper.Replace(word)+"%")+" ESCAPE '!'")
	}
	if s.Of != nil {
		var of string
		of, args = Among("o.code", s.Of, args...) // who has no organisation finds none
		conditions = append(conditions, of)
	}
	return "WHERE " + strings.Join(conditions, " AND "), args
}

// count is how many organisations are found.
func (b Book) count(ctx context.Context, s Search) (n int, err error) {
	if err := b.fold(ctx); err != nil {
		return 0, err
	}
	where, args := s.where()
	err = b.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM organisation o `+versionInForce+where, args...).Scan(&n)
	return n, db.Explain(err)
}

// Find are the first of those that are looked for, by code; limit at most.
func (b Book) Find(ctx context.Context, s Search, limit int) ([]Organisation, error) {
	return b.found(ctx, s, limit, 0)
}

// found are limit of those that are found, after the first skip of them, by code;
// limit 0: all.
func (b Book) found(ctx context.Context, s Search, limit, skip int) ([]Organisation, error) {
	if err := b.fold(ctx); err != nil {
		return nil, err
	}
	where, args := s.where()
	query := inForce + where + ` ORDER BY o.code`
	if limit > 0 {
		query += ` LIMIT $` + strconv.Itoa(len(args)+1) + ` OFFSET $` + strconv.Itoa(len(args)+2)
		args = append(args, limit, skip)
	}
	return list(ctx, b.DB.Read, query, args...)
}

// fold makes the versions findable that were written before there was a text to
// find them by, or by a program that knew none.
func (b Book) fold(ctx context.Context) error {
	for {
		missing, err := list(ctx, b.DB.Read, `SELECT o.code, o.version, `+columns+` FROM organisation_version v JOIN organisation o ON o.code = v.organisation
			WHERE v.folded = '' LIMIT $1`, foldAtOnce)
		if err != nil || len(missing) == 0 {
			return err
		}
		err = b.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			for _, o := range missing {
				_, err := tx.ExecContext(ctx, `UPDATE organisation_version SET folded = $3 WHERE organisation = $1 AND number = $2`, o.Code, o.Number, o.folded())
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
