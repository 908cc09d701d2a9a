// Package host says what the program hands to every system and what it expects
// back, so that any set of systems can run in one process.
package host

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// Env is what a system is given.
type Env struct {
	Database    string // sqlite:DIR or postgres://…
	Connections int    // most connections to PostgreSQL
	Clock       clock.Clock
	Log         *slog.Logger
	// HTTP reaches the other systems, in this process or elsewhere.
	HTTP *http.Client
	// BaseURL is the system's public address: http://card.localhost:8080.
	BaseURL string
	// Sites are the public addresses of all systems by name, for links.
	Sites map[string]string
	// Issuer is ЕСИ's address.
	Issuer string
	// ClientSecret is the system's secret as a client of ЕСИ. Its client id is its name.
	ClientSecret string
	// ClientSecretOf gives any system's: for ЕСИ itself, nil elsewhere.
	ClientSecretOf func(system string) string
	// ExchangeAddress and ExchangeKey lead to the exchange and prove who asks.
	ExchangeAddress string
	ExchangeKey     string
	// ExchangeKeyOf gives any system's key: for the exchange itself, nil elsewhere.
	ExchangeKeyOf func(system string) string
	// Secret is 32 bytes of this system's own, stable over restarts, for
	// sealing what is stored (keys at rest).
	Secret []byte
	// Demo says that the demo's people and organisations are wanted.
	Demo bool
	// Settings are the further configuration keys of the system, by name.
	Settings map[string]string
}

// Open opens the system's own database, brought up to date with the sets.
func (e Env) Open(ctx context.Context, system string, sets ...db.Set) (*db.DB, error) {
	d, err := db.Open(ctx, e.Database, system, db.Options{Connections: e.Connections})
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx, sets...); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// System is what the program runs.
type System interface {
	// Handler answers the system's whole host: pages, /exchange/…, /assets/….
	Handler() http.Handler
	// Run does the work behind (jobs) until ctx ends.
	Run(ctx context.Context)
	// Ready says why the system cannot serve, nil if it can.
	Ready(ctx context.Context) error
	// Demo writes the demo's data; doing it again changes nothing.
	Demo(ctx context.Context) error
	// Close gives back what New took.
	Close() error
}
