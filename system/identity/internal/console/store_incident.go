package console

import (
	"context"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

func joined(parts ...string) string {
	all := ""
	for _, each := range parts {
		if each == "" {
			continue
		}
		if all != "" {
			all += " · "
		}
		all += each
	}
	return all
}

type counted struct{ of, detail string }

// storms are the accounts to which at least so many sign-ins were refused.
func (c *Console) storms(ctx context.Context, since time.Time, least int) ([]counted, error) {
	return c.refusals(ctx, `SELECT account_id, COUNT(*), COUNT(DISTINCT address) FROM visit
		WHERE outcome = 'refused' AND at > $1 GROUP BY account_id HAVING COUNT(*) >= $2`, since, least, false)
}

// sprays are the addresses from which sign-ins to so many accounts were refused.
func (c *Console) sprays(ctx context.Context, since time.Time, least int) ([]counted, error) {
	return c.refusals(ctx, `SELECT address, COUNT(*), COUNT(DISTINCT account_id) FROM visit
		WHERE outcome = 'refused' AND at > $1 AND address <> '' GROUP BY address HAVING COUNT(DISTINCT account_id) >= $2`, since, least, true)
}

func (c *Console) refusals(ctx context.Context, query string, since time.Time, least int, named bool) ([]counted, error) {
	var all []counted
	for row, err := range db.Rows(ctx, c.DB.Read, query, db.Micros(since), least) {
		if err != nil {
			return nil, err
		}
		var k counted
		var refused, others int
		if err := row.Scan(&k.of, &refused, &others); err != nil {
			return nil, err
		}
		k.detail = fmt.Sprintf("%d × %d", refused, others)
		if named {
			k.detail = k.of + " · " + k.detail
		}
		all = append(all, k)
	}
	return all, nil
}
