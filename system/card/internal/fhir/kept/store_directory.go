package kept

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// loadOrganisations reads the copy of НИСУР: those of the codes, all if codes
// is nil.
func loadOrganisations(ctx context.Context, q db.Querier, codes []string) ([]organisationRow, error) {
	b := &find.Builder{}
	condition := find.Always
	if codes != nil {
		condition = find.In(b, "o.code", codes)
	}
	var all []organisationRow
	err := find.Each(ctx, q, b, `SELECT o.data, o.synced_at FROM organisation o WHERE `+condition+` ORDER BY o.code`, func(row find.Scanner) error {
		var o organisationRow
		var data string
		var synced int64
		if err := row.Scan(&data, &synced); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(data), &o.Organisation); err != nil {
			return fmt.Errorf("copy of an organisation: %w", err)
		}
		o.Synced = db.Time(synced)
		all = append(all, o)
		return nil
	})
	return all, err
}

// Organisations are those of the codes, of the copy of НИСУР.
func Organisations(ctx context.Context, q db.Querier, codes []string) ([]workforceapi.Organisation, error) {
	rows, err := loadOrganisations(ctx, q, codes)
	all := make([]workforceapi.Organisation, 0, len(rows))
	for _, row := range rows {
		all = append(all, row.Organisation)
	}
	return all, err
}

// loadBeds reads the beds of the ids, all if ids is nil.
func loadBeds(ctx context.Context, q db.Querier, ids []string) ([]bedRow, error) {
	b := &find.Builder{}
	condition := find.Always
	if ids != nil {
		condition = find.In(b, "b.id", ids)
	}
	var all []bedRow
	err := find.Each(ctx, q, b, `SELECT b.id, b.organisation, b.department, b.room, b.name, b.state,
		CASE WHEN EXISTS (SELECT 1 FROM stay s WHERE s.bed_id = b.id AND s.state = 'open') THEN 1 ELSE 0 END
		FROM bed b WHERE `+condition+` ORDER BY b.id`, func(row find.Scanner) error {
		var bed bedRow
		var taken int64
		err := row.Scan(&bed.ID, &bed.Organisation, &bed.Department, &bed.Room, &bed.Name, &bed.State, &taken)
		bed.Taken = taken == 1
		all = append(all, bed)
		return err
	})
	return all, err
}

// loadStaff reads who has acted in stays within the reach, and who heads the
// departments of its organisations; of the ПИН given, everybody if pins is nil.
func loadStaff(ctx context.Context, q db.Querier, r access.Reach, pins []string) ([]staffRow, error) {
	b := &find.Builder{}
	seen := func(from, pin, name, at, doctor string) string {
		condition := find.StayReach("s.organisation")(b, r)
		if pins != nil {
			condition += " AND " + find.In(b, pin, pins)
		}
		return `SELECT ` + pin + ` AS pin, ` + name + ` AS name, s.organisation AS organisation, s.department AS department,
			` + doctor + ` AS doctor, 0 AS head, MAX(` + at + `) AS seen
			FROM ` + from + ` JOIN patient p ON p.id = s.patient_id WHERE ` + condition + `
			GROUP BY ` + pin + `, ` + name + `, s.organisation, s.department`
	}
	// Who refers, and who answers, both sides see.
	referred := func(department, pin, name, organisation, at, from string) string {
		condition := find.Opened(r, b, "p.pin", func(b *find.Builder) string {
			return "(" + find.In(b, "r.from_organisation", r.Organisations) + " OR " + find.In(b, "r.to_organisation", r.Organisations) + ")"
		})
		if pins != nil {
			condition += " AND " + find.In(b, pin, pins)
		}
		return `SELECT ` + pin + `, ` + name + `, ` + organisation + `, ` + department + `, 1, 0, ` + at + ` FROM ` + from + ` JOIN patient p ON p.id = r.patient_id
			WHERE ` + pin + ` <> '' AND ` + condition
	}
	heads := find.Never
	switch {
	case r.All:
		heads = find.Always
	case len(r.Organisations) > 0:
		heads = find.In(b, "h.organisation", r.Organisations)
	}
	if pins != nil {
		heads += " AND " + find.In(b, "h.pin", pins)
	}
	query := seen("stay s", "s.doctor_pin", "s.doctor_name", "s.admitted_at", "1") +
		" UNION ALL " + seen("operation x JOIN stay s ON s.id = x.stay_id", "x.surgeon_pin", "x.surgeon_name", "x.at", "1") +
		" UNION ALL " + seen("diagnosis x JOIN stay s ON s.id = x.stay_id", "x.by_pin", "x.by_name", "x.at", "1") +
		" UNION ALL " + seen("medical_order x JOIN stay s ON s.id = x.stay_id", "x.by_pin", "x.by_name", "x.created_at", "1") +
		" UNION ALL " + seen("request x JOIN stay s ON s.id = x.stay_id", "x.by_pin", "x.by_name", "x.asked_at", "1") +
		// Nurses measure, laboratories answer: what they are the row does not tell.
		" UNION ALL " + seen("answer w JOIN request x ON x.id = w.request_id JOIN stay s ON s.id = x.stay_id", "w.by_pin", "w.by_name", "w.signed_at", "0") +
		" UNION ALL " + seen("observation x JOIN stay s ON s.id = x.stay_id", "x.by_pin", "x.by_name", "x.signed_at", "0") +
		" UNION ALL " + referred("r.from_department", "r.by_pin", "r.by_name", "r.from_organisation", "r.written_at", "referral r") +
		" UNION ALL " + referred("CASE x.organisation WHEN r.to_organisation THEN r.to_department ELSE r.from_department END", "x.by_pin", "x.by_name", "x.organisation", "x.at",
		"referral_step x JOIN referral r ON r.id = x.referral_id") + `
		UNION ALL SELECT h.pin, h.name, h.organisation, h.department, 1, 1, h.synced_at FROM department_head h WHERE ` + heads
	var all []staffRow
	err := find.Each(ctx, q, b, query, func(row find.Scanner) error {
		var s staffRow
		var doctor, head, at int64
		err := row.Scan(&s.PIN, &s.Name, &s.Organisation, &s.Department, &doctor, &head, &at)
		s.Doctor, s.Head, s.Seen = doctor == 1, head == 1, db.Time(at)
		all = append(all, s)
		return err
	})
	return all, err
}
