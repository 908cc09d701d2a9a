package entry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

type tableView struct {
	form   *page.Form
	rows   []Judged // nil: nothing was read yet
	sent   bool
	kept   int // drafts of rows with errors, once they were asked for
	packed string
	words  func(string) text.Words
}

// Table is GET /entry/table: a file of many cases is chosen.
func (p Pages) Table(w http.ResponseWriter, r *http.Request) error {
	return page.Render(w, r, http.StatusOK, tablePage(tableView{form: page.NewForm(), words: p.Words}))
}

// Template is GET /entry/table.xlsx: the head of the table in the reader's language.
func (p Pages) Template(w http.ResponseWriter, r *http.Request) error {
	data, err := emptyTable(p.Words, text.LangOf(r.Context())).XLSX()
	if err != nil {
		return err
	}
	return page.Attach(w, spreadsheet.ContentType, "066.xlsx", data)
}

// CheckTable is POST /entry/table: each row with what is wrong in it. Nothing is kept.
func (p Pages) CheckTable(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	page.LeadsTo(r, "/entry/table")
	file, err := tableFile(w, r)
	if err != nil {
		return err
	}
	v := tableView{form: page.NewForm(), words: p.Words}
	if len(file) == 0 || len(file) > mostTable {
		v.form.Fail("table", "insurance.table.choose")
		return page.Render(w, r, http.StatusUnprocessableEntity, tablePage(v))
	}
	rows, err := ReadTable(file, p.Words)
	if err != nil {
		if !v.form.Take(err) {
			return err
		}
		return page.Render(w, r, http.StatusUnprocessableEntity, tablePage(v))
	}
	if v.packed, err = carry(rows); err != nil {
		return err
	}
	if v.rows, err = p.Desk.Judge(ctx, rows, clerk(ctx), func(f *page.Form) { p.names(ctx, f) }); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, tablePage(v))
}

// SendTable is POST /entry/table/send: the rows that nothing is wrong with.
func (p Pages) SendTable(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	page.LeadsTo(r, "/entry/table")
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	rows, err := carried(form.Get("rows"))
	if err != nil {
		return err
	}
	v := tableView{form: page.NewForm(), words: p.Words, sent: true, packed: form.Get("rows")}
	if v.rows, err = p.Desk.SendTable(ctx, rows, clerk(ctx), func(f *page.Form) { p.names(ctx, f) }); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, tablePage(v))
}

// KeepTable is POST /entry/table/drafts: the rows with errors as drafts.
func (p Pages) KeepTable(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	page.LeadsTo(r, "/entry")
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	rows, err := carried(form.Get("rows"))
	if err != nil {
		return err
	}
	v := tableView{form: page.NewForm(), words: p.Words, packed: form.Get("rows")}
	if v.rows, err = p.Desk.KeepTable(ctx, rows, clerk(ctx), func(f *page.Form) { p.names(ctx, f) }); err != nil {
		return err
	}
	for _, j := range v.rows {
		if j.Draft.ID != "" {
			v.kept++
		}
	}
	return page.Render(w, r, http.StatusOK, tablePage(v))
}

// bad is how many rows have something to be mended and are in no draft yet.
func (v tableView) bad() int {
	n := 0
	for _, j := range v.rows {
		if !j.Good() && j.Draft.ID == "" {
			n++
		}
	}
	return n
}

// tableFile is the file of the form.
func tableFile(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, page.MaxUpload)
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	for range 10 {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		var data []byte
		if err == nil && part.FormName() == "table" {
			data, err = io.ReadAll(io.LimitReader(part, mostTable+1))
		}
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, fail.Wrap(err, fail.TooLarge, "kit.too_large")
		}
		if err != nil {
			return nil, fail.Wrap(err, fail.BadRequest, "kit.bad_request")
		}
		if len(data) > 0 {
			return data, nil
		}
	}
	return nil, nil
}

func tableField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "table", "insurance.table.file")
	f.Placeholder = ".xlsx,.csv"
	return f
}

// good is how many rows may be sent; done how many the fund has.
func (v tableView) good() (good, done int) {
	for _, j := range v.rows {
		switch {
		case j.CaseID != "":
			done++
		case j.Good():
			good++
		}
	}
	return good, done
}

