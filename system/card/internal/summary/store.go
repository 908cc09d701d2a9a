package summary

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const heads = `SELECT s.id, f.number, s.organisation, s.admitted_at, s.discharged_at, COALESCE(o.data, '')
	FROM stay s JOIN patient p ON p.id = s.patient_id JOIN form f ON f.stay_id = s.id AND f.state = 'valid'
	LEFT JOIN organisation o ON o.code = s.organisation
	WHERE p.pin = $1 AND s.state = 'discharged'`

// most bounds a list of discharges.
const most = 200

func discharges(ctx context.Context, q db.Querier, pin string) ([]cardapi.Head, error) {
	return db.List(ctx, q, scan, heads+` ORDER BY s.discharged_at DESC, s.id DESC LIMIT $2`, pin, most)
}

func oneDischarge(ctx context.Context, q db.Querier, pin, stayID string) (cardapi.Head, error) {
	h, err := scan(q.QueryRowContext(ctx, heads+` AND s.id = $2`, pin, stayID))
	if errors.Is(err, sql.ErrNoRows) {
		return h, fail.New(fail.NotFound, "card.summary.none_such")
	}
	return h, db.Explain(err)
}

func scan(row db.Row) (cardapi.Head, error) {
	var h cardapi.Head
	var admitted, discharged int64
	var data string
	if err := row.Scan(&h.Stay, &h.Form, &h.Organisation, &admitted, &discharged, &data); err != nil {
		return h, err
	}
	h.AdmittedAt, h.DischargedAt = db.Time(admitted), db.Time(discharged)
	h.OrganisationName = text.Words{KY: h.Organisation, RU: h.Organisation}
	if data != "" {
		var o workforceapi.Organisation
		if err := json.Unmarshal([]byte(data), &o); err != nil {
			return h, err
		}
		h.OrganisationName = o.Name
	}
	return h, nil
}

func nameOf(ctx context.Context, q db.Querier, pin string) (string, error) {
	var family, given, patronymic string
	err := q.QueryRowContext(ctx, `SELECT family_name, given_name, patronymic FROM patient WHERE pin = $1`, pin).Scan(&family, &given, &patronymic)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return text.Joined(family, given, patronymic), db.Explain(err)
}
