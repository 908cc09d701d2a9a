// Package person finds people by ПИН and records that somebody looked.
package person

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

// Codes of what is recorded.
const (
	ActionFind = "person.find" // found and handed over
	ActionMiss = "person.miss" // asked for, not in the register
)

// Register answers populationapi.
type Register struct {
	DB    *db.DB
	Clock clock.Clock
}

var _ populationapi.API = Register{}

// Person finds the person. The answer and the record of it are one
// transaction: nobody learns anything that is not on record.
func (g Register) Person(ctx context.Context, asked string) (populationapi.Person, error) {
	number, err := pin.Parse(asked)
	if err != nil {
		return populationapi.Person{}, err
	}
	caller := exchangeapi.CallerOf(ctx)
	var p populationapi.Person
	found := false
	err = g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		p, err = read(ctx, tx, number)
		found = err == nil
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		record := audit.Record{
			Subject: number, ActorPIN: caller.User, Via: exchangeapi.NameOf(caller.Client),
			Organisation: caller.Client.Member, Action: ActionFind, Purpose: caller.Issue, RequestID: caller.ID,
		}
		if !found {
			record.Action = ActionMiss
		}
		if caller.User != "" {
			actor, err := read(ctx, tx, caller.User)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if err == nil {
				record.ActorName = actor.Name()
			}
		}
		return audit.Add(ctx, tx, g.Clock, record)
	})
	if err != nil {
		return populationapi.Person{}, err
	}
	if !found {
		return populationapi.Person{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return p, nil
}
