package find

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outcome"
	"github.com/sanarip/sanarip/system/card/internal/fhir/sealing"
)

// Builder writes the conditions of one query and keeps its arguments.
type Builder struct {
	args []any
}

// Arg adds an argument and gives its placeholder.
func (b *Builder) Arg(v any) string {
	b.args = append(b.args, v)
	return fmt.Sprintf("$%d", len(b.args))
}

// In is "expr IN ($1, $2…)"; never true for no values.
func In[T any](b *Builder, expr string, values []T) string {
	if len(values) == 0 {
		return Never
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = b.Arg(v)
	}
	return expr + " IN (" + strings.Join(marks, ", ") + ")"
}

const (
	Never  = "1 = 0"
	Always = "1 = 1"
	// Forever stands for the end of what has not ended yet.
	Forever = "9223372036854775807"
)

func AnyOf(conditions []string) string {
	if len(conditions) == 0 {
		return Never
	}
	return "(" + strings.Join(conditions, " OR ") + ")"
}

// Column turns one criterion into a condition.
type Column func(b *Builder, c Criterion) string

// Key is a part of the order in which rows are read and paged.
type Key struct {
	Expr   string
	Number bool
	down   bool
}

// Table is where rows of a kind are found.
type Table struct {
	From    string
	Keys    []Key // tell rows apart, and order them
	ID      func(keys []string) string
	Columns map[string]Column
	Sorts   map[string]Key // beside _id
	Reach   func(b *Builder, r access.Reach) string
	Always  string // condition of every row, "" for none
}

// Find reads one page of the rows that match, within the reach.
func (t *Table) Find(ctx context.Context, q db.Querier, r access.Reach, search *Query) (Found, error) {
	conditions := func(b *Builder) []string {
		all := []string{t.Reach(b, r)}
		if t.Always != "" {
			all = append(all, t.Always)
		}
		for _, c := range search.Criteria {
			all = append(all, c.condition(b, t.Columns[c.Name])) // no column: the shelf has no marks of it
		}
		return all
	}
	where := func(b *Builder) string { return strings.Join(conditions(b), " AND ") }
	var f Found
	if search.Count == 0 {
		return f, t.count(ctx, q, where, &f.Total)
	}
	order := t.order(search)
	b := &Builder{}
	all := conditions(b)
	if slices.Contains(all, Never) { // an identifier of a system whose numbers no row has
		return f, nil
	}
	condition := strings.Join(all, " AND ")
	if search.After != nil {
		behind, ok := beyond(b, order, search.After)
		if !ok {
			return f, outcome.Troubled(400, "invalid", "card.fhir.bad_cursor")
		}
		condition += " AND " + behind
	}
	var selected, ordered []string
	for _, k := range order {
		selected = append(selected, k.Expr)
		if k.down {
			ordered = append(ordered, k.Expr+" DESC")
		} else {
			ordered = append(ordered, k.Expr)
		}
	}
	var last []string
	for row, err := range db.Rows(ctx, q, "SELECT "+strings.Join(selected, ", ")+" FROM "+t.From+" WHERE "+condition+
		" ORDER BY "+strings.Join(ordered, ", ")+" LIMIT "+b.Arg(search.Count+1), b.args...) {
		if err != nil {
			return f, err
		}
		values := make([]string, len(order))
		into := make([]any, len(order))
		for i := range values {
			into[i] = &values[i]
		}
		if err := row.Scan(into...); err != nil {
			return f, err
		}
		if len(f.IDs) == search.Count {
			f.After = last
			break
		}
		last = values
		f.IDs, f.keys = append(f.IDs, t.ID(values[len(order)-len(t.Keys):])), append(f.keys, values)
	}
	if search.After == nil && f.After == nil { // the page is all there is
		f.Total = len(f.IDs)
		return f, nil
	}
	return f, t.count(ctx, q, where, &f.Total)
}

func (t *Table) count(ctx context.Context, q db.Querier, where func(*Builder) string, total *int) error {
	b := &Builder{}
	return db.Explain(q.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+t.From+" WHERE "+where(b), b.args...).Scan(total))
}

// IDColumn is _id where the row's id is the resource's.
func IDColumn(expr string) Column {
	return func(b *Builder, c Criterion) string {
		var ids []string
		for _, v := range c.Values {
			if v.System == "" {
				ids = append(ids, v.Text)
			}
		}
		return In(b, expr, ids)
	}
}

// TokenColumn is a code of one of the systems, each with its expression. The
// system "" is that of codes without one.
func TokenColumn(exprs map[string]string) Column {
	return func(b *Builder, c Criterion) string {
		var conditions []string
		if c.modifier == missingModifier {
			for _, system := range SortedKeys(exprs) {
				conditions = append(conditions, exprs[system]+" <> ''")
			}
			return AnyOf(conditions)
		}
		for _, v := range c.Values {
			for _, system := range SortedKeys(exprs) {
				expr := exprs[system]
				switch {
				case v.HasSystem && v.System != system:
				case v.HasSystem && v.Text == "":
					conditions = append(conditions, expr+" <> ''")
				case v.Text != "":
					conditions = append(conditions, expr+" = "+b.Arg(v.Text))
				}
			}
		}
		return AnyOf(conditions)
	}
}

