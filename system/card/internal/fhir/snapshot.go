package fhir

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/kept"
)

// Snapshot lets everything that is read with its context tell of one moment.
func (a *API) Snapshot(ctx context.Context, read func(ctx context.Context) error) error {
	options := &sql.TxOptions{ReadOnly: true}
	if a.db.Dialect == db.Postgres { // SQLite's readers see one moment anyway
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := a.db.Read.BeginTx(ctx, options)
	if err != nil {
		return db.Explain(err)
	}
	defer func() { _ = tx.Rollback() }()
	return read(kept.Reading(ctx, tx))
}

// Machine is a client that asked before, for what it may search.
func (a *API) Machine(client string, kinds []string) Caller {
	c := access.Caller{Token: access.Token{Active: true, ClientID: client, Machine: true}}
	for _, kind := range kinds {
		c.Token.Scopes = append(c.Token.Scopes, access.SystemContext+"/"+kind+".rs")
	}
	return Caller{a, c}
}
