package procedure

import (
	"context"
	"database/sql"
	_ "embed" // the table of the demo
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// Report says what an import read and did.
type Report struct {
	Rows, Added, Changed, Same int
	Bad                        []string // what is wrong in which line; then nothing was changed
}

// Bounds of a file.
const (
	mostBytes = 32 << 20
	mostRows  = 50_000
	mostName  = 500 // characters
)

// errWhole is the answer to a file with bad rows.
var errWhole = errors.New("the table of operations is taken whole or not at all: nothing was changed")

// Import reads codes of operations: lines of code,from,until,name_ky,name_ru,name_en
// with days as 2026-11-22 and until empty for a code without end, and, where the
// table says it, a seventh cell: 1 for what stands left and right, else empty. A line with a code
// and a first day that are there changes that row (its names, its end); what is not
// in the file stays, since cases of its days name it. A file is taken whole or,
// where a line is wrong or a code would stand twice for one day, not at all. The
// same file again changes nothing.
func Import(ctx context.Context, d *db.DB, c clock.Clock, in io.Reader, source string) (Report, error) {
	codes, report, err := parse(in)
	if err == nil && len(report.Bad) > 0 {
		err = errWhole
	}
	if err != nil {
		return report, err
	}
	read := report
	err = d.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		report = read                   // a transaction tried again counts anew
		before, err := version(ctx, tx) // read first: an import that ends meanwhile takes our number
		if err != nil {
			return err
		}
		known, err := load(ctx, tx)
		if err != nil {
			return err
		}
		at := func(one Code) int {
			return slices.IndexFunc(known, func(o Code) bool { return o.Code == one.Code && o.From == one.From })
		}
		var write []Code
		for _, one := range codes {
			i := at(one)
			switch {
			case i < 0:
				report.Added++
				known, write = append(known, one), append(write, one)
			case known[i] == one:
				report.Same++
			default:
				report.Changed++
				known[i], write = one, append(write, one)
			}
		}
		if report.Bad = twice(known); len(report.Bad) > 0 {
			return errWhole
		}
		if len(write) == 0 {
			return nil
		}
		for _, one := range write {
			if err := save(ctx, tx, one, source); err != nil {
				return err
			}
		}
		err = note(ctx, tx, before+1, source, db.Micros(c.Now()), report.Rows, len(write))
		if db.Unique(err) {
			return errors.New("another import was under way: nothing was changed, try again")
		}
		return err
	})
	return report, err
}

// twice tells of codes that would stand more than once for one day.
func twice(all []Code) []string {
	sorted := slices.SortedFunc(slices.Values(all), func(a, b Code) int {
		if a.Code != b.Code {
			return strings.Compare(a.Code, b.Code)
		}
		return strings.Compare(a.From.String(), b.From.String())
	})
	var bad []string
	for i := 1; i < len(sorted); i++ {
		before, after := sorted[i-1], sorted[i]
		if before.Code == after.Code && before.ValidOn(after.From) {
			bad = append(bad, fmt.Sprintf("code %s is valid from %s and again from %s: give the first its last day", before.Code, before.From, after.From))
		}
	}
	return bad
}

func parse(in io.Reader) ([]Code, Report, error) {
	var report Report
	data, err := io.ReadAll(io.LimitReader(in, mostBytes+1))
	if err != nil {
		return nil, report, err
	}
	whole := strings.TrimPrefix(string(data), "\ufeff")
	if len(data) > mostBytes {
		return nil, report, fmt.Errorf("the file is longer than %d bytes", mostBytes)
	}
	reader := csv.NewReader(strings.NewReader(whole))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = 0, true // as many as the first line has
	if first, _, _ := strings.Cut(whole, "\n"); strings.Contains(first, ";") {
		reader.Comma = ';'
	}
	var codes []Code
	seen := map[[2]string]int{}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, report, err
		}
		line, _ := reader.FieldPos(0)
		if len(cells) != 6 && len(cells) != 7 {
			return nil, report, fmt.Errorf("line %d: %d cells, not six or seven", line, len(cells))
		}
		for i := range cells {
			cells[i] = strings.Join(strings.Fields(cells[i]), " ")
		}
		if report.Rows == 0 && len(codes) == 0 && cells[0] == "code" {
			continue
		}
		report.Rows++
		if report.Rows > mostRows {
			return nil, report, fmt.Errorf("more than %d rows", mostRows)
		}
		one, wrong := codeOf(cells)
		key := [2]string{one.Code, one.From.String()}
		if first := seen[key]; wrong == "" && first > 0 {
			wrong = fmt.Sprintf("code %s from %s stands in line %d already", one.Code, one.From, first)
		}
		if wrong != "" {
			report.Bad = append(report.Bad, fmt.Sprintf("line %d: %s", line, wrong))
			continue
		}
		seen[key] = line
		codes = append(codes, one)
	}
	if report.Rows == 0 {
		return nil, report, errors.New("the file has no rows")
	}
	return codes, report, nil
}

// codeOf is a line of the file, and what is wrong with it.
func codeOf(cells []string) (c Code, wrong string) {
	var ok bool
	c = Code{Code: CodeOf(cells[0]), Name: text.Words{KY: cells[3], RU: cells[4], EN: cells[5]}}
	if c.Code == "" {
		return c, fmt.Sprintf("%q is no code: up to 20 letters, digits and points", cells[0])
	}
	if c.From, ok = clock.ParseDate(cells[1]); !ok {
		return c, fmt.Sprintf("the first day %q is not written 2026-11-22", cells[1])
	}
	if cells[2] != "" {
		if c.Until, ok = clock.ParseDate(cells[2]); !ok {
			return c, fmt.Sprintf("the last day %q is not written 2026-11-22", cells[2])
		}
		if c.Until.Before(c.From) {
			return c, fmt.Sprintf("it ends on %s before it begins on %s", c.Until, c.From)
		}
	}
	for _, name := range cells[3:6] {
		if name == "" || len([]rune(name)) > mostName {
			return c, "an operation has a name in Kyrgyz, Russian and English"
		}
	}
	if len(cells) == 7 {
		if cells[6] != "" && cells[6] != "1" {
			return c, fmt.Sprintf("%q says nothing of left and right: 1 or empty", cells[6])
		}
		c.Paired = cells[6] == "1"
	}
	return c, ""
}

//go:embed demo.csv
var demo string

// Demo loads a short table, invented by us, where nothing was imported yet.
func Demo(ctx context.Context, d *db.DB, c clock.Clock) error {
	edition, err := NewBook(d).Edition(ctx)
	if err != nil || edition > 0 {
		return err
	}
	_, err = Import(ctx, d, c, strings.NewReader(demo), "sanarip demo")
	return err
}
