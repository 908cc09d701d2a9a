package openid

import (
	"context"

	"github.com/sanarip/sanarip/kit/db"
)

// add writes the request and drops what is too much of the client's.
func (r *requests) add(ctx context.Context, tx db.Querier, rowID, clientID string, each Request) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO client_request (id, client_id, at, endpoint, code, description) VALUES ($1, $2, $3, $4, $5, $6)`,
		rowID, clientID, db.Micros(each.At), each.Endpoint, each.Code, each.Description); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM client_request WHERE client_id = $1 AND id NOT IN
		(SELECT id FROM client_request WHERE client_id = $1 ORDER BY at DESC, id DESC LIMIT $2)`, clientID, requestsKept)
	return err
}

func (r *requests) list(ctx context.Context, clientID string, limit int) ([]Request, error) {
	var all []Request
	for row, err := range db.Rows(ctx, r.db.Read, `SELECT at, endpoint, code, description FROM client_request WHERE client_id = $1
		ORDER BY at DESC, id DESC LIMIT $2`, clientID, limit) {
		if err != nil {
			return nil, err
		}
		var each Request
		var at int64
		if err := row.Scan(&at, &each.Endpoint, &each.Code, &each.Description); err != nil {
			return nil, err
		}
		each.At = db.Time(at)
		all = append(all, each)
	}
	return all, nil
}

func (r *requests) sweep(ctx context.Context, tx db.Querier) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM client_request WHERE at < $1`, db.Micros(r.clock.Now().Add(-r.life)))
	return err
}
