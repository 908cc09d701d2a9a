package referral

import (
	"cmp"
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
)

// mostSources bounds what is offered to be attached, and what may be.
const mostSources = 40

// sources are what the case histories of the patient in the organisation have to
// attach: results, consultations, signed entries and operations in their last
// version, the newest first.
func sources(ctx context.Context, q db.Querier, patientID, organisation string) ([]Result, error) {
	var all []Result
	for _, query := range []string{
		`SELECT a.id, s.organisation, a.id, r.kind, r.name, a.at, a.conclusion, a.findings, a.by_name
			FROM answer a JOIN request r ON r.id = a.request_id JOIN stay s ON s.id = r.stay_id
			WHERE s.patient_id = $1 AND s.organisation = $2 AND r.cancelled_at = 0
			AND NOT EXISTS (SELECT 1 FROM answer l WHERE l.request_id = a.request_id AND l.version > a.version)
			ORDER BY a.at DESC LIMIT 40`,
		`SELECT e.id, s.organisation, e.id, e.kind, '', e.at, e.body, '', e.by_name FROM entry e JOIN stay s ON s.id = e.stay_id
			WHERE s.patient_id = $1 AND s.organisation = $2 AND e.signed_at <> 0
			AND e.kind IN ('examination', 'reasoning', 'consultation', 'stage_epicrisis', 'discharge_epicrisis')
			AND NOT EXISTS (SELECT 1 FROM entry l WHERE l.root = e.root AND l.version > e.version AND l.signed_at <> 0)
			ORDER BY e.at DESC LIMIT 40`,
		`SELECT o.id, s.organisation, o.id, 'operation', o.name, o.at, o.protocol, '', o.surgeon_name FROM operation o JOIN stay s ON s.id = o.stay_id
			WHERE s.patient_id = $1 AND s.organisation = $2 AND o.signed_at <> 0
			AND NOT EXISTS (SELECT 1 FROM operation l WHERE l.root = o.root AND l.version > o.version)
			ORDER BY o.at DESC LIMIT 40`,
	} {
		some, err := db.List(ctx, q, scanResult, query, patientID, organisation)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b Result) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	return all[:min(len(all), mostSources)], nil
}
