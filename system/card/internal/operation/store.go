package operation

import (
	"cmp"
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
)

const operationColumns = `id, root, version, reason, at, code, name, anaesthesia, complication, protocol, surgeon_pin, surgeon_name, by_pin, by_name, signed_at, ended_at, assistants, anaesthetist, anaesthesia_record, side`

// insertOperation says whether the operation is new.
func insertOperation(ctx context.Context, tx db.Querier, stayID string, o Operation) (bool, error) {
	return db.ChangedOne(ctx, tx, `INSERT INTO operation (stay_id, `+operationColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) ON CONFLICT (id) DO NOTHING`,
		stayID, o.ID, o.Root, o.Version, o.Reason, db.Micros(o.At), o.Code, o.Name, o.Anaesthesia, o.Complication, o.Protocol,
		o.SurgeonPIN, o.SurgeonName, o.ByPIN, o.ByName, db.Micros(o.SignedAt),
		db.Micros(o.EndedAt), o.Assistants, o.Anaesthetist, o.AnaesthesiaRecord, o.Side)
}

// Operations of the stay in their last versions, the newest first.
func Operations(ctx context.Context, q db.Querier, stayID string) ([]Operation, error) {
	return operations(ctx, q, ` WHERE stay_id = $1 ORDER BY version DESC`, stayID)
}

// FindOperation is one operation in its last version.
func FindOperation(ctx context.Context, q db.Querier, stayID, root string) (Operation, error) {
	found, err := operations(ctx, q, ` WHERE stay_id = $1 AND root = $2 ORDER BY version DESC`, stayID, root)
	if err != nil {
		return Operation{}, err
	}
	if len(found) == 0 {
		return Operation{}, fail.New(fail.NotFound, "card.operations.none_such")
	}
	return found[0], nil
}

func operations(ctx context.Context, q db.Querier, where string, args ...any) ([]Operation, error) {
	var all []Operation
	place := map[string]int{}
	for row, err := range db.Rows(ctx, q, `SELECT `+operationColumns+` FROM operation`+where, args...) {
		if err != nil {
			return nil, err
		}
		var o Operation
		var at, signed, ended int64
		err := row.Scan(&o.ID, &o.Root, &o.Version, &o.Reason, &at, &o.Code, &o.Name, &o.Anaesthesia, &o.Complication, &o.Protocol,
			&o.SurgeonPIN, &o.SurgeonName, &o.ByPIN, &o.ByName, &signed, &ended, &o.Assistants, &o.Anaesthetist, &o.AnaesthesiaRecord, &o.Side)
		if err != nil {
			return nil, err
		}
		o.At, o.SignedAt, o.EndedAt = db.Time(at), db.Time(signed), db.Time(ended)
		if i, ok := place[o.Root]; ok {
			all[i].Former = append(all[i].Former, o)
			continue
		}
		place[o.Root] = len(all)
		all = append(all, o)
	}
	slices.SortStableFunc(all, func(a, b Operation) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Root, a.Root)) })
	return all, nil
}
