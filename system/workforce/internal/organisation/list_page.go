package organisation

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/region"
)

// PageSize is how many organisations stand on a page of the register.
const PageSize = 50

type listView struct {
	form       *page.Form
	search     Search
	found      []Organisation // of this page
	count      int
	prev, next string
	query      string // of this search, for the export
	keeps      bool
	today      clock.Date
}

// search is what the query asks for. Those who do not keep the register see their
// own organisations.
func (p Pages) search(r *http.Request) (*page.Form, Search) {
	form := page.QueryForm(r)
	if !form.Has("state") {
		form.Set("state", "open")
	}
	s := Search{
		Text: form.Text("q", 100), Region: form.Get("region"), Level: form.Get("level"), Ownership: form.Get("ownership"),
		Kind: form.Get("kind"), State: form.Get("state"), On: p.Book.Today(),
	}
	if on, ok := clock.ParseDate(form.Get("on")); ok {
		s.On = on
	}
	form.Set("on", s.On.String())
	if m := office.Of(r.Context()); !m.Keeps() {
		s.Of = []string{}
		for _, held := range m.Posts {
			s.Of = append(s.Of, held.Organisation)
		}
		slices.Sort(s.Of)
		s.Of = slices.Compact(s.Of)
	}
	return form, s
}

// list is GET /organisations. Who works in one organisation is led straight to it.
func (p Pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, s := p.search(r)
	count, err := p.Book.count(ctx, s)
	if err != nil {
		return err
	}
	skip, prev, next := Leaf("/organisations", r.URL.Query(), count)
	found, err := p.Book.found(ctx, s, PageSize, skip)
	if err != nil {
		return err
	}
	m := office.Of(ctx)
	if !m.Keeps() && len(found) == 1 && r.URL.RawQuery == "" {
		return page.Redirect(w, r, Address(found[0].Code, ""))
	}
	v := listView{form: form, search: s, found: found, count: count, prev: prev, next: next, keeps: m.Keeps(), today: p.Book.Today()}
	query := r.URL.Query()
	query.Del("lang")
	query.Del("page")
	v.query = query.Encode()
	return page.Render(w, r, http.StatusOK, listPage(v))
}

// Leaf is how many organisations stand before the page ?page= of the query, of those
// pages that the count fills, and the addresses of the ones before and after, "" for
// none.
func Leaf(path string, query url.Values, count int) (skip int, prev, next string) {
	query.Del("lang")
	number, _ := strconv.Atoi(query.Get("page"))
	number = min(max(number, 1), max(1, (count+PageSize-1)/PageSize))
	address := func(n int) string {
		query.Set("page", strconv.Itoa(n))
		return path + "?" + query.Encode()
	}
	if number > 1 {
		prev = address(number - 1)
	}
	if number*PageSize < count {
		next = address(number + 1)
	}
	return (number - 1) * PageSize, prev, next
}

func (v listView) exportHref(format string) string {
	query, _ := url.ParseQuery(v.query) // our own encoding
	query.Set("format", format)
	return "/organisations/export?" + query.Encode()
}

func (v listView) rows(ctx context.Context) [][]design.Cell {
	rows := [][]design.Cell{}
	for _, o := range v.found {
		href := Address(o.Code, "")
		if v.search.On != v.today {
			href += "?on=" + v.search.On.String()
		}
		state := design.Tag(text.T(ctx, "workforce.list.open"), "done")
		if o.Shut {
			state = design.Tag(text.T(ctx, "workforce.list.closed"), "danger")
		}
		rows = append(rows, []design.Cell{
			{Text: o.Code},
			{Text: o.Name.Here(ctx), Href: href},
			{Text: KindWord(ctx, o.Kind)},
			{Text: LevelWord(ctx, o.Level)},
			{Text: region.Name(o.Region).Here(ctx)},
			{Text: OwnershipWord(ctx, o.Ownership)},
			{Text: o.INN},
			{Text: o.OKPO},
			{Component: state},
		})
	}
	return rows
}

func (v listView) columns(ctx context.Context) []design.Column {
	var list []design.Column
	for _, key := range []string{
		"workforce.about.code", "workforce.list.name", "workforce.about.kind", "workforce.about.level", "workforce.list.region",
		"workforce.about.ownership", "workforce.about.inn", "workforce.about.okpo", "workforce.staff.state",
	} {
		list = append(list, design.Column{Label: text.T(ctx, key)})
	}
	return list
}

// export is GET /organisations/export?format=xlsx|csv with the query of a search.
func (p Pages) export(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, s := p.search(r)
	found, err := p.Book.found(ctx, s, 0, 0)
	if err != nil {
		return err
	}
	sheet := spreadsheet.Sheet{Name: text.T(ctx, "workforce.list.title") + " " + s.On.String()}
	for _, c := range []struct {
		key   string
		width int
	}{
		{"workforce.about.code", 9},
		{"workforce.field.name_ky", 44},
		{"workforce.field.name_ru", 44},
		{"workforce.field.short_ru", 30},
		{"workforce.about.kind", 26},
		{"workforce.about.level", 18},
		{"workforce.about.ownership", 18},
		{"workforce.about.inn", 16},
		{"workforce.about.okpo", 12},
		{"workforce.list.region", 16},
		{"workforce.about.region", 18},
		{"workforce.about.territory", 18},
		{"workforce.about.address", 40},
		{"workforce.about.phone", 18},
		{"workforce.field.from", 14},
		{"workforce.field.closed", 14},
		{"workforce.field.successor", 14},
	} {
		sheet.Columns = append(sheet.Columns, spreadsheet.Column{Label: text.T(ctx, c.key), Width: c.width})
	}
	for _, o := range found {
		sheet.Rows = append(sheet.Rows, []any{
			o.Code, o.Name.KY, o.Name.RU, o.ShortName.RU, KindWord(ctx, o.Kind), LevelWord(ctx, o.Level), OwnershipWord(ctx, o.Ownership), o.INN, o.OKPO,
			region.Name(o.Region).Here(ctx), o.Region, o.Territory, o.Address, o.Phone, o.From, o.Closed, o.Successor,
		})
	}
	return Send(w, "nisur-organisations-"+s.On.String(), form.Get("format"), sheet)
}

// Send gives the sheet out as a workbook (format xlsx) or as CSV.
func Send(w http.ResponseWriter, name, format string, sheet spreadsheet.Sheet) error {
	kind, made := spreadsheet.ContentType, sheet.XLSX
	switch format {
	case "xlsx":
	case "csv":
		kind, made = spreadsheet.CSVType, sheet.CSV
	default:
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	data, err := made()
	if err != nil {
		return err
	}
	return page.Attach(w, kind, name+"."+format, data)
}
