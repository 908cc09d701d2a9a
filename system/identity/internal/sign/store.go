package sign

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

const columns = `id, client, reference, account_id, title, sha256, document, return_to, state, asked_at, expires_at, signature`

func scan(row db.Row) (request, error) {
	var r request
	var title, signature string
	var askedAt, expires int64
	err := row.Scan(&r.id, &r.client, &r.reference, &r.account, &title, &r.sha256, &r.document, &r.returnTo, &r.state, &askedAt, &expires, &signature)
	if err != nil {
		return request{}, err
	}
	r.asked, r.expires = db.Time(askedAt), db.Time(expires)
	if err := json.Unmarshal([]byte(title), &r.title); err != nil {
		return request{}, err
	}
	if signature != "" {
		r.signature = &identityapi.SimpleSignature{}
		if err := json.Unmarshal([]byte(signature), r.signature); err != nil {
			return request{}, err
		}
	}
	return r, nil
}

// keep writes the request, or gives the one there is of the reference.
func (d *Desk) keep(ctx context.Context, r request) (request, error) {
	title, err := json.Marshal(r.title)
	if err != nil {
		return request{}, err
	}
	var kept request
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO simple_signature (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '')
			ON CONFLICT (client, reference) DO NOTHING`,
			r.id, r.client, r.reference, r.account, string(title), r.sha256, r.document, r.returnTo, r.state, db.Micros(r.asked), db.Micros(r.expires))
		if err != nil {
			return err
		}
		kept, err = scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM simple_signature WHERE client = $1 AND reference = $2`, r.client, r.reference))
		return err
	})
	return kept, err
}

func (d *Desk) one(ctx context.Context, requestID string) (request, bool, error) {
	r, err := scan(d.DB.Read.QueryRowContext(ctx, `SELECT `+columns+` FROM simple_signature WHERE id = $1`, requestID))
	if errors.Is(err, sql.ErrNoRows) {
		return request{}, false, nil
	}
	return r, err == nil, db.Explain(err)
}

// decide ends the request's waiting: the first decision stays. Nothing is signed in
// the name of a whose sessions have been ended meanwhile.
func (d *Desk) decide(ctx context.Context, r request, state string, s *identityapi.SimpleSignature, a account.Account) (bool, error) {
	signature := ""
	if s != nil {
		data, err := json.Marshal(s)
		if err != nil {
			return false, err
		}
		signature = string(data)
	}
	decided, now := false, db.Micros(d.Clock.Now())
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		decided = false
		if state == signed {
			held, found, err := d.Accounts.Hold(ctx, tx, a.ID)
			if err != nil || !found {
				return err
			}
			if err := d.Door.Still(held, a); err != nil {
				return err
			}
		}
		decided, err = db.ChangedOne(ctx, tx, `UPDATE simple_signature SET state = $2, signature = $3, decided_at = $4
			WHERE id = $1 AND state = 'asked' AND expires_at > $4`, r.id, state, signature, now)
		return err
	})
	return decided, err
}

// ofDocument is the signatures under the document of the hash, at most limit.
func (d *Desk) ofDocument(ctx context.Context, sha256 string, limit int) ([]identityapi.SimpleSignature, error) {
	found, err := d.list(ctx, `SELECT `+columns+` FROM simple_signature WHERE sha256 = $1 AND state = 'signed' ORDER BY decided_at, id LIMIT $2`, sha256, limit)
	all := make([]identityapi.SimpleSignature, 0, len(found))
	for _, r := range found {
		all = append(all, *r.signature)
	}
	return all, err
}

// of is the person's requests, the newest first, at most limit.
func (d *Desk) of(ctx context.Context, accountID string, limit int) ([]request, error) {
	return d.list(ctx, `SELECT `+columns+` FROM simple_signature WHERE account_id = $1 ORDER BY asked_at DESC, id LIMIT $2`, accountID, limit)
}

func (d *Desk) list(ctx context.Context, query string, args ...any) ([]request, error) {
	return db.List(ctx, d.DB.Read, scan, query, args...)
}
