package referral

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// Imported says what an import read and did; Bad are the rows that were left out.
type Imported struct {
	Rows, Changed int
	Bad           []string
}

// ImportRoutes reads in which other subsystem of the exchange organisations work:
// lines of organisation,subsystem; an empty subsystem stands for this card. Only
// the subsystem named may send and answer in the organisation's name.
func ImportRoutes(ctx context.Context, d *db.DB, in io.Reader) (Imported, error) {
	return importLines(ctx, d, in, 2, func(ctx context.Context, tx *sql.Tx, f []string) (bool, error) {
		if len(f[0]) != 6 {
			return false, badRow("an organisation's code has 6 digits")
		}
		if f[1] != "" {
			if _, err := exchangeapi.ParseSubsystem(f[1]); err != nil {
				return false, badRow(err.Error())
			}
		}
		before, err := routeOf(ctx, tx, f[0])
		if err != nil || before == f[1] {
			return false, err
		}
		return true, setRoute(ctx, tx, f[0], f[1])
	})
}

// ruleNames are the rules that an import may set.
var ruleNames = func() []string {
	names := []string{ruleAppointment, ruleGrace}
	for _, form := range []string{Form057, Form028} {
		for _, urgency := range Urgencies {
			names = append(names, form+"."+urgency)
		}
	}
	return names
}()

// ImportRules reads how many days referrals hold: lines of
// what,days,from,until,source with days as 2026-11-22, until being the first day
// on which the row does not hold and empty for open. The newest row of a day wins.
func ImportRules(ctx context.Context, d *db.DB, in io.Reader) (Imported, error) {
	return importLines(ctx, d, in, 5, func(ctx context.Context, tx *sql.Tx, f []string) (bool, error) {
		days, err := strconv.Atoi(f[1])
		from, ok := clock.ParseDate(f[2])
		until, okUntil := clock.ParseDate(f[3])
		switch {
		case !slices.Contains(ruleNames, f[0]):
			return false, badRow("no such rule: " + strings.Join(ruleNames, ", "))
		case err != nil || days < 1 || days > 3660:
			return false, badRow("days are a whole number from 1 to 3660")
		case !ok || (f[3] != "" && (!okUntil || !from.Before(until))):
			return false, badRow("days are written 2026-11-22, the last after the first")
		case f[4] == "":
			return false, badRow("a rule has a source")
		}
		return saveRule(ctx, tx, f[0], days, from, f[3], f[4])
	})
}

// badRow is what is wrong with a row, for the operator.
type badRow string

func (b badRow) Error() string { return string(b) }

// importLines takes every line, or none: all in one transaction. Lines that are
// wrong are told and left out; the first line may be a head.
func importLines(ctx context.Context, d *db.DB, in io.Reader, fields int, take func(ctx context.Context, tx *sql.Tx, fields []string) (bool, error)) (Imported, error) {
	reader := csv.NewReader(io.LimitReader(in, 1<<20))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = fields, true
	lines, err := reader.ReadAll()
	if err != nil {
		return Imported{}, err
	}
	var report Imported
	err = d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		report = Imported{}
		for i, line := range lines {
			if i == 0 && (line[0] == "organisation" || line[0] == "what") {
				continue
			}
			report.Rows++
			changed, err := take(ctx, tx, line)
			if bad, ok := errors.AsType[badRow](err); ok {
				report.Bad = append(report.Bad, fmt.Sprintf("line %d: %s", i+1, bad))
				continue
			}
			if err != nil {
				return err
			}
			if changed {
				report.Changed++
			}
		}
		return nil
	})
	return report, err
}
