package entry

import (
	"errors"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
)

// tableRow is a case of the table as the fields of the form: a row, and those beneath
// that continue it.
type tableRow struct {
	ID     string            `json:"id"` // of the draft that it may become
	Line   int               `json:"line"`
	Values map[string]string `json:"values"`
	Cells  map[string]place  `json:"cells,omitempty"` // of lists: where in the file the field stood
	Wrong  []fail.Finding    `json:"wrong,omitempty"` // cells that are none of what may stand there
}

// place is a cell of the file: its line, and the key of its column's head.
type place struct {
	Line int    `json:"line"`
	Key  string `json:"key"`
}

// ReadTable reads a file of cases; words are the texts in all languages. What is
// wrong with the file as a whole is a fail.Invalid that says what to do.
func ReadTable(file []byte, words func(string) text.Words) ([]tableRow, error) {
	lines, err := spreadsheet.Read(file, mostRows+1)
	refuse := func(key string, pairs ...any) ([]tableRow, error) {
		return nil, fail.Fields(fail.Finding{Field: "table", Key: key, Args: fail.Args(pairs...)})
	}
	switch {
	case errors.Is(err, spreadsheet.ErrKind):
		return refuse("insurance.table.kind")
	case errors.Is(err, spreadsheet.ErrFormula):
		return refuse("insurance.table.formula")
	case errors.Is(err, spreadsheet.ErrTooLarge):
		return refuse("insurance.table.large", "Count", mostLines, "Rows", mostRows)
	case err != nil:
		return refuse("insurance.table.broken")
	case len(lines) < 2:
		return refuse("insurance.table.empty")
	}
	columns, unknown, double := columnsOf(lines[0].Cells, words)
	if unknown != "" {
		return refuse("insurance.table.unknown_column", "Column", page.Clean(unknown))
	}
	if double != "" {
		return refuse("insurance.table.double_column", "Column", page.Clean(double))
	}
	var all []tableRow
	for _, line := range lines[1:] {
		cells := make([]string, len(columns))
		for i, typed := range line.Cells {
			typed = page.Clean(typed)
			if i < len(columns) && columns[i] != nil {
				cells[i] = typed
			} else if typed != "" {
				return refuse("insurance.table.no_head", "Row", line.Number)
			}
		}
		if len(all) == 0 || !continues(all[len(all)-1], columns, cells) {
			if len(all) == mostLines {
				return refuse("insurance.table.large", "Count", mostLines, "Rows", mostRows)
			}
			all = append(all, tableRow{Line: line.Number, Values: map[string]string{}, Cells: map[string]place{}})
		}
		all[len(all)-1].add(line.Number, columns, cells, words)
	}
	return named(all), nil
}

// columnsOf finds the column of each head, nil where none stands; or names the head
// that is none, or stands twice.
func columnsOf(heads []string, words func(string) text.Words) (columns []*tableColumn, unknown, double string) {
	columns = make([]*tableColumn, len(heads))
	for i, head := range heads {
		if folded(head) == "" {
			continue
		}
		at := slices.IndexFunc(tableColumns, func(c tableColumn) bool {
			w := words(c.key)
			return slices.Contains([]string{c.head(), folded(w.KY), folded(w.RU), folded(w.EN)}, folded(head))
		})
		if at < 0 {
			return nil, head, ""
		}
		if slices.Contains(columns, &tableColumns[at]) {
			return nil, "", head
		}
		columns[i] = &tableColumns[at]
	}
	return columns, "", ""
}

// head is the column's name for programs.
func (c tableColumn) head() string {
	switch c.more {
	case rowDiagnosis:
		return "diagnosis_" + c.field
	case rowMove:
		return "moved_" + c.field
	case rowOperation:
		return "operation_" + c.field
	}
	return c.field
}

// continues says that a row goes on with the case above: it has the same number or
// none, and nothing of what a case has once.
func continues(above tableRow, columns []*tableColumn, cells []string) bool {
	for i, c := range columns {
		if c == nil || c.more != "" || cells[i] == "" {
			continue
		}
		if number, _ := numberCell.read(nil, cells[i]); c.field != fieldNumber || number != above.Values[fieldNumber] {
			return false
		}
	}
	return true
}

// add takes a row of the file up: what a case has once, and one more of each list in
// whose columns something stands.
func (r *tableRow) add(line int, columns []*tableColumn, cells []string, words func(string) text.Words) {
	next := map[string]int{}
	for i, c := range columns {
		if c == nil || cells[i] == "" && (c.more != "" || line != r.Line) {
			continue
		}
		value, ok := c.read(words, cells[i])
		field := c.field
		if c.more != "" {
			if field = r.listed(*c, next); field == "" {
				r.Wrong = append(r.Wrong, fail.Finding{Field: fieldNumber, Key: "insurance.table.too_many", Args: fail.Args("Row", line)})
				return
			}
			r.Cells[field] = place{line, c.key}
		}
		if !ok {
			r.Wrong = append(r.Wrong, fail.Finding{Field: field, Key: "insurance.table.choice", Args: fail.Args("Value", cells[i])})
		}
		r.Values[field] = value
	}
}

// listed is the field of the form for a cell of a list, "" where the form has no more
// room. next are the rows of the lists that this row of the file fills; the diagnosis
// at admission and the main final one have the places that every form has for them.
func (r *tableRow) listed(c tableColumn, next map[string]int) string {
	at, begun := next[c.more]
	if c.more == rowDiagnosis {
		begun, at = false, slices.Index([]standing{{"admission", "main"}, {"final", "main"}}, c.is)
		if at >= 0 && r.Values[cell(rowDiagnosis, at, "code")] == "" {
			begun = true
		}
	}
	for _, t := range tables {
		if t.name != c.more {
			continue
		}
		first := map[string]int{rowMove: 1, rowDiagnosis: 2}[t.name]
		for i := first; !begun && i < t.most; i++ {
			if !slices.ContainsFunc(t.members, func(m string) bool { return r.Values[cell(t.name, i, m)] != "" }) {
				at, begun = i, true
			}
		}
	}
	if !begun {
		return ""
	}
	next[c.more] = at
	if c.more != rowDiagnosis {
		return cell(c.more, at, c.field)
	}
	r.Values[cell(rowDiagnosis, at, "stage")], r.Values[cell(rowDiagnosis, at, "rank")] = c.is.stage, c.is.rank
	return cell(rowDiagnosis, at, "code")
}
