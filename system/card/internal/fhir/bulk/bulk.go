// Package bulk is Bulk Data export (HL7 Bulk Data Access IG 2.0): a system asks
// for all records, those of all patients or of a Group, is told where to look how
// far it is, and fetches files of NDJSON. Only machines export.
//
// An export is written by a job within one reading of the database, so all of it
// tells of one moment. A job that was broken off goes on behind the last file that
// it has written, by a new reading. The moment that is told (transactionTime) stays
// that of the first: whoever asks next for what has changed since then misses
// nothing, and may be told twice what changed between the two.
package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
)

// Limits of exports.
const (
	life       = 24 * time.Hour  // that files are kept
	mostAtOnce = 3               // exports of a client that are under way
	perPage    = 200             // resources read at once
	perFile    = 4 << 20         // bytes after which a file is closed
	settling   = 2 * time.Minute // the longest from the moment that a change bears to its commit
	attempts   = 20              // of a job; then the export has failed
	again      = time.Minute     // after which a client may begin another
)

// Kinds of jobs: an export is written, and taken away when it has expired.
const (
	jobKind   = "fhir.export"
	expireJob = "fhir.export.expire"
)

// Request is what was asked for.
type Request struct {
	URL      string    `json:"url"`
	Client   string    `json:"client"`
	Kinds    []string  `json:"kinds"`
	Patients bool      `json:"patients"`          // what belongs to patients alone
	Members  []string  `json:"members,omitempty"` // patients of the group; nil: all
	Group    bool      `json:"group"`
	Since    time.Time `json:"since"`
	// Filters are searches by type (_typeFilter): what meets one of them is told.
	Filters map[string][]string `json:"filters,omitempty"`
}

// Desk is the room.
type Desk struct {
	API   *fhir.API
	DB    *db.DB
	Clock clock.Clock
	Queue *job.Queue
	File  int              // bytes after which a file is closed; 0: as many as usual
	Page  int              // resources read at once; 0: as many as usual
	Wrote func(number int) // is told of each file; nil: nobody
}

// Mount offers the operations and the job.
func Mount(a *fhir.API, d *desk.Desk) {
	(&Desk{API: a, DB: d.DB, Clock: d.Clock, Queue: d.Queue}).Offer()
}

// Offer offers the operations and handles their job.
func (d *Desk) Offer() {
	const definitions = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
	get := []string{http.MethodGet}
	d.API.Operate(fhir.Operation{Name: "$export", Methods: get, Definition: definitions + "export", Serve: d.kickOff})
	d.API.Operate(fhir.Operation{Kind: "Patient", Name: "$export", Methods: get, Definition: definitions + "patient-export", Serve: d.kickOff})
	d.API.Operate(fhir.Operation{Kind: "Group", Name: "$export", Instance: true, Methods: get, Definition: definitions + "group-export", Serve: d.kickOff})
	d.API.Operate(fhir.Operation{Name: "$export-job", Below: true, Methods: []string{http.MethodGet, http.MethodDelete}, Serve: d.follow})
	d.Queue.Handle(jobKind, job.Policy{MaxAttempts: attempts}, func(ctx context.Context, j job.Job) error {
		var exportID string
		if err := json.Unmarshal(j.Body, &exportID); err != nil {
			return err
		}
		err := d.Write(ctx, exportID)
		if err != nil && j.Attempts >= attempts {
			err = errors.Join(err, d.DB.Tx(context.WithoutCancel(ctx), func(ctx context.Context, tx *sql.Tx) error { return giveUp(ctx, tx, exportID) }))
		}
		return err
	})
	d.Queue.Handle(expireJob, job.Policy{}, func(ctx context.Context, _ job.Job) error {
		return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return remove(ctx, tx, "", d.Clock.Now()) })
	})
}

// links are the types of the request, with the parameter that leads to patients;
// "" for a type that is told whole.
func (d *Desk) links(r Request) []gather.Link {
	var all []gather.Link
	if r.Patients {
		all = gather.Compartment(d.API, "Patient")
	} else {
		for _, kind := range d.API.Kinds() {
			all = append(all, gather.Link{Kind: kind})
		}
	}
	return slices.DeleteFunc(all, func(l gather.Link) bool { return !slices.Contains(r.Kinds, l.Kind) })
}
