package entry

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// KeepTable makes drafts of the rows in which something is wrong, to be mended on
// the page. The same rows again, and a row whose form is in a draft already, make
// none: the draft that there is counts, with what was mended in it.
func (k Desk) KeepTable(ctx context.Context, all []tableRow, by Clerk, names func(*page.Form)) ([]Judged, error) {
	judged, err := k.Judge(ctx, all, by, names)
	if err != nil {
		return nil, err
	}
	err = k.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// Two who press at once, or one who presses twice, take turns.
		if err := treated.Turn(ctx, tx, "entry:"+by.Hospital); err != nil {
			return err
		}
		drafts, err := open(ctx, tx, by.Hospital, mostOpen)
		if err != nil {
			return err
		}
		count := len(drafts)
		same := func(number string, values map[string]string) (string, bool) {
			for _, d := range drafts {
				if number != "" && d.Case(d.Form()).Number == number && d.Values[fieldPIN] == values[fieldPIN] && d.Values[fieldName] == values[fieldName] {
					return d.ID, true
				}
			}
			return "", false
		}
		for i := range judged {
			j := &judged[i]
			if j.Good() {
				continue
			}
			if there, err := byID(ctx, tx, all[i].ID, by.Hospital, ""); err == nil {
				j.Draft.ID, j.CaseID = there.ID, there.CaseID
				continue
			} else if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if there, ok := same(j.Number, j.Draft.Values); ok {
				j.Draft.ID = there
				continue
			}
			if count++; count > mostOpen {
				return fail.New(fail.Conflict, "insurance.entry.too_many", "Count", mostOpen)
			}
			now := k.Clock.Now()
			d := Draft{
				ID: all[i].ID, Organisation: by.Hospital, Version: 1, Values: forPage(j.Draft.Values),
				ByPIN: by.PIN, ByName: by.Name, CreatedAt: now, UpdatedAt: now,
			}
			if err := insert(ctx, tx, d); err != nil {
				return err
			}
			if err := k.record(ctx, tx, d, by); err != nil {
				return err
			}
			j.Draft.ID = d.ID
		}
		return nil
	})
	return judged, err
}

// forPage writes days and moments as the page's fields take them; what is none
// stands in no such field, and is left out.
func forPage(values map[string]string) map[string]string {
	form := Draft{Values: values}.Form()
	moments := []string{fieldAdmitted, fieldDischarged}
	for i := range mostMoves {
		moments = append(moments, cell(rowMove, i, "from"))
	}
	for i := range mostOperations {
		moments = append(moments, cell(rowOperation, i, "at"))
	}
	for _, name := range moments {
		if values[name] != "" {
			values[name] = page.InputMoment(moment(form, name))
		}
	}
	if values[fieldBirth] != "" {
		born, ok := clock.ParseDate(values[fieldBirth])
		values[fieldBirth] = ""
		if ok {
			values[fieldBirth] = born.String()
		}
	}
	for name, value := range first() { // the diagnoses that every form has
		if name != fieldInsured && values[name] == "" {
			values[name] = value
		}
	}
	return values
}

// named gives each row an id, by which its draft is one however often it is asked
// for.
func named(all []tableRow) []tableRow {
	for i := range all {
		all[i].ID = id.New()
	}
	return all
}
