package capture

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
)

// Row is a row by column: string, int64 or nil. Bytes are \x and hexadecimal
// digits, on both engines and on the way.
type Row map[string]any

// Parse reads what a trigger wrote; "" is no row.
func Parse(written string) (Row, error) {
	if written == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(written)))
	decoder.UseNumber()
	row := Row{}
	if err := decoder.Decode(&row); err != nil {
		return nil, err
	}
	for column, value := range row {
		switch v := value.(type) {
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return nil, fmt.Errorf("capture: column %s: %w", column, err)
			}
			row[column] = n
		case string, nil:
		default:
			return nil, fmt.Errorf("capture: column %s holds neither text nor number", column)
		}
	}
	return row, nil
}

// Text is the row as a trigger would write it.
func (r Row) Text() string {
	data, err := json.Marshal(r)
	if err != nil {
		return "" // text, numbers and nil can be written
	}
	return string(data)
}

// String is a value of the row as text.
func (r Row) String(column string) string {
	switch v := r[column].(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

// KeyOf is the row's key.
func (t Table) KeyOf(r Row) []string {
	key := make([]string, len(t.Key))
	for i, k := range t.Key {
		key[i] = r.String(k)
	}
	return key
}

// JoinKey is a key as a trigger writes it.
func JoinKey(key []string) string { return strings.Join(key, separator) }

// SplitKey takes it apart.
func SplitKey(key string) []string { return strings.Split(key, separator) }

const separator = "\x1f" // stands in no text that people write

// Select reads rows of the table; rest is WHERE… ORDER BY… LIMIT….
func (s *Schema) Select(ctx context.Context, q db.Querier, t Table, rest string, args ...any) ([]Row, error) {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	var all []Row
	for each, err := range db.Rows(ctx, q, `SELECT `+strings.Join(names, ", ")+` FROM `+t.Name+` `+rest, args...) {
		if err != nil {
			return nil, err
		}
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := each.Scan(into...); err != nil {
			return nil, err
		}
		row := Row{}
		for i, c := range t.Columns {
			switch v := values[i].(type) {
			case []byte:
				if c.Binary {
					row[c.Name] = `\x` + hex.EncodeToString(v)
				} else {
					row[c.Name] = string(v)
				}
			case string, int64, nil:
				row[c.Name] = v
			default:
				return nil, fmt.Errorf("capture: %s.%s holds neither text nor whole number", t.Name, c.Name)
			}
		}
		all = append(all, row)
	}
	return all, nil
}

// argument is the value as the driver takes it.
func (t Table) argument(column string, value any) (any, error) {
	text, ok := value.(string)
	if !ok {
		return value, nil
	}
	for _, c := range t.Columns {
		if c.Name == column && c.Binary {
			return hex.DecodeString(strings.TrimPrefix(text, `\x`))
		}
	}
	return value, nil
}

// Insert writes the row; columns that are not in it keep their defaults.
func (s *Schema) Insert(ctx context.Context, q db.Querier, t Table, r Row) error {
	var names, marks []string
	var args []any
	for _, c := range t.Columns {
		value, ok := r[c.Name]
		if !ok {
			continue
		}
		arg, err := t.argument(c.Name, value)
		if err != nil {
			return err
		}
		args = append(args, arg)
		names, marks = append(names, c.Name), append(marks, "$"+strconv.Itoa(len(args)))
	}
	_, err := q.ExecContext(ctx, `INSERT INTO `+t.Name+` (`+strings.Join(names, ", ")+`) VALUES (`+strings.Join(marks, ", ")+`)`, args...)
	return err
}

// Update writes the columns into the row of the key.
func (s *Schema) Update(ctx context.Context, q db.Querier, t Table, key []string, columns Row) error {
	var sets []string
	var args []any
	for _, c := range t.Columns {
		value, ok := columns[c.Name]
		if !ok {
			continue
		}
		arg, err := t.argument(c.Name, value)
		if err != nil {
			return err
		}
		args = append(args, arg)
		sets = append(sets, c.Name+" = $"+strconv.Itoa(len(args)))
	}
	if len(sets) == 0 {
		return nil
	}
	where, more := t.where(key, len(args)+1)
	_, err := q.ExecContext(ctx, `UPDATE `+t.Name+` SET `+strings.Join(sets, ", ")+` WHERE `+where, append(args, more...)...)
	return err
}

// Delete removes the row of the key.
func (s *Schema) Delete(ctx context.Context, q db.Querier, t Table, key []string) error {
	where, args := t.where(key, 1)
	_, err := q.ExecContext(ctx, `DELETE FROM `+t.Name+` WHERE `+where, args...)
	return err
}

// Unknown is a column of the row that the table has not, "" for none: the other
// side is newer than this one.
func (t Table) Unknown(r Row) string {
	for column := range r {
		if !t.Has(column) {
			return column
		}
	}
	return ""
}

// PageOf reads rows of the organisations in the order of the key, after the key
// given; none of a table that is nobody's.
func (s *Schema) PageOf(ctx context.Context, q db.Querier, t Table, organisations, after []string, limit int) ([]Row, error) {
	condition, home := s.Within(t, 1, len(organisations))
	if home == Nobody {
		return nil, nil
	}
	var args []any
	for _, code := range organisations {
		args = append(args, code)
	}
	if home == Guide { // its condition names no organisation
		args = nil
	}
	order := strings.Join(t.Key, ", ")
	if len(after) == len(t.Key) {
		marks := make([]string, len(after))
		for i, value := range after {
			args = append(args, value)
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		condition += ` AND (` + order + `) > (` + strings.Join(marks, ", ") + `)`
	}
	return s.Select(ctx, q, t, `WHERE `+condition+` ORDER BY `+order+` LIMIT `+strconv.Itoa(limit), args...)
}

// Value is a value of the column that was kept as text.
func (t Table) Value(column, text string) any {
	for _, c := range t.Columns {
		if c.Name == column && c.Whole {
			n, err := strconv.ParseInt(text, 10, 64)
			if err == nil {
				return n
			}
		}
	}
	return text
}
