package console

import (
	"context"
	"net/http"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

func (c *Console) statistics(w http.ResponseWriter, r *http.Request, _ operator) error {
	st, err := c.count(r.Context(), spanOf(r.URL.Query().Get("span")))
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, statisticsPage(st))
}

func (st statistic) tabs(ctx context.Context) []design.Tab {
	tabs := make([]design.Tab, 0, len(spans))
	for _, s := range spans {
		label := text.T(ctx, "identity.console.span."+s.name) // text: identity.console.span.*
		tabs = append(tabs, design.Tab{Label: label, Href: "/console/statistics?span=" + s.name, Current: s.name == st.span.name})
	}
	return tabs
}

// label is the name of a step: its hour, its first day, its month.
func (st statistic) label(step int) string {
	at := st.begins[step]
	switch st.span.unit {
	case "hour":
		return at.Format("15:04")
	case "month":
		return at.Format("01.2006")
	}
	return at.Format("02.01")
}

func (st statistic) chart(ctx context.Context, captionKey string, numbers []int) design.BarChart {
	c := design.BarChart{
		Caption: text.T(ctx, captionKey), Unit: text.T(ctx, "identity.console.sign_ins"), Label: text.T(ctx, "identity.console.step."+st.span.name), // text: identity.console.step.*
	}
	for i, n := range numbers {
		c.Bars = append(c.Bars, design.Bar{Label: st.label(i), Value: float64(n), Text: strconv.Itoa(n), Mark: i == len(numbers)-1})
	}
	return c
}

func (st statistic) methodRows(ctx context.Context) [][]design.Cell {
	var rows [][]design.Cell
	for _, m := range st.methods {
		share := "—"
		if all := m.entered + m.refused; all > 0 {
			share = strconv.Itoa((m.refused*100+all/2)/all) + " %"
		}
		rows = append(rows, []design.Cell{
			{Text: methodWord(ctx, m.method)}, number(m.entered), number(m.refused), {Text: share, Numeric: true},
		})
	}
	return rows
}

func number(n int) design.Cell { return design.Cell{Text: strconv.Itoa(n), Numeric: true} }

// matrix is what each method brought in, by step.
func (st statistic) matrix(ctx context.Context) design.TableData {
	data := design.TableData{Caption: text.T(ctx, "identity.console.by_method_and_time"), Columns: []design.Column{{Label: text.T(ctx, "identity.console.step."+st.span.name)}}}
	for _, m := range st.methods {
		data.Columns = append(data.Columns, design.Column{Label: methodWord(ctx, m.method), Numeric: true})
	}
	data.Columns = append(data.Columns, design.Column{Label: text.T(ctx, "identity.console.refused"), Numeric: true})
	for i := range st.span.steps {
		cells := []design.Cell{{Text: st.label(i)}}
		for _, m := range st.methods {
			cells = append(cells, number(st.table[m.method][i]))
		}
		data.Rows = append(data.Rows, append(cells, number(st.refused[i])))
	}
	return data
}
