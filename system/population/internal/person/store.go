package person

import (
	"context"
	"database/sql"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/population/populationapi"
)

func read(ctx context.Context, q db.Querier, number string) (populationapi.Person, error) {
	var p populationapi.Person
	var birth, issued, expires string
	var rural, deceased int
	err := q.QueryRowContext(ctx, `SELECT pin, family_name, given_name, patronymic, birth_date, sex, citizenship,
		passport_series, passport_number, passport_issued, passport_expires, passport_issuer, region, address, rural, deceased
		FROM person WHERE pin = $1`, number).
		Scan(&p.PIN, &p.FamilyName, &p.GivenName, &p.Patronymic, &birth, &p.Sex, &p.Citizenship,
			&p.Passport.Series, &p.Passport.Number, &issued, &expires, &p.Passport.Issuer, &p.Address.Region, &p.Address.Text, &rural, &deceased)
	p.BirthDate, p.Passport.Issued, p.Passport.Expires = db.Date(birth), db.Date(issued), db.Date(expires)
	p.Address.Rural, p.Deceased = rural == 1, deceased == 1
	return p, err
}

// Keep writes people into the register; those it has already stay as they are.
func Keep(ctx context.Context, d *db.DB, people []populationapi.Person) error {
	return d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, p := range people {
			_, err := tx.ExecContext(ctx, `INSERT INTO person (pin, family_name, given_name, patronymic, birth_date, sex, citizenship,
				passport_series, passport_number, passport_issued, passport_expires, passport_issuer, region, address, rural, deceased)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (pin) DO NOTHING`,
				p.PIN, p.FamilyName, p.GivenName, p.Patronymic, p.BirthDate.String(), p.Sex, p.Citizenship,
				p.Passport.Series, p.Passport.Number, p.Passport.Issued.String(), p.Passport.Expires.String(), p.Passport.Issuer,
				p.Address.Region, p.Address.Text, db.Flag(p.Address.Rural), db.Flag(p.Deceased))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
