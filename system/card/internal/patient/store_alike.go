package patient

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
)

// keyless are the surnames and given names of people with a name and no key.
func keyless(ctx context.Context, tx *sql.Tx, limit int) (map[string][2]string, error) {
	names := map[string][2]string{}
	for row, err := range db.Rows(ctx, tx, `SELECT id, family_name, given_name FROM patient
		WHERE alike_key = '' AND (family_name <> '' OR given_name <> '') LIMIT $1`, limit) {
		if err != nil {
			return nil, err
		}
		var patientID string
		var name [2]string
		if err := row.Scan(&patientID, &name[0], &name[1]); err != nil {
			return nil, err
		}
		names[patientID] = name
	}
	return names, nil
}

func setKey(ctx context.Context, tx *sql.Tx, patientID, key string) error {
	if key == "" {
		key = "-" // a name of signs alone is like no other
	}
	_, err := tx.ExecContext(ctx, `UPDATE patient SET alike_key = $2 WHERE id = $1`, patientID, key)
	return err
}
