package newborn

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

func insert(ctx context.Context, tx *sql.Tx, c Child, byPIN string) error {
	var child any
	if c.Patient != "" {
		child = c.Patient
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO newborn (id, patient_id, mother_id, mother_stay, organisation, born_at, sex, weight, length,
			apgar1, apgar5, live, plurality, birth_order, note, by_pin, by_name, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		c.ID, child, c.MotherID, c.MotherStay, c.Organisation, db.Micros(c.BornAt), c.Sex, c.Weight, c.Length,
		c.Apgar1, c.Apgar5, db.Flag(c.Live), c.Plurality, c.Order, c.Note, byPIN, c.ByName, db.Micros(c.CreatedAt))
	return err
}

// lockMother is whose stay it is, held: the record may be merged at this moment.
func lockMother(ctx context.Context, d *db.DB, tx *sql.Tx, stayID string) (string, error) {
	var motherID string
	err := tx.QueryRowContext(ctx, `SELECT patient_id FROM stay WHERE id = $1`+d.ForUpdate(), stayID).Scan(&motherID)
	return motherID, err
}

const columns = `SELECT n.id, COALESCE(n.patient_id, ''), n.mother_id, n.mother_stay, n.organisation, n.born_at, n.sex, n.weight, n.length,
		n.apgar1, n.apgar5, n.live, n.plurality, n.birth_order, n.note, n.by_name, n.created_at,
		COALESCE(c.family_name, ''), COALESCE(c.given_name, ''), COALESCE(c.patronymic, ''), m.family_name, m.given_name, m.patronymic
	FROM newborn n JOIN patient m ON m.id = n.mother_id LEFT JOIN patient c ON c.id = n.patient_id `

// OfStay are the children born in the mother's stay, in their order.
func OfStay(ctx context.Context, q db.Querier, motherStay string) ([]Child, error) {
	return read(ctx, q, columns+`WHERE n.mother_stay = $1 ORDER BY n.birth_order`, motherStay)
}

// OfMother are all children that the patient gave birth to, by this card.
func OfMother(ctx context.Context, q db.Querier, motherID string) ([]Child, error) {
	return read(ctx, q, columns+`WHERE n.mother_id = $1 ORDER BY n.born_at, n.birth_order`, motherID)
}

// OfChild is the birth of the patient; ok is false when they were not born here.
func OfChild(ctx context.Context, q db.Querier, patientID string) (c Child, ok bool, err error) {
	all, err := read(ctx, q, columns+`WHERE n.patient_id = $1`, patientID)
	if err != nil || len(all) == 0 {
		return c, false, err
	}
	return all[0], true, nil
}

func read(ctx context.Context, q db.Querier, query string, args ...any) ([]Child, error) {
	var all []Child
	for row, err := range db.Rows(ctx, q, query, args...) {
		if err != nil {
			return nil, err
		}
		var c Child
		var born, live, created int64
		var family, given, patronymic, motherFamily, motherGiven, motherPatronymic string
		if err := row.Scan(&c.ID, &c.Patient, &c.MotherID, &c.MotherStay, &c.Organisation, &born, &c.Sex, &c.Weight, &c.Length,
			&c.Apgar1, &c.Apgar5, &live, &c.Plurality, &c.Order, &c.Note, &c.ByName, &created,
			&family, &given, &patronymic, &motherFamily, &motherGiven, &motherPatronymic); err != nil {
			return nil, err
		}
		c.BornAt, c.Live, c.CreatedAt = db.Time(born), live == 1, db.Time(created)
		if given != "" {
			c.Name = text.Joined(family, given, patronymic)
		}
		c.MotherName = text.Joined(motherFamily, motherGiven, motherPatronymic)
		all = append(all, c)
	}
	return all, nil
}
