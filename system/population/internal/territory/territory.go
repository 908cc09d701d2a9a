// Package territory takes in СОАТЕ, the state list of territories, from a CSV
// file. The list changes by law (the reform of 2024–25), so it is data: read it
// again and it is brought up to date.
package territory

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
)

// Territory is one row of the list.
type Territory struct {
	Code, Level, Parent, NameRU, NameKY string
}

// BadRow is a row that was not taken, and why (English, for the operator).
type BadRow struct {
	Line int
	Why  string
}

// Report is what an import did.
type Report struct {
	Rows int // taken
	Bad  []BadRow
}

var header = []string{"code", "level", "parent", "name_ru", "name_ky"}

// MaxRows bounds a file; the whole country has fewer than 3,000 territories.
const MaxRows = 100_000

// Read parses the file. progress, if any, is told the number of rows read.
func Read(r io.Reader, progress func(rows int)) ([]Territory, Report, error) {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord = -1 // a short row is a bad row, not the end
	first, err := reader.Read()
	if err != nil {
		return nil, Report{}, fmt.Errorf("the file has no header: %w", err)
	}
	first[0] = strings.TrimPrefix(first[0], "\ufeff")
	if strings.Join(first, ",") != strings.Join(header, ",") {
		return nil, Report{}, fmt.Errorf("the header must be %s", strings.Join(header, ","))
	}
	var list []Territory
	var report Report
	seen := map[string]bool{}
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return list, report, nil
		}
		line, _ := reader.FieldPos(0)
		if parseError, ok := errors.AsType[*csv.ParseError](err); ok {
			report.Bad = append(report.Bad, BadRow{parseError.StartLine, parseError.Err.Error()})
			continue
		}
		if err != nil {
			return nil, report, err
		}
		t, why := parse(row)
		if why == "" && seen[t.Code] {
			why = "the code stands twice"
		}
		if why != "" {
			report.Bad = append(report.Bad, BadRow{line, why})
			continue
		}
		seen[t.Code] = true
		list = append(list, t)
		report.Rows++
		if report.Rows > MaxRows {
			return nil, report, fmt.Errorf("more than %d rows", MaxRows)
		}
		if progress != nil {
			progress(report.Rows)
		}
	}
}

func parse(row []string) (Territory, string) {
	if len(row) != len(header) {
		return Territory{}, fmt.Sprintf("%d columns instead of %d", len(row), len(header))
	}
	for i := range row {
		row[i] = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(row[i], "\x00", ""), ""))
	}
	t := Territory{row[0], row[1], row[2], row[3], row[4]}
	switch {
	case !isCode(t.Code):
		return t, "the code has not 14 digits"
	case t.Parent != "" && !isCode(t.Parent):
		return t, "the parent's code has not 14 digits"
	case t.Parent == t.Code:
		return t, "a territory cannot be its own parent"
	case t.Level == "":
		return t, "no level"
	case t.NameRU == "":
		return t, "no Russian name"
	}
	return t, ""
}

func isCode(s string) bool {
	return len(s) == 14 && strings.Trim(s, "0123456789") == ""
}

// Import reads the file and brings the table up to date in one transaction.
func Import(ctx context.Context, d *db.DB, r io.Reader, progress func(rows int)) (Report, error) {
	list, report, err := Read(r, progress)
	if err != nil {
		return report, err
	}
	return report, keep(ctx, d, list)
}
