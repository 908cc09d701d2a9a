package kept

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
)

// OwnRecords tell which ids are records of the card itself, whose they are.
var OwnRecords = map[string]string{
	"Patient": `SELECT p.id, p.id, COALESCE(p.pin, '') FROM patient p WHERE `,
	"Encounter": `SELECT p.id, p.patient_id, p.pin FROM (SELECT s.id, s.patient_id, COALESCE(p.pin, '') AS pin FROM stay s JOIN patient p ON p.id = s.patient_id
		UNION ALL SELECT m.id, s.patient_id, COALESCE(p.pin, '') FROM move m JOIN stay s ON s.id = m.stay_id JOIN patient p ON p.id = s.patient_id) p WHERE `,
	"Condition": `SELECT p.id, p.patient_id, p.pin FROM (SELECT d.id, s.patient_id, COALESCE(p.pin, '') AS pin
		FROM diagnosis d JOIN stay s ON s.id = d.stay_id JOIN patient p ON p.id = s.patient_id) p WHERE `,
	"Procedure": `SELECT p.id, p.patient_id, p.pin FROM (SELECT o.root AS id, s.patient_id, COALESCE(p.pin, '') AS pin
		FROM operation o JOIN stay s ON s.id = o.stay_id JOIN patient p ON p.id = s.patient_id WHERE o.signed_at <> 0) p WHERE `,
	"Organization": `SELECT p.id, '', '' FROM (SELECT code AS id FROM organisation) p WHERE `,
}

func LoadOwn(ctx context.Context, q db.Querier, query string, ids []string) (map[string]shelf.Person, error) {
	all := map[string]shelf.Person{}
	b := &find.Builder{}
	err := find.Each(ctx, q, b, query+find.In(b, "p.id", ids), func(row find.Scanner) error {
		var id string
		var person shelf.Person
		err := row.Scan(&id, &person.Patient, &person.PIN)
		all[id] = person
		return err
	})
	return all, err
}

func BearerOf(ctx context.Context, q db.Querier, pin string) (string, error) {
	var id string
	err := q.QueryRowContext(ctx, `SELECT id FROM patient WHERE pin = $1`, pin).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// Late says whether the card is a hospital's own node or the centre of such: what
// comes from the other side bears the moment of its writing there, days ago perhaps.
func (a *Archive) Late(ctx context.Context) (bool, error) {
	var nodes int
	err := a.Reader(ctx).QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM node_peer) + (SELECT COUNT(*) FROM node_self)`).Scan(&nodes)
	return nodes > 0, db.Explain(err)
}
