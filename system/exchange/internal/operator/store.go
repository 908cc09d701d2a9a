package operator

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// keepSightings writes what was seen and gives it back with when each system
// was last ready, which an earlier look may know.
func (d *Desk) keepSightings(ctx context.Context, seen []Sighting) ([]Sighting, error) {
	kept := make([]Sighting, len(seen))
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for i, s := range seen {
			ready := 0
			if s.Ready {
				ready = 1
			}
			var last int64
			var version string
			err := tx.QueryRowContext(ctx, `INSERT INTO sighting (system, ready, version, latency, looked_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
				ON CONFLICT (system) DO UPDATE SET ready = excluded.ready, latency = excluded.latency, looked_at = excluded.looked_at,
					version = CASE WHEN excluded.version = '' THEN sighting.version ELSE excluded.version END,
					seen_at = CASE WHEN excluded.seen_at > sighting.seen_at THEN excluded.seen_at ELSE sighting.seen_at END
				RETURNING version, seen_at`,
				s.System, ready, s.Version, s.Latency.Microseconds(), db.Micros(s.Looked), db.Micros(s.Seen)).Scan(&version, &last)
			if err != nil {
				return err
			}
			kept[i] = s
			kept[i].Version, kept[i].Seen = version, db.Time(last)
		}
		return nil
	})
	return kept, err
}

// lastLook is the newest look of any process at the systems.
func (d *Desk) lastLook(ctx context.Context) (time.Time, error) {
	var at int64
	err := d.DB.Read.QueryRowContext(ctx, `SELECT COALESCE(MAX(looked_at), 0) FROM sighting`).Scan(&at)
	return db.Time(at), db.Explain(err)
}

const lookEvery = time.Minute

// Watch looks at the systems now and then until ctx ends, so that "last seen"
// is known although nobody watches. Of several processes one looks.
func (d *Desk) Watch(ctx context.Context) {
	ticker := time.NewTicker(lookEvery / 2)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		last, err := d.lastLook(ctx)
		if err == nil && d.Clock.Now().Sub(last) < lookEvery {
			continue
		}
		if _, err := d.Look(ctx); err != nil && ctx.Err() == nil {
			d.Slog.WarnContext(ctx, "sightings not kept", "system", "exchange", "error", err.Error())
		}
	}
}
