// Package audit records every access to a person's data: who, from which
// organisation, through which system, why and when. Records are only ever
// added, and each gets a place in a chain of hashes that shows if one was
// changed or taken out (Sealer, Verify).
package audit

import (
	"context"
	"embed"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
)

//go:embed migration/*.sql
var migrations embed.FS

// Migration is the table of access records.
var Migration = db.Set{Name: "access", Files: migrations, Dir: "migration"}

// Record is one access. JSON is the form in which systems hand it over.
type Record struct {
	ID           string    `json:"id"`
	At           time.Time `json:"at"`
	Subject      string    `json:"subject"`                // ПИН of the person whose data it was
	ActorPIN     string    `json:"actor_pin,omitempty"`    // ПИН of who looked; "" for a system
	ActorName    string    `json:"actor_name"`             // name as it was then
	ActorRole    string    `json:"actor_role,omitempty"`   // post as it was then
	Organisation string    `json:"organisation,omitempty"` // name of the organisation
	Via          string    `json:"via"`                    // name of the system: "card"
	Action       string    `json:"action"`                 // code of what was done: "stay.read"
	Purpose      string    `json:"purpose"`                // code or words of why: "treatment"
	Object       string    `json:"object,omitempty"`
	RequestID    string    `json:"request_id,omitempty"`
	// The words of Action and Purpose, filled by the system that answers a
	// query, since it alone knows its codes.
	ActionWords  text.Words `json:"action_words"`
	PurposeWords text.Words `json:"purpose_words"`
	// OrganisationWords is the name of Organisation in each language, where the
	// system that answers knows it; empty where there is the name as it was written.
	OrganisationWords text.Words `json:"organisation_words,omitzero"`
}

// From is the organisation in the reader's words, or as it was written.
func (r Record) From(ctx context.Context) string {
	if name := r.OrganisationWords.Here(ctx); name != "" {
		return name
	}
	return r.Organisation
}

// Add writes the record; in the transaction of a change, or by itself for a
// read. A record without a subject (a person without ПИН) is kept as well.
func Add(ctx context.Context, q db.Querier, c clock.Clock, r Record) error {
	write := Adding(c, r)
	_, err := q.ExecContext(ctx, write.Query, write.Args...)
	return err
}

// Adding is Add as a write that goes with others (db.Send).
func Adding(c clock.Clock, r Record) db.Question {
	return db.Write(`INSERT INTO access_record
		(id, at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		id.New(), db.Micros(c.Now()), r.Subject, r.ActorPIN, r.ActorName, r.ActorRole, r.Organisation, r.Via, r.Action, r.Purpose, r.Object, r.RequestID)
}

// Of is the newest records about the person, at most limit.
func Of(ctx context.Context, q db.Querier, subject string, limit int) ([]Record, error) {
	var records []Record
	for row, err := range db.Rows(ctx, q, `SELECT id, at, subject_pin, actor_pin, actor_name, actor_role, organisation, via, action, purpose, object, request_id
		FROM access_record WHERE subject_pin = $1 ORDER BY at DESC, id DESC LIMIT $2`, subject, limit) {
		if err != nil {
			return nil, err
		}
		var r Record
		var at int64
		if err := row.Scan(&r.ID, &at, &r.Subject, &r.ActorPIN, &r.ActorName, &r.ActorRole, &r.Organisation, &r.Via, &r.Action, &r.Purpose, &r.Object, &r.RequestID); err != nil {
			return nil, err
		}
		r.At = db.Time(at)
		records = append(records, r)
	}
	return records, nil
}
