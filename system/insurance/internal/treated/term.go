package treated

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// AppealTerm is within how many days after the day of a return a hospital may
// appeal, from a day on. The one that comes with the program is its own default
// and says so: no public act was found.
type AppealTerm struct {
	From   clock.Date
	Days   int
	Source text.Words
}

// Until is the last day on which the return may be appealed against; the zero
// Date when no term was in force.
func (t AppealTerm) Until(returned time.Time) clock.Date {
	if t.Days == 0 {
		return clock.Date{}
	}
	return clock.DateOf(clock.DateOf(returned).Start().AddDate(0, 0, t.Days))
}

// ImportedTerms says what an import of terms did; Bad are the rows that are wrong.
type ImportedTerms struct {
	Rows, Changed int
	Bad           []string
}

// mostDays bounds a term.
const mostDays = 3660

// ImportTerms reads terms of appeal: lines of days,from,source_ky,source_ru,
// source_en with from as 2026-11-22. A file is taken whole or, where a line is
// wrong, not at all; the same file again changes nothing.
func ImportTerms(ctx context.Context, d *db.DB, in io.Reader) (ImportedTerms, error) {
	reader := csv.NewReader(io.LimitReader(in, 1<<20))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = 5, true
	lines, err := reader.ReadAll()
	if err != nil {
		return ImportedTerms{}, err
	}
	var report ImportedTerms
	var terms []AppealTerm
	for i, line := range lines {
		if i == 0 && strings.TrimPrefix(line[0], "\ufeff") == "days" {
			continue
		}
		report.Rows++
		days, err := strconv.Atoi(strings.TrimPrefix(line[0], "\ufeff"))
		from, ok := clock.ParseDate(line[1])
		switch {
		case err != nil || days < 1 || days > mostDays:
			report.Bad = append(report.Bad, fmt.Sprintf("line %d: days are a whole number from 1 to %d", i+1, mostDays))
		case !ok:
			report.Bad = append(report.Bad, fmt.Sprintf("line %d: a day is written 2026-11-22", i+1))
		case line[2] == "" || line[3] == "" || line[4] == "":
			report.Bad = append(report.Bad, fmt.Sprintf("line %d: a term has a source in Kyrgyz, Russian and English", i+1))
		}
		terms = append(terms, AppealTerm{from, days, text.Words{KY: line[2], RU: line[3], EN: line[4]}})
	}
	if len(report.Bad) > 0 {
		return report, errors.New("terms are taken whole or not at all")
	}
	err = d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		report.Changed = 0
		for _, t := range terms {
			changed, err := saveTerm(ctx, tx, t)
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
