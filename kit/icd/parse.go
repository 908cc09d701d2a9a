package icd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/page"
)

// Limits of a file: the whole ICD-10 has 15,000 rows of 100 bytes.
const (
	maxLine    = 16 << 10
	maxRows    = 200_000
	maxName    = 500
	maxBadKept = 1000
)

// BadRow is a row that was left out.
type BadRow struct {
	Line   int // from 1
	Reason string
}

// row is a good row of the file.
type row struct {
	line         int
	id, parentID string
	code, name   string
	actual       bool
}

// columns that the file must have, by the names of its first line. REC_CODE,
// ADDL_CODE and DATE may be there and are not needed.
var needed = []string{"ID", "MKB_CODE", "MKB_NAME", "ID_PARENT", "ACTUAL"}

// parse reads the rows of a file, `;`-separated with a line of names first.
// A bad row is told and left out; only a file that cannot be read at all, or
// without the columns, is an error.
func parse(in io.Reader, each func(row), bad func(BadRow)) error {
	reader := bufio.NewReaderSize(in, maxLine)
	header, _, err := readLine(reader)
	if err != nil {
		return fmt.Errorf("the file has no first line: %w", err)
	}
	names, reason := split(strings.TrimPrefix(header, "\ufeff"))
	if reason != "" {
		return fmt.Errorf("the first line cannot be read: %s", reason)
	}
	at := map[string]int{}
	for i, name := range names {
		at[strings.ToUpper(strings.TrimSpace(name))] = i
	}
	for _, name := range needed {
		if _, ok := at[name]; !ok {
			return fmt.Errorf("the first line has no column %s", name)
		}
	}
	seen := map[string]int{}
	for line := 2; ; line++ {
		raw, tooLong, err := readLine(reader)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if line > maxRows {
			return fmt.Errorf("the file has more than %d rows", maxRows)
		}
		if strings.TrimSpace(raw) == "" && !tooLong {
			continue
		}
		r, reason := readRow(raw, len(names), at)
		if tooLong {
			reason = "the line is too long"
		}
		if reason == "" {
			if first, twice := seen[r.code]; twice {
				reason = fmt.Sprintf("code %s stands in line %d already", r.code, first)
			}
		}
		if reason != "" {
			bad(BadRow{line, reason})
			continue
		}
		seen[r.code] = line
		r.line = line
		each(r)
	}
}

// readLine gives a line without its end. The rest of one that is too long is passed over.
func readLine(reader *bufio.Reader) (line string, tooLong bool, err error) {
	data, err := reader.ReadSlice('\n')
	line = string(bytes.TrimRight(data, "\r\n"))
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		_, err = reader.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && (line != "" || tooLong) {
		err = nil
	}
	return line, tooLong, err
}

func readRow(raw string, columns int, at map[string]int) (row, string) {
	if !utf8.ValidString(raw) {
		return row{}, "the line is not UTF-8"
	}
	fields, reason := split(raw)
	if reason != "" {
		return row{}, reason
	}
	if len(fields) != columns {
		return row{}, fmt.Sprintf("%d columns instead of %d", len(fields), columns)
	}
	get := func(name string) string { return strings.Join(strings.Fields(page.Clean(fields[at[name]])), " ") }
	r := row{
		id: get("ID"), parentID: get("ID_PARENT"), name: get("MKB_NAME"),
		code: lookalike.Replace(strings.ToUpper(strings.TrimRight(get("MKB_CODE"), "*+†"))), actual: get("ACTUAL") == "1",
	}
	switch {
	case r.id == "" || len(r.id) > 40 || len(r.parentID) > 40:
		return r, "ID is missing or too long"
	case !codeShape.MatchString(r.code) && !headingShape.MatchString(r.code):
		return r, "MKB_CODE is no code of ICD-10"
	case r.name == "":
		return r, "MKB_NAME is empty"
	case utf8.RuneCountInString(r.name) > maxName:
		return r, fmt.Sprintf("MKB_NAME is longer than %d characters", maxName)
	case get("ACTUAL") != "0" && get("ACTUAL") != "1":
		return r, "ACTUAL is neither 0 nor 1"
	}
	return r, ""
}

// split parts a line at semicolons; a value in quotes may hold them, and a
// quote as two.
func split(line string) (fields []string, reason string) {
	for {
		if !strings.HasPrefix(line, `"`) {
			value, rest, more := strings.Cut(line, ";")
			fields = append(fields, value)
			if !more {
				return fields, ""
			}
			line = rest
			continue
		}
		value, rest, ok := quoted(line[1:])
		switch {
		case !ok:
			return nil, "a quote is not closed"
		case rest == "":
			return append(fields, value), ""
		case rest[0] != ';':
			return nil, "text after a closing quote"
		}
		fields = append(fields, value)
		line = rest[1:]
	}
}

func quoted(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `"`)
		b.WriteString(before)
		if !found {
			return "", "", false
		}
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after, true
		}
		b.WriteByte('"')
		s = after[1:]
	}
}
