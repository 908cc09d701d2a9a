package phone

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// PutAside names the devices that were added since the moment. They go with all
// others (RemoveAll): a secret that a stranger's browser may hold is not given
// back, and a device of one's own is soon added anew.
func (p *Phones) PutAside(ctx context.Context, tx *sql.Tx, a account.Account, since time.Time) ([]account.Aside, error) {
	var aside []account.Aside
	for row, err := range db.Rows(ctx, tx, `SELECT id, name, created_at FROM device WHERE account_id = $1 AND created_at >= $2 ORDER BY created_at, id`, a.ID, db.Micros(since)) {
		if err != nil {
			return nil, err
		}
		thing := account.Aside{Kind: account.KindDevice}
		var created int64
		if err := row.Scan(&thing.Reference, &thing.Name, &created); err != nil {
			return nil, err
		}
		thing.Added = db.Time(created)
		aside = append(aside, thing)
	}
	return aside, nil
}

// GiveBack never does: see PutAside.
func (p *Phones) GiveBack(context.Context, *sql.Tx, string, account.Aside) (bool, error) {
	return false, nil
}

// Discard has nothing more to do: the device is gone.
func (p *Phones) Discard(context.Context, *sql.Tx, string, account.Aside) error { return nil }
