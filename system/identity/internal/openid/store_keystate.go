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

// States lists the keys that sign or are published, those of an algorithm
// together, the newest first.
func (k *Keys) States(ctx context.Context) ([]KeyState, error) {
	now := k.Clock.Now()
	signing := map[string]bool{}
	var states []KeyState
	for row, err := range db.Rows(ctx, k.DB.Read, `SELECT kid, alg, created_at, use_from, retire_at FROM signing_key WHERE private <> '' ORDER BY alg DESC, number DESC`) {
		if err != nil {
			return nil, err
		}
		var s KeyState
		var created, from, retire int64
		if err := row.Scan(&s.ID, &s.Alg, &created, &from, &retire); err != nil {
			return nil, err
		}
		s.Created, s.UseFrom, s.Retire = db.Time(created), db.Time(from), db.Time(retire)
		s.Signs = !signing[s.Alg] && !s.UseFrom.After(now)
		signing[s.Alg] = signing[s.Alg] || s.Signs
		states = append(states, s)
	}
	return states, nil
}
