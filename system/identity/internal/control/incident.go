package control

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// State is how far an incident has been handled.
type State string

// The states. An incident is taken by one operator, who closes it.
const (
	Open     State = "open"
	Handling State = "handling"
	Closed   State = "closed"
)

// Incident is what somebody reported not to have done themselves.
type Incident struct {
	ID        string
	Account   string
	PIN       string // of the account
	Event     string // id of the security event
	Kind      string // notice.Kind: what was disowned
	State     State
	OpenedAt  time.Time
	HandledBy string // ПИН of the operator, "" while open
	Note      string
	ClosedAt  time.Time
}

// Number is what the person tells the operator.
func (i Incident) Number() string {
	if len(i.ID) < 8 {
		return i.ID
	}
	return strings.ToUpper(i.ID[len(i.ID)-8:])
}

// Incidents are all incidents, for the operators' console. Who looks at them is
// for the console to allow and to record.
type Incidents struct {
	DB       *db.DB
	Clock    clock.Clock
	Accounts *account.Accounts
}

// Take makes the operator the one who handles the incident; fail.Conflict when
// somebody else was first.
func (s *Incidents) Take(ctx context.Context, incidentID, operator string) error {
	return s.take(ctx, incidentID, operator)
}

// Close ends the incident with what was found and done; only who took it may.
// thaw lets factors and contacts be changed again.
func (s *Incidents) Close(ctx context.Context, incidentID, operator, note string, thaw bool) error {
	if note == "" {
		return fail.Fields(fail.Finding{Field: "note", Key: "kit.field.required"})
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		accountID, err := s.close(ctx, tx, incidentID, operator, note)
		if err != nil || !thaw {
			return err
		}
		return s.Accounts.Freeze(ctx, tx, accountID, time.Time{})
	})
}
