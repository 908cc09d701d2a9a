package right

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
)

// of is the rights of the client and of its groups on the service.
func (r Rights) of(ctx context.Context, client, provider, service string) ([]Right, error) {
	return db.List(ctx, r.DB.Read, scan, `SELECT subject, provider, service, method, path, source FROM access_right
		WHERE provider = $2 AND service = $3
		AND (subject = $1 OR subject IN (SELECT 'group:' || group_code FROM group_member WHERE subsystem = $1))`, client, provider, service)
}

// All is every right, for the operator's page.
func (r Rights) All(ctx context.Context) ([]Right, error) {
	return db.List(ctx, r.DB.Read, scan, `SELECT subject, provider, service, method, path, source FROM access_right
		ORDER BY provider, service, path, subject`)
}

func scan(row db.Row) (Right, error) {
	var x Right
	err := row.Scan(&x.Subject, &x.Provider, &x.Service, &x.Method, &x.Path, &x.Source)
	return x, err
}

func (r Rights) add(ctx context.Context, q db.Querier, x Right) error {
	_, err := q.ExecContext(ctx, `INSERT INTO access_right (subject, provider, service, method, path, source, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		x.Subject, x.Provider, x.Service, x.Method, x.Path, x.Source, db.Micros(r.Clock.Now()))
	return err
}

// set makes that an operator has given the right, or has not.
func (r Rights) set(ctx context.Context, tx db.Querier, x Right, given bool) (changed bool, err error) {
	query, args := `DELETE FROM access_right WHERE subject = $1 AND provider = $2 AND service = $3 AND method = $4 AND path = $5 AND source = $6`, []any{x.Subject, x.Provider, x.Service, x.Method, x.Path, x.Source}
	if given {
		query = `INSERT INTO access_right (subject, provider, service, method, path, source, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
		args = append(args, db.Micros(r.Clock.Now()))
	}
	return db.ChangedOne(ctx, tx, query, args...)
}

// replace makes the rights of the contracts those given. Processes that start
// together agree: each ends with the same rows. A start that changes nothing
// writes nothing.
func (r Rights) replace(ctx context.Context, rights []Right) error {
	have, err := r.All(ctx)
	if err != nil {
		return err
	}
	surplus := map[Right]bool{}
	for _, x := range have {
		if x.Source == FromContract {
			surplus[x] = true
		}
	}
	var missing []Right
	for _, x := range rights {
		if !surplus[x] {
			missing = append(missing, x)
		}
		delete(surplus, x)
	}
	if len(missing) == 0 && len(surplus) == 0 {
		return nil
	}
	return r.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for x := range surplus {
			if _, err := tx.ExecContext(ctx, `DELETE FROM access_right WHERE subject = $1 AND provider = $2 AND service = $3 AND method = $4 AND path = $5 AND source = 'contract'`,
				x.Subject, x.Provider, x.Service, x.Method, x.Path); err != nil {
				return err
			}
		}
		for _, x := range missing {
			if err := r.add(ctx, tx, x); err != nil {
				return err
			}
		}
		return nil
	})
}
