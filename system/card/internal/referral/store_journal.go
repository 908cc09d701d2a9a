package referral

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
)

// filter narrows the journal down; empty fields do not.
type filter struct {
	Received     bool // else those sent
	Organisation string
	State        string // one of States, or "open": sent and accepted
	Urgency      string
	Purpose      string
	Department   string // of the own organisation
	Other        string // the other organisation
	From, Until  clock.Date
	Before       time.Time // for the next page
}

// perPage of the journal.
const perPage = 100

const stateOpen = "open"

// journal is what the filter lets through: what is open with the most urgent and
// the longest waiting first, all else with the newest first.
func journal(ctx context.Context, q db.Querier, f filter) ([]Referral, error) {
	own, ownDepartment, other := "r.from_organisation", "r.from_department", "r.to_organisation"
	if f.Received {
		own, ownDepartment, other = "r.to_organisation", "r.to_department", "r.from_organisation"
	}
	where, args := []string{own + " = $1"}, []any{f.Organisation}
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	order := "r.written_at DESC, r.id DESC"
	switch f.State {
	case "":
	case stateOpen:
		where = append(where, "r.state IN ('sent', 'accepted')")
		order = "CASE r.urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END, r.written_at, r.id"
	default:
		add("r.state = $%d", f.State)
	}
	for condition, value := range map[string]string{
		"r.urgency = $%d": f.Urgency, "r.purpose = $%d": f.Purpose, ownDepartment + " = $%d": f.Department, other + " = $%d": f.Other,
	} {
		if value != "" {
			add(condition, value)
		}
	}
	if !f.From.IsZero() {
		add("r.written_at >= $%d", db.Micros(f.From.Start()))
	}
	if !f.Until.IsZero() {
		add("r.written_at < $%d", db.Micros(end(f.Until)))
	}
	if !f.Before.IsZero() && f.State != stateOpen {
		add("r.written_at < $%d", db.Micros(f.Before))
	}
	return many(ctx, q, strings.Join(where, " AND ")+" ORDER BY "+order+fmt.Sprintf(" LIMIT %d", perPage+1), args...)
}
