// Package incident keeps what the operators have to look into: a person who says
// "this was not me", a token that came twice, sign-ins guessed at, an audit trail
// that is not whole. Each is there once, and who did what about it stays written.
package incident

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
)

// Kind is a kind of incident. Its words are identity.console.incident.<kind>.
type Kind string

// The kinds.
const (
	Disowned     Kind = "disowned"      // a person said "this was not me"
	RefreshReuse Kind = "refresh_reuse" // a refresh token was used twice: it was stolen, or a client is wrong
	LockStorm    Kind = "lock_storm"    // many refused sign-ins to one account
	Spray        Kind = "spray"         // refused sign-ins to many accounts from one address
	AuditBroken  Kind = "audit_broken"  // the audit trail is not as it was written
)

// State is how far an incident has been handled.
type State string

// The states.
const (
	Open    State = "open"
	Working State = "working"
	Closed  State = "closed"
)

// onward says which states may follow.
var onward = map[State][]State{
	Open:    {Working, Closed},
	Working: {Working, Closed}, // working again: a note
	Closed:  {Working},
}

// Onward are the states that may follow.
func (s State) Onward() []State { return onward[s] }

// Incident is one of them.
type Incident struct {
	ID        string
	Number    string // what a person tells the operator
	Kind      Kind
	Reference string // what it is about: one incident for one thing
	About     string // of Disowned: notice.Kind of what was disowned
	Account   string // "" when it is about no single account
	Detail    string
	At        time.Time
	State     State
	Version   int64 // compare-and-set
}

// From is a place in a list of incidents, behind which a page begins or before which
// it ends; the zero From is the list's beginning.
type From struct {
	At     time.Time // of the incident there
	ID     string
	Before bool
}

// Step is what somebody did about an incident.
type Step struct {
	At        time.Time
	PIN, Name string // of the operator
	State     State
	Note      string
}

// Incidents are all incidents.
type Incidents struct {
	DB    *db.DB
	Clock clock.Clock
}

// Report writes, in the transaction, that there is an incident; once for each
// reference of the kind. Kind and Reference must be given.
func (s *Incidents) Report(ctx context.Context, tx *sql.Tx, i Incident) error {
	i.ID, i.At, i.State = id.New(), s.Clock.Now(), Open
	i.Number = strings.ToUpper(i.ID[len(i.ID)-8:])
	return s.insert(ctx, tx, i)
}

// Handle takes the incident a step on, in the transaction, from the version that
// the operator saw; fail.Conflict when it is not as they saw it. It gives the
// incident as it was.
func (s *Incidents) Handle(ctx context.Context, tx *sql.Tx, incidentID string, version int64, step Step) (Incident, error) {
	i, err := s.one(ctx, tx, `id = $1`, incidentID)
	if err != nil {
		return Incident{}, err
	}
	moved := slices.Contains(onward[i.State], step.State)
	if moved {
		if moved, err = s.move(ctx, tx, i, version, step.State); err != nil {
			return Incident{}, err
		}
	}
	if !moved {
		return Incident{}, fail.New(fail.Conflict, "identity.console.no_longer")
	}
	step.At = s.Clock.Now()
	return i, s.insertStep(ctx, tx, i.ID, step)
}