// ConstantColumn is a code that every row has.
func ConstantColumn(system, code string) Column {
	return func(_ *Builder, c Criterion) string {
		if c.modifier == missingModifier || slices.ContainsFunc(c.Values, func(v Value) bool {
			return (!v.HasSystem || v.System == system) && (v.Text == code || v.HasSystem && v.Text == "")
		}) {
			return Always
		}
		return Never
	}
}

// RefColumn is a reference to the row of the id.
func RefColumn(expr string) Column {
	return func(b *Builder, c Criterion) string {
		if c.modifier == missingModifier {
			return expr + " <> ''"
		}
		var ids []string
		for _, v := range c.Values {
			ids = append(ids, v.Text)
		}
		return In(b, expr, ids)
	}
}

// RefToColumn is a reference to the row of the id, which is of the kind.
func RefToColumn(kind, expr string) Column {
	return func(b *Builder, c Criterion) string {
		if c.modifier == missingModifier {
			return expr + " <> ''"
		}
		var ids []string
		for _, v := range c.Values {
			if v.kind == "" || v.kind == kind {
				ids = append(ids, v.Text)
			}
		}
		return In(b, expr, ids)
	}
}

// RefOfColumn is a reference to the row of the id, whose kind is in the other expression.
func RefOfColumn(kind, expr string) Column {
	return func(b *Builder, c Criterion) string {
		if c.modifier == missingModifier {
			return expr + " <> ''"
		}
		met := []string{}
		for _, v := range c.Values {
			one := expr + " = " + b.Arg(v.Text)
			if v.kind != "" {
				one = "(" + kind + " = " + b.Arg(v.kind) + " AND " + one + ")"
			}
			met = append(met, one)
		}
		return AnyOf(met)
	}
}

// StaffColumn is a reference to a practitioner, whose id stands for the ПИН.
func StaffColumn(s *sealing.Sealer, expr string) Column {
	return func(b *Builder, c Criterion) string {
		if c.modifier == missingModifier {
			return expr + " <> ''"
		}
		var pins []string
		for _, v := range c.Values {
			if pin, ok := s.StaffPIN(v.Text); ok {
				pins = append(pins, pin)
			}
		}
		return In(b, expr, pins)
	}
}

// SpanColumn is a time from low until high, both in microseconds. A moment is
// the span of one microsecond.
func SpanColumn(low, high string) Column {
	return func(b *Builder, c Criterion) string {
		if c.modifier == missingModifier {
			return "(" + low + ") <> 0"
		}
		return dates(c, func(m comparison, v dateValue) string {
			expr, bound := low, v.low
			if m.column == "high" {
				expr = high
			}
			if m.bound == "high" {
				bound = v.high
			}
			return expr + " " + m.sign + " " + b.Arg(db.Micros(bound))
		})
	}
}

func MomentColumn(expr string) Column { return SpanColumn(expr, expr+" + 1") }

// DayColumn is a calendar day kept as text, ” when unknown.
func DayColumn(expr string) Column {
	return func(b *Builder, c Criterion) string {
		if c.modifier == missingModifier {
			return expr + " <> ''"
		}
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
			return expr + " " + sign + " " + b.Arg(day)
		})
	}
}

func dates(c Criterion, write func(comparison, dateValue) string) string {
	var alternatives []string
	for _, v := range c.Values {
		for _, row := range comparisons[v.date.prefix] {
			var all []string
			for _, m := range row {
				all = append(all, write(m, v.date))
			}
			alternatives = append(alternatives, "("+strings.Join(all, " AND ")+")")
		}
	}
	return AnyOf(alternatives)
}

var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// NameColumn is a part of a name. folded is the whole name prepared for search;
// first says that only its beginning counts (a surname), exact are the columns
// compared as they are.
func NameColumn(folded string, first, later bool, exact ...string) Column {
	return func(b *Builder, c Criterion) string {
		if c.modifier == missingModifier {
			return folded + " <> ''"
		}
		var conditions []string
		for _, v := range c.Values {
			if c.modifier == "exact" {
				for _, expr := range exact {
					conditions = append(conditions, expr+" = "+b.Arg(v.Text))
				}
				continue
			}
			part := likeEscaper.Replace(text.Fold(v.Text))
			if part == "" {
				continue
			}
			if c.modifier == "contains" {
				conditions = append(conditions, folded+" LIKE "+b.Arg("%"+part+"%")+" ESCAPE '!'")
				continue
			}
			if first {
				conditions = append(conditions, folded+" LIKE "+b.Arg(part+"%")+" ESCAPE '!'")
			}
			if later {
				conditions = append(conditions, folded+" LIKE "+b.Arg("% "+part+"%")+" ESCAPE '!'")
			}
		}
		return AnyOf(conditions)
	}
}

// Each runs the query and gives every row to scan.
func Each(ctx context.Context, q db.Querier, b *Builder, query string, scan func(row Scanner) error) error {
	for row, err := range db.Rows(ctx, q, query, b.args...) {
		if err != nil {
			return err
		}
		if err := scan(row); err != nil {
			return err
		}
	}
	return nil
}

type Scanner interface{ Scan(into ...any) error }
