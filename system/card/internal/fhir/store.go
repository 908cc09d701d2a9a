package fhir

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// builder writes the conditions of one query and keeps its arguments.
type builder struct {
	args []any
}

// arg adds an argument and gives its placeholder.
func (b *builder) arg(v any) string {
	b.args = append(b.args, v)
	return fmt.Sprintf("$%d", len(b.args))
}

// in is "expr IN ($1, $2…)"; never true for no values.
func in[T any](b *builder, expr string, values []T) string {
	if len(values) == 0 {
		return never
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = b.arg(v)
	}
	return expr + " IN (" + strings.Join(marks, ", ") + ")"
}

const (
	never  = "1 = 0"
	always = "1 = 1"
	// forever stands for the end of what has not ended yet.
	forever = "9223372036854775807"
)

func anyOf(conditions []string) string {
	if len(conditions) == 0 {
		return never
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

// column turns one criterion into a condition.
type column func(b *builder, c criterion) string

// key is a part of the order in which rows are read and paged.
type key struct {
	expr   string
	number bool
}

// table is where rows of a kind are found.
type table struct {
	from    string
	keys    []key // tell rows apart, and order them
	id      func(keys []string) string
	columns map[string]column
	sorts   map[string]key // beside _id
	reach   func(b *builder, r reach) string
	always  string // condition of every row, "" for none
}

// find reads one page of the rows that match, within the reach.
func (t *table) find(ctx context.Context, q db.Querier, r reach, search *query) (found, error) {
	where := func(b *builder) string {
		conditions := []string{t.reach(b, r)}
		if t.always != "" {
			conditions = append(conditions, t.always)
		}
		for _, c := range search.criteria {
			write, ok := t.columns[c.name]
			if !ok { // the shelf has no marks of it; what was written before still counts its arguments
				conditions = append(conditions, never)
				continue
			}
			conditions = append(conditions, write(b, c))
		}
		return strings.Join(conditions, " AND ")
	}
	var f found
	if search.count == 0 {
		return f, t.count(ctx, q, where, &f.total)
	}
	order := t.keys
	if by, ok := t.sorts[search.sort]; ok {
		order = append([]key{by}, t.keys...)
	}
	b := &builder{}
	condition := where(b)
	if search.after != nil {
		behind, ok := beyond(b, order, search.after, search.down)
		if !ok {
			return f, troubled(400, "invalid", "card.fhir.bad_cursor")
		}
		condition += " AND " + behind
	}
	direction := ""
	if search.down {
		direction = " DESC"
	}
	var selected, ordered []string
	for _, k := range order {
		selected = append(selected, k.expr)
		ordered = append(ordered, k.expr+direction)
	}
	rows, err := q.QueryContext(ctx, "SELECT "+strings.Join(selected, ", ")+" FROM "+t.from+" WHERE "+condition+
		" ORDER BY "+strings.Join(ordered, ", ")+" LIMIT "+b.arg(search.count+1), b.args...)
	if err != nil {
		return f, db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	var last []string
	for rows.Next() {
		values := make([]string, len(order))
		into := make([]any, len(order))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return f, err
		}
		if len(f.ids) == search.count {
			f.after = last
			break
		}
		last = values
		f.ids, f.keys = append(f.ids, t.id(values[len(order)-len(t.keys):])), append(f.keys, values)
	}
	if err := rows.Err(); err != nil {
		return f, db.Explain(err)
	}
	_ = rows.Close()
	if search.after == nil && f.after == nil { // the page is all there is
		f.total = len(f.ids)
		return f, nil
	}
	return f, t.count(ctx, q, where, &f.total)
}

func (t *table) count(ctx context.Context, q db.Querier, where func(*builder) string, total *int) error {
	b := &builder{}
	return db.Explain(q.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.from+" WHERE "+where(b), b.args...).Scan(total))
}

// beyond is the condition of the rows behind the keys of the page before.
func beyond(b *builder, order []key, after []string, down bool) (string, bool) {
	if len(after) != len(order) {
		return "", false
	}
	var left, right []string
	for i, k := range order {
		left = append(left, k.expr)
		if !k.number {
			right = append(right, b.arg(after[i]))
			continue
		}
		n, ok := whole(after[i])
		if !ok {
			return "", false
		}
		right = append(right, b.arg(n))
	}
	sign := ">"
	if down {
		sign = "<"
	}
	if len(left) == 1 {
		return left[0] + " " + sign + " " + right[0], true
	}
	return "(" + strings.Join(left, ", ") + ") " + sign + " (" + strings.Join(right, ", ") + ")", true
}

// idColumn is _id where the row's id is the resource's.
func idColumn(expr string) column {
	return func(b *builder, c criterion) string {
		var ids []string
		for _, v := range c.values {
			if v.system == "" {
				ids = append(ids, v.text)
			}
		}
		return in(b, expr, ids)
	}
}

// tokenColumn is a code of one of the systems, each with its expression. The
// system "" is that of codes without one.
func tokenColumn(exprs map[string]string) column {
	return func(b *builder, c criterion) string {
		var conditions []string
		for _, v := range c.values {
			for _, system := range sortedKeys(exprs) {
				expr := exprs[system]
				switch {
				case v.hasSystem && v.system != system:
				case v.hasSystem && v.text == "":
					conditions = append(conditions, expr+" <> ''")
				case v.text != "":
					conditions = append(conditions, expr+" = "+b.arg(v.text))
				}
			}
		}
		return anyOf(conditions)
	}
}

// constantColumn is a code that every row has.
func constantColumn(system, code string) column {
	return func(_ *builder, c criterion) string {
		if slices.ContainsFunc(c.values, func(v value) bool {
			return (!v.hasSystem || v.system == system) && (v.text == code || v.hasSystem && v.text == "")
		}) {
			return always
		}
		return never
	}
}

// refColumn is a reference to the row of the id.
func refColumn(expr string) column {
	return func(b *builder, c criterion) string {
		var ids []string
		for _, v := range c.values {
			ids = append(ids, v.text)
		}
		return in(b, expr, ids)
	}
}

// staffColumn is a reference to a practitioner, whose id stands for the ПИН.
func staffColumn(s *sealer, expr string) column {
	return func(b *builder, c criterion) string {
		var pins []string
		for _, v := range c.values {
			if pin, ok := s.staffPIN(v.text); ok {
				pins = append(pins, pin)
			}
		}
		return in(b, expr, pins)
	}
}

// spanColumn is a time from low until high, both in microseconds. A moment is
// the span of one microsecond.
func spanColumn(low, high string) column {
	return func(b *builder, c criterion) string {
		return dates(c, func(m comparison, v dateValue) string {
			expr, bound := low, v.low
			if m.column == "high" {
				expr = high
			}
			if m.bound == "high" {
				bound = v.high
			}
			return expr + " " + m.sign + " " + b.arg(db.Micros(bound))
		})
	}
}

func momentColumn(expr string) column { return spanColumn(expr, expr+" + 1") }

// dayColumn is a calendar day kept as text, ” when unknown.
func dayColumn(expr string) column {
	return func(b *builder, c criterion) string {
		return expr + " <> '' AND " + dates(c, func(m comparison, v dateValue) string {
			// The day is the span until the next one: high of the data is the day
			// itself, compared with the last day of the search instead of the one
			// behind it.
			bound := v.low
			if m.bound == "high" {
				bound = v.high
			}
			sign, day := m.sign, bound.Format("2006-01-02")
			if m.column == "high" {
				// day+1 <= bound is day < bound, day+1 > bound is day >= bound
				sign = map[string]string{"<=": "<", ">": ">="}[m.sign]
			}
			return expr + " " + sign + " " + b.arg(day)
		})
	}
}

func dates(c criterion, write func(comparison, dateValue) string) string {
	var alternatives []string
	for _, v := range c.values {
		for _, row := range comparisons[v.date.prefix] {
			var all []string
			for _, m := range row {
				all = append(all, write(m, v.date))
			}
			alternatives = append(alternatives, "("+strings.Join(all, " AND ")+")")
		}
	}
	return anyOf(alternatives)
}

var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// nameColumn is a part of a name. folded is the whole name prepared for search;
// first says that only its beginning counts (a surname), exact are the columns
// compared as they are.
func nameColumn(folded string, first, later bool, exact ...string) column {
	return func(b *builder, c criterion) string {
		var conditions []string
		for _, v := range c.values {
			if c.modifier == "exact" {
				for _, expr := range exact {
					conditions = append(conditions, expr+" = "+b.arg(v.text))
				}
				continue
			}
			part := likeEscaper.Replace(text.Fold(v.text))
			if part == "" {
				continue
			}
			if c.modifier == "contains" {
				conditions = append(conditions, folded+" LIKE "+b.arg("%"+part+"%")+" ESCAPE '!'")
				continue
			}
			if first {
				conditions = append(conditions, folded+" LIKE "+b.arg(part+"%")+" ESCAPE '!'")
			}
			if later {
				conditions = append(conditions, folded+" LIKE "+b.arg("% "+part+"%")+" ESCAPE '!'")
			}
		}
		return anyOf(conditions)
	}
}

// each runs the query and gives every row to scan.
func each(ctx context.Context, q db.Querier, b *builder, query string, scan func(row scanner) error) error {
	rows, err := q.QueryContext(ctx, query, b.args...)
	if err != nil {
		return db.Explain(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return db.Explain(rows.Err())
}

type scanner interface{ Scan(into ...any) error }
