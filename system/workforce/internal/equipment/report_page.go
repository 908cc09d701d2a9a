package equipment

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/region"
)

// measures are what the map may show.
var measures = []string{"per_doctor", "per_staff", "computers", "reported"}

type reportView struct {
	on, today  clock.Date
	region     string // "" for all
	measure    string
	states     []State // of the region, those of this page
	prev, next string  // pages
	sums       map[string]RegionSum
	call       Call
	owing      int
	form       *page.Form // of a new call
	asking     bool       // the form came back
}

// view is the page of the report that is asked for, or with whole all of it.
func (p Pages) view(r *http.Request, whole bool) (reportView, error) {
	ctx := r.Context()
	query := r.URL.Query()
	v := reportView{today: p.Book.Today(), measure: query.Get("measure"), region: query.Get("region")}
	v.on = v.today
	if asked, ok := clock.ParseDate(query.Get("on")); ok && !v.today.Before(asked) {
		v.on = asked
	}
	if !slices.Contains(measures, v.measure) {
		v.measure = measures[0]
	}
	if !region.Known(v.region) {
		v.region = ""
	}
	var err error
	if v.call, err = p.Book.CallOn(ctx, v.on); err != nil {
		return v, err
	}
	if v.sums, err = p.Book.Regions(ctx, v.on, v.call); err != nil {
		return v, err
	}
	leaf := Leaf{Sums: v.sums}
	if v.call.ID != "" {
		_, v.owing = leaf.Found()
	}
	leaf.Region = v.region
	if !whole {
		found, _ := leaf.Found()
		leaf.Limit = organisation.PageSize
		leaf.Skip, v.prev, v.next = organisation.Leaf("/equipment", r.URL.Query(), found)
	}
	v.states, err = p.Book.States(ctx, v.on, v.call, leaf)
	return v, err
}

func (p Pages) report(w http.ResponseWriter, r *http.Request) error {
	v, err := p.view(r, false)
	if err != nil {
		return err
	}
	v.form = page.NewForm("since", v.today.String())
	return page.Render(w, r, http.StatusOK, reportPage(v))
}

func (p Pages) ask(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	c := Call{Since: form.Date("since"), Due: form.Date("due"), Source: form.Text("source", 200)}
	if form.OK() {
		err := p.Book.Ask(ctx, c, office.Of(ctx).Actor(""))
		if err == nil {
			page.Notice(w, "workforce.equipment.ask_done")
			return page.Redirect(w, r, "/equipment")
		}
		if !form.Take(err) {
			return err
		}
	}
	v, err := p.view(r, false)
	if err != nil {
		return err
	}
	v.form, v.asking = form, true
	return page.Render(w, r, http.StatusUnprocessableEntity, reportPage(v))
}

// href is the report with another region or measure.
func (v reportView) href(path, region, measure string) string {
	return path + "?on=" + v.on.String() + "&region=" + region + "&measure=" + measure
}

// value is the figure of a region that the map shows: as a number, for the
// shade, and as it is written. The number is -1 when there is none.
func (v reportView) value(ctx context.Context, sum RegionSum) (int, string) {
	switch {
	case sum.Organisations == 0 || (sum.Reported == 0 && v.measure != "reported"):
		return -1, "—"
	case v.measure == "per_doctor":
		return sum.PerDoctor(), hundredths(ctx, sum.PerDoctor())
	case v.measure == "per_staff":
		return sum.PerStaff(), hundredths(ctx, sum.PerStaff())
	case v.measure == "computers":
		return sum.Working, strconv.Itoa(sum.Working)
	}
	return sum.Reported * 100 / sum.Organisations, strconv.Itoa(sum.Reported*100/sum.Organisations) + "%"
}

func measureWord(ctx context.Context, measure string) string {
	return text.T(ctx, "workforce.equipment."+measure) // text: workforce.equipment.*
}

// tiles are the map. The shade is the quarter of the highest figure.
func (v reportView) tiles(ctx context.Context) design.TileMap {
	top := 0
	for _, sum := range v.sums {
		n, _ := v.value(ctx, sum)
		top = max(top, n)
	}
	m := design.TileMap{Caption: measureWord(ctx, v.measure) + ", " + text.Date(v.on)}
	for _, r := range region.All {
		sum := v.sums[r.Code]
		n, written := v.value(ctx, sum)
		shade := 0
		if n >= 0 {
			shade = 1
			if top > 0 {
				shade = min(4, 1+n*4/(top+1))
			}
		}
		m.Tiles = append(m.Tiles, design.Tile{
			Name: r.Name.Here(ctx), Text: written, Column: r.Column, Row: r.Row, Shade: shade,
			Hint: text.T(ctx, "workforce.equipment.of", "Reported", sum.Reported, "Count", sum.Organisations),
			Href: v.href("/equipment", r.Code, v.measure),
		})
	}
	return m
}

