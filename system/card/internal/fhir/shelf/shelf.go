// Package shelf keeps what other systems write through FHIR: resources with all
// their versions, found by marks, apart from the card's own records, which
// nobody writes here (decision 0021).
//
// Vocabulary: a change is one resource created, updated or deleted; a work is
// the changes that are made together or not at all (one, or a transaction
// bundle); works that wait at the same moment are written in one transaction of
// the database, and one that is refused leaves the others untouched.
package shelf

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/r4"
)

// Resource is a resource as it stands on the shelf.
type Resource struct {
	Kind, ID string
	Version  int64
	Deleted  bool
	Updated  time.Time
	Author   string
	Patient  string // id of the Patient it tells of, "" for none
	PIN      string // of that person, "" if it is not known
	Body     []byte // nil when deleted
}

// Person is whom a record of the card is about.
type Person struct {
	Patient string // id
	PIN     string
}

// Own tells of the card's own records, to which resources may lead.
type Own interface {
	// Has gives those of the ids that are records of the kind, each with its person.
	Has(ctx context.Context, q db.Querier, kind string, ids []string) (map[string]Person, error)
	// Bearer is the id of the card's patient with the ПИН, "" if there is none.
	Bearer(ctx context.Context, q db.Querier, pin string) (string, error)
	// Match finds what fits the condition (Type?parameters), the card's own and
	// what is on the shelf; two are enough. The error is a *Refusal where the
	// condition cannot be understood.
	Match(ctx context.Context, q db.Querier, kind, condition string) ([]string, error)
}

// Config is what the shelf needs.
type Config struct {
	DB     *db.DB
	Clock  clock.Clock
	Own    Own
	SIDPIN string // the system of identifiers that are ПИН
	Base   string // address of the API: absolute references below it are our own
}

// Shelf is the store.
type Shelf struct {
	Config
	writes gather[*waiting]
	reads  gather[*asked]
	notes  gather[*noted]

	lookups gather[*sought]
}

// New makes the shelf.
func New(c Config) *Shelf {
	s := &Shelf{Config: c}
	leaders := 2
	if c.DB.Dialect == db.SQLite {
		leaders = 1
	}
	s.writes = gather[*waiting]{most: 64, leaders: leaders, run: s.writeAll}
	// What costs is the message and the commit, not what is in them: one at a
	// time gathers more.
	s.reads = gather[*asked]{most: 128, leaders: 1, run: s.readAll}
	s.notes = gather[*noted]{most: 128, leaders: 1, run: s.noteAll}
	s.lookups = gather[*sought]{most: 128, leaders: 1, run: s.lookupAll}
	return s
}

// Method is what a change does.
type Method byte

// The methods.
const (
	Create Method = iota
	Update
	Delete
)

// Change is one resource to be created, updated or deleted.
type Change struct {
	Method    Method
	Kind      string
	ID        string       // of the resource; of a new one the id it gets; "" where Condition decides
	Resource  *r4.Resource // nil for Delete
	IfMatch   int64        // only if this is its version; 0: whatever it is, -1: none is
	IfNone    bool         // only if there is none
	Condition string       // parameters of a conditional create, update or delete
	Asked     bool         // there is a Condition, be it empty
	FullURL   string       // by which other changes of the work refer to it
	Entry     int          // its place in the bundle, -1 for a change by itself
}

// Done is a change that was made.
type Done struct {
	Resource
	Status int // 201, 200, 204 as HTTP has it
	// Same says that the resource was so already: nothing was written.
	Same bool
	// Own says that a conditional create found a record of the card itself,
	// which Kind and ID name; there is no Body.
	Own bool
}

// Work is changes that are made together or not at all.
type Work struct {
	Changes []Change
	Author  string
	// Known tells what a fullUrl stands for that no change of this work has: the
	// other parts of a file that is taken in parts. nil for nothing.
	Known func(fullURL string) (kind, id string, ok bool)
	// Join says that a Patient whose ПИН a patient of the card bears is that
	// patient, not a second one.
	Join bool
	// Records are the access records of what was done, written with it.
	Records func(done []Done) []audit.Record
	// Allowed is asked, in the same transaction, before anything is written; nil
	// allows everything.
	Allowed Allowing
}

// Refusal says why a work is not done: nothing of it was written.
type Refusal struct {
	Status int    // HTTP
	Code   string // issue-type
	Key    string // of the words
	Args   []any
	Path   string // of the element, "" for the whole
	Entry  int    // place of the change in the bundle, -1 for none
	ID     string // Type/id of the record that is in the way, "" for none
}

func (r *Refusal) Error() string { return fmt.Sprint(r.Status, " ", r.Key) }

func refused(c Change, status int, code, key string, args ...any) *Refusal {
	return &Refusal{Status: status, Code: code, Key: key, Args: args, Entry: c.Entry}
}

func conflict(c Change, key string, args ...any) *Refusal {
	return refused(c, http.StatusConflict, "conflict", key, args...)
}
