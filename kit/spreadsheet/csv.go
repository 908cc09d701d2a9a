package spreadsheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/clock"
)

// CSVType is the media type of what CSV writes.
const CSVType = "text/csv; charset=utf-8"

// CSV writes a table row by row, so that a long one needs no memory: separated
// by semicolons, with the mark by which office programs know UTF-8. Cells are
// those of a Sheet. What an office program would run as a formula is kept a text
// by an apostrophe; all else is written as it is, since a CSV is for other
// programs: a number of form 066/у with a mark would be another number. Office
// programs round it (ECMA-376 numbers have 15 digits) and drop leading zeros:
// people get the Sheet as XLSX, in which it is a text.
type CSV struct {
	buffer *bufio.Writer
	out    *csv.Writer
}

// NewCSV writes the head.
func NewCSV(w io.Writer, columns []Column) (*CSV, error) {
	buffer := bufio.NewWriter(w)
	if _, err := buffer.WriteString("\ufeff"); err != nil {
		return nil, err
	}
	c := &CSV{buffer, csv.NewWriter(buffer)}
	c.out.Comma, c.out.UseCRLF = ';', true
	labels := make([]any, len(columns))
	for i, column := range columns {
		labels[i] = column.Label
	}
	return c, c.Row(labels...)
}

// Row writes one row.
func (c *CSV) Row(cells ...any) error {
	record := make([]string, len(cells))
	for i, cell := range cells {
		switch value := cell.(type) {
		case string:
			record[i] = harmless(value)
		case int:
			record[i] = strconv.Itoa(value)
		case int64:
			record[i] = strconv.FormatInt(value, 10)
		case Tyiyn:
			record[i] = strings.Replace(value.decimal(), ".", ",", 1)
		case Tenths:
			record[i] = strings.Replace(value.decimal(), ".", ",", 1)
		case clock.Date:
			if !value.IsZero() {
				record[i] = value.Start().Format("02.01.2006")
			}
		case time.Time:
			if !value.IsZero() {
				record[i] = value.In(clock.Bishkek).Format("02.01.2006 15:04")
			}
		default:
			return fmt.Errorf("spreadsheet: cell %d is a %T", i, cell)
		}
	}
	return c.out.Write(record)
}

// CSV is the whole table as CSV.
func (s Sheet) CSV() ([]byte, error) {
	var b bytes.Buffer
	out, err := NewCSV(&b, s.Columns)
	if err != nil {
		return nil, err
	}
	for _, row := range s.Rows {
		if err := out.Row(row...); err != nil {
			return nil, err
		}
	}
	err = out.Close()
	return b.Bytes(), err
}

// Close writes what is still held back.
func (c *CSV) Close() error {
	c.out.Flush()
	if err := c.out.Error(); err != nil {
		return err
	}
	return c.buffer.Flush()
}

// harmless keeps a text from being run as a formula (OWASP, CSV injection): also
// by programs that take the wide signs of East Asian keyboards for the plain ones.
func harmless(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", first) {
		return "'" + s
	}
	return s
}
