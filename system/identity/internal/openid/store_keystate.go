package openid

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// KeyState is what the operator sees of a signing key.
type KeyState struct {
	ID      string // kid
	Alg     string
	Created time.Time
	UseFrom time.Time // published before, signs from here
	Retire  time.Time // published until; zero for one that is not replaced
	Signs   bool      // now
}

// States lists the keys, those of an algorithm together, the newest first.
func (k *Keys) States(ctx context.Context) ([]KeyState, error) {
	rows, err := k.DB.Read.QueryContext(ctx, `SELECT kid, alg, created_at, use_from, retire_at FROM signing_key ORDER BY alg DESC, number DESC`)
	if err != nil {
		return nil, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	now := k.Clock.Now()
	signing := map[string]bool{}
	var states []KeyState
	for rows.Next() {
		var s KeyState
		var created, from, retire int64
		if err := rows.Scan(&s.ID, &s.Alg, &created, &from, &retire); err != nil {
			return nil, err
		}
		s.Created, s.UseFrom, s.Retire = db.Time(created), db.Time(from), db.Time(retire)
		s.Signs = !signing[s.Alg] && !s.UseFrom.After(now)
		signing[s.Alg] = signing[s.Alg] || s.Signs
		states = append(states, s)
	}
	return states, rows.Err()
}