// column is the head of the column in which what the field says is mended, with the
// row of the file where that is not the case's first.
func (v tableView) column(ctx context.Context, j Judged, field string) string {
	if at, ok := j.At[field]; ok {
		head := text.T(ctx, at.Key) // text: insurance.table.*
		if at.Line != j.Line {
			head = text.T(ctx, "insurance.table.in_row", "Row", at.Line, "Column", head)
		}
		return head
	}
	for _, c := range tableColumns {
		if c.more == "" && c.field == field {
			return text.T(ctx, c.key)
		}
	}
	for list, key := range map[string]string{rowDiagnosis: "insurance.table.dx_final_main", rowOperation: "insurance.table.op_at", rowMove: "insurance.table.moved_to"} {
		if strings.HasPrefix(field, list) {
			return text.T(ctx, key)
		}
	}
	return text.T(ctx, "insurance.entry.number")
}

// trouble is one thing wrong in a row: the column and why.
type trouble struct {
	column, why string
	bad         bool
	rule        string
}

func (v tableView) troubles(ctx context.Context, j Judged) []trouble {
	var all []trouble
	for _, f := range j.Cells {
		args := f.Args
		if f.Key == "insurance.table.choice" {
			args = fail.Args("Value", args["Value"], "Values", v.allowed(ctx, f.Field))
		}
		all = append(all, trouble{v.column(ctx, j, f.Field), text.TArgs(ctx, f.Key, args), true, ""})
	}
	if j.CaseID != "" {
		return all
	}
	for _, f := range j.Decision.Findings {
		all = append(all, trouble{v.column(ctx, j, j.field(f)), f.Reason.Here(ctx), f.Severity == rule.Error, f.Rule})
	}
	return all
}

// allowed is what may stand in the column, in the reader's words.
func (v tableView) allowed(ctx context.Context, field string) string {
	for _, c := range tableColumns {
		if c.field != field && (c.more == "" || !strings.HasPrefix(field, c.more) || !strings.HasSuffix(field, "_"+c.field)) {
			continue
		}
		if len(c.values) == 0 {
			return text.T(ctx, "insurance.table.yes_no")
		}
		var list []string
		for _, key := range c.values {
			list = append(list, text.T(ctx, key)) // text: insurance.sex.* insurance.category.* insurance.admission.* insurance.outcome.* insurance.result.* insurance.anaesthesia.*
		}
		return strings.Join(list, ", ")
	}
	return ""
}

// columnsOf tells of each column what may stand in it.
func (v tableView) columnsOf(ctx context.Context) design.TableData {
	t := design.TableData{Caption: text.T(ctx, "insurance.table.columns"), Columns: []design.Column{{Label: text.T(ctx, "insurance.table.column")}, {Label: text.T(ctx, "insurance.table.values")}, {Label: text.T(ctx, "insurance.table.again_head")}}}
	for _, c := range tableColumns {
		what := "—"
		if len(c.values) > 0 {
			what = v.allowed(ctx, c.field)
		}
		switch c.field {
		case fieldRural, fieldInsured:
			what = text.T(ctx, "insurance.table.yes_no")
		case fieldBirth:
			what = "22.11.2026"
		case fieldAdmitted, fieldDischarged, "from", "at":
			what = "22.11.2026 14:30"
		case fieldRegion:
			what = Regions[0].Name.Here(ctx) + " · " + Regions[0].Code
		case fieldNumber:
			what = "0000118"
		case fieldHours:
			what = "6"
		case cell(rowMove, 0, "department"), "department":
			what = "18"
		case "code":
			what = "A16.18.1"
		}
		if c.more == rowDiagnosis {
			what = "J18.9"
		}
		again := "—"
		if c.more != "" {
			again = text.T(ctx, "insurance.table.again_yes")
		}
		t.Rows = append(t.Rows, []design.Cell{{Text: text.T(ctx, c.key)}, {Text: what}, {Text: again}}) // text: insurance.table.*
	}
	return t
}

// field is the field of the row in which what the finding says is mended: of a
// diagnosis or an operation that it names by its code that one.
func (j Judged) field(f insuranceapi.Finding) string {
	list := map[string]string{"diagnoses": rowDiagnosis, "operations": rowOperation}[f.Field]
	for _, t := range tables {
		for i := range t.most {
			code := j.Draft.Values[cell(t.name, i, "code")]
			if t.name == list && code != "" && strings.Contains(f.Reason.RU, "("+code) {
				return cell(t.name, i, "code")
			}
		}
	}
	if list == rowDiagnosis {
		return cell(rowDiagnosis, 1, "code") // the main final one
	}
	return FieldOf(f.Field)
}
