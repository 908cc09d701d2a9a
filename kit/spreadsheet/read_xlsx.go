package spreadsheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"path"
	"strconv"
	"strings"
)

// readXLSX reads the first sheet (ECMA-376, part 1, 18.2 to 18.4). Styles are not
// looked at; links, macros and other sheets neither.
func readXLSX(file []byte, rows int) ([]Line, error) {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil || len(z.File) > mostParts {
		return nil, errors.Join(ErrBroken, err)
	}
	var book struct {
		Pr struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			ID string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := parseInto(z, "xl/workbook.xml", &book); err != nil {
		return nil, err
	}
	if len(book.Sheets) == 0 || book.Pr.Date1904 == "1" || book.Pr.Date1904 == "true" {
		return nil, ErrBroken // days counted from 1904 would be read four years off
	}
	var links struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := parseInto(z, "xl/_rels/workbook.xml.rels", &links); err != nil {
		return nil, err
	}
	sheet := ""
	for _, link := range links.All {
		if link.ID == book.Sheets[0].ID {
			sheet = path.Join("xl", link.Target)
			if strings.HasPrefix(link.Target, "/") {
				sheet = strings.TrimPrefix(path.Clean(link.Target), "/")
			}
		}
	}
	shared, err := sharedStrings(z)
	if err != nil {
		return nil, err
	}
	data, err := part(z, sheet)
	if err != nil {
		return nil, err
	}
	return readSheet(data, shared, rows)
}

// part is one part unpacked; what says too little of its size is cut off, too.
func part(z *zip.Reader, name string) ([]byte, error) {
	for _, f := range z.File {
		if f.Name != name {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, errors.Join(ErrBroken, err)
		}
		defer func() { _ = r.Close() }()
		data, err := io.ReadAll(io.LimitReader(r, mostPart+1))
		if err != nil {
			return nil, errors.Join(ErrBroken, err)
		}
		if len(data) > mostPart {
			return nil, ErrTooLarge
		}
		return data, nil
	}
	return nil, ErrBroken
}

func parseInto(z *zip.Reader, name string, into any) error {
	data, err := part(z, name)
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(data, into); err != nil {
		return errors.Join(ErrBroken, err)
	}
	return nil
}

// rich is a text, whole or in runs.
type rich struct {
	T    string `xml:"t"`
	Runs []struct {
		T string `xml:"t"`
	} `xml:"r"`
}

func (r rich) text() string {
	if len(r.Runs) == 0 {
		return r.T
	}
	var b strings.Builder
	for _, run := range r.Runs {
		b.WriteString(run.T)
	}
	return b.String()
}

func sharedStrings(z *zip.Reader) ([]string, error) {
	var table struct {
		Items []rich `xml:"si"`
	}
	for _, f := range z.File {
		if f.Name != "xl/sharedStrings.xml" {
			continue
		}
		if err := parseInto(z, f.Name, &table); err != nil {
			return nil, err
		}
	}
	all := make([]string, len(table.Items))
	for i, item := range table.Items {
		all[i] = item.text()
	}
	return all, nil
}

type xlsxRow struct {
	Number int `xml:"r,attr"`
	Cells  []struct {
		At      string    `xml:"r,attr"`
		Kind    string    `xml:"t,attr"`
		Value   string    `xml:"v"`
		Text    rich      `xml:"is"`
		Formula *struct{} `xml:"f"`
	} `xml:"c"`
}

func readSheet(data []byte, shared []string, rows int) ([]Line, error) {
	var lines []Line
	number := 0
	in := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, errors.Join(ErrBroken, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		var row xlsxRow
		if err := in.DecodeElement(&row, &start); err != nil {
			return nil, errors.Join(ErrBroken, err)
		}
		number++
		if row.Number > 0 {
			number = row.Number
		}
		line := Line{Number: number}
		for i, cell := range row.Cells {
			column := i
			if cell.At != "" {
				column = columnOf(cell.At)
			}
			if column < 0 || column >= mostColumns {
				return nil, ErrTooLarge
			}
			if cell.Formula != nil {
				return nil, ErrFormula
			}
			value := cell.Value
			switch cell.Kind {
			case "s":
				at, err := strconv.Atoi(value)
				if err != nil || at < 0 || at >= len(shared) {
					return nil, ErrBroken
				}
				value = shared[at]
			case "inlineStr":
				value = cell.Text.text()
			case "", "n":
				value = plainNumber(value)
			case "e":
				return nil, ErrFormula // what a formula came to
			}
			for len(line.Cells) <= column {
				line.Cells = append(line.Cells, "")
			}
			line.Cells[column] = value
		}
		if lines, err = add(lines, line, rows); err != nil {
			return nil, err
		}
	}
}

// columnOf is the column of «AB7», from 0; -1 for none.
func columnOf(at string) int {
	n := 0
	for _, r := range at {
		if r < 'A' || r > 'Z' || n > mostColumns {
			break
		}
		n = n*26 + int(r-'A') + 1
	}
	return n - 1
}

// plainNumber writes a whole number without an exponent: 2.12E13 is a ПИН.
func plainNumber(value string) string {
	if !strings.ContainsAny(value, "eE") || len(value) > 40 {
		return value
	}
	mantissa, exponent, _ := strings.Cut(strings.ToUpper(value), "E")
	if n, err := strconv.Atoi(exponent); err != nil || n > 30 || n < -30 || mantissa == "" {
		return value
	}
	number, ok := new(big.Rat).SetString(value)
	if !ok || !number.IsInt() {
		return value
	}
	return number.Num().String()
}