func (v reportView) regionRows(ctx context.Context) [][]design.Cell {
	rows := [][]design.Cell{}
	var total RegionSum
	row := func(name, href string, sum RegionSum) {
		n := func(value int) design.Cell { return design.Cell{Text: strconv.Itoa(value)} }
		rows = append(rows, []design.Cell{
			{Text: name, Href: href},
			{Text: strconv.Itoa(sum.Reported) + " / " + strconv.Itoa(sum.Organisations)},
			n(sum.Computers), n(sum.Working), n(sum.Online), n(sum.Doctors), n(sum.Nurses),
			{Text: hundredths(ctx, sum.PerDoctor())},
		})
	}
	for _, r := range region.All {
		sum := v.sums[r.Code]
		row(r.Name.Here(ctx), v.href("/equipment", r.Code, v.measure), sum)
		total.Organisations += sum.Organisations
		total.Reported += sum.Reported
		total.Figures = total.Add(sum.Figures)
	}
	row(text.T(ctx, "workforce.total"), "", total)
	return rows
}

func regionHeads(ctx context.Context) []design.Column {
	columns := []design.Column{{Label: text.T(ctx, "workforce.list.region")}}
	for _, key := range []string{
		"workforce.equipment.reported_short", "workforce.field.computers", "workforce.field.working", "workforce.field.online",
		"workforce.field.doctors", "workforce.field.nurses", "workforce.equipment.per_doctor_short",
	} {
		columns = append(columns, design.Column{Label: text.T(ctx, key), Numeric: true})
	}
	return columns
}

func (v reportView) rows(ctx context.Context) [][]design.Cell {
	rows := [][]design.Cell{}
	for _, s := range v.states {
		o := s.Organisation
		row := []design.Cell{
			{Text: o.Code},
			{Text: o.ShortName.Here(ctx), Href: organisation.Address(o.Code, "/equipment")},
			{Text: region.Name(o.Region).Here(ctx)},
		}
		if s.Answer == "" {
			row = append(row, design.Cell{Text: "—"})
		} else {
			row = append(row, design.Cell{Component: design.Tag(answerWord(ctx, s.Answer), tones[s.Answer])})
		}
		if s.Report == nil {
			row = append(row, design.Cell{Text: "—"})
			for range len(figureNames) + 1 {
				row = append(row, design.Cell{Text: "—"})
			}
		} else {
			sum := s.Report.Sum()
			row = append(append(append(row, design.Cell{Text: text.Date(s.Report.Day)}), figureCells(sum)...), design.Cell{Text: hundredths(ctx, sum.PerDoctor())})
		}
		rows = append(rows, row)
	}
	return rows
}

func heads(ctx context.Context) []design.Column {
	columns := []design.Column{
		{Label: text.T(ctx, "workforce.about.code")},
		{Label: text.T(ctx, "workforce.list.name")},
		{Label: text.T(ctx, "workforce.list.region")},
		{Label: text.T(ctx, "workforce.equipment.answer")},
		{Label: text.T(ctx, "workforce.equipment.day")},
	}
	columns = append(columns, figureHeads(ctx, "")[1:]...)
	return append(columns, design.Column{Label: text.T(ctx, "workforce.equipment.per_doctor_short"), Numeric: true})
}

// export is GET /equipment/export: a line for each department, as the ministry
// asks for it; an organisation that has not reported has one empty line.
func (p Pages) export(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	v, err := p.view(r, true)
	if err != nil {
		return err
	}
	sheet := spreadsheet.Sheet{Name: text.T(ctx, "workforce.equipment.tab") + " " + v.on.String()}
	for _, c := range []struct {
		label string
		width int
	}{
		{text.T(ctx, "workforce.about.code"), 9},
		{text.T(ctx, "workforce.list.name"), 44},
		{text.T(ctx, "workforce.list.region"), 16},
		{text.T(ctx, "workforce.about.level"), 16},
		{text.T(ctx, "workforce.equipment.answer"), 18},
		{text.T(ctx, "workforce.equipment.day"), 14},
		{text.T(ctx, "workforce.field.internet"), 18},
		{text.T(ctx, "workforce.add.department"), 36},
	} {
		sheet.Columns = append(sheet.Columns, spreadsheet.Column{Label: c.label, Width: c.width})
	}
	for _, name := range figureNames {
		sheet.Columns = append(sheet.Columns, spreadsheet.Column{Label: text.T(ctx, "workforce.field."+name), Width: 14})
	}
	for _, s := range v.states {
		o := s.Organisation
		said := ""
		if s.Answer != "" {
			said = answerWord(ctx, s.Answer)
		}
		head := []any{o.Code, o.Name.Here(ctx), region.Name(o.Region).Here(ctx), organisation.LevelWord(ctx, o.Level), said}
		if s.Report == nil {
			sheet.Rows = append(sheet.Rows, append(head, "", "", "", "", "", "", "", "", ""))
			continue
		}
		for _, l := range s.Report.Lines {
			row := append(slices.Clone(head), s.Report.Day, text.T(ctx, "workforce.internet."+s.Report.Internet), lineName(ctx, l))
			for _, f := range l.named() {
				row = append(row, f.value)
			}
			sheet.Rows = append(sheet.Rows, row)
		}
	}
	return organisation.Send(w, "nisur-equipment-"+v.on.String(), r.URL.Query().Get("format"), sheet)
}

func (v reportView) callField(ctx context.Context, name string) design.Field {
	f := design.FieldOf(ctx, v.form, name, "workforce.equipment."+name+"_label") // text: workforce.equipment.*
	f.Autocomplete = "off"
	return f
}

func owingTone(owing int) string {
	if owing == 0 {
		return "done"
	}
	return "attention"
}

func measureOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, m := range measures {
		options = append(options, design.Option{Value: m, Label: measureWord(ctx, m)})
	}
	return options
}
