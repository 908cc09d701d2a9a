package spreadsheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"unicode/utf8"
)

// What a file is refused for.
var (
	ErrKind     = errors.New("spreadsheet: neither .xlsx nor CSV in UTF-8")
	ErrBroken   = errors.New("spreadsheet: the file cannot be read")
	ErrFormula  = errors.New("spreadsheet: a cell holds a formula")
	ErrTooLarge = errors.New("spreadsheet: too many rows, columns or characters")
)

// Line is a row of a table as people number it, from 1. Cells are texts as they
// stand in the file; of a day in a workbook it is the number of the day.
type Line struct {
	Number int
	Cells  []string
}

// Bounds of a table that is read.
const (
	mostColumns = 200
	mostCell    = 2000    // characters
	mostPart    = 8 << 20 // bytes of one part of a workbook, unpacked
	mostParts   = 200
)

// Read is the lines of a CSV file or of a workbook's first sheet that have
// anything in them, rows at most. The errors are those above, wrapped or bare: a
// file with a formula is refused whole, since what its author saw is not in it.
func Read(file []byte, rows int) ([]Line, error) {
	if bytes.HasPrefix(file, []byte("PK\x03\x04")) {
		return readXLSX(file, rows)
	}
	return readCSV(file, rows)
}

func readCSV(file []byte, rows int) ([]Line, error) {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	if len(bytes.TrimSpace(file)) == 0 || !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0 {
		return nil, ErrKind
	}
	head, _, _ := bytes.Cut(file, []byte("\n"))
	in := csv.NewReader(bytes.NewReader(file))
	in.FieldsPerRecord = -1
	in.Comma = ';'
	for _, comma := range []rune{',', '\t'} {
		if bytes.Count(head, []byte(string(comma))) > bytes.Count(head, []byte(string(in.Comma))) {
			in.Comma = comma
		}
	}
	var lines []Line
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, errors.Join(ErrBroken, err)
		}
		number, _ := in.FieldPos(0)
		for i, cell := range cells {
			if len(cell) > 1 && cell[0] == '\'' { // the mark of our own CSV: see harmless
				cells[i] = cell[1:]
			} else if len(cell) > 1 && cell[0] == '=' {
				return nil, ErrFormula
			}
		}
		if lines, err = add(lines, Line{number, cells}, rows); err != nil {
			return nil, err
		}
	}
}

// add takes the line in if anything stands in it and the bounds allow it.
func add(lines []Line, l Line, rows int) ([]Line, error) {
	empty := true
	if len(l.Cells) > mostColumns {
		return nil, ErrTooLarge
	}
	for _, cell := range l.Cells {
		if utf8.RuneCountInString(cell) > mostCell {
			return nil, ErrTooLarge
		}
		empty = empty && len(bytes.TrimSpace([]byte(cell))) == 0
	}
	if empty {
		return lines, nil
	}
	if len(lines) >= rows {
		return nil, ErrTooLarge
	}
	return append(lines, l), nil
}
