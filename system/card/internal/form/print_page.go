package form

import (
	"context"
	"database/sql"
	"net/http"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// Mount puts the printed form in.
func Mount(d *desk.Desk, signing Signing) {
	d.Page("GET /stays/{id}/form.pdf", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return printPage(w, r, d, signing) })
	signing.mount()
}

// printPage gives the PDF of a form of the stay: ?lang=ky or ru, ?form= (which of
// the stay's forms, 1 the first: a number stands in no address) and ?revision= for
// another than the newest.
func printPage(w http.ResponseWriter, r *http.Request, d *desk.Desk, signing Signing) error {
	ctx, query := r.Context(), r.URL.Query()
	record, err := Load(ctx, d.DB.Read, r.PathValue("id"), desk.Of(ctx).Post.Organisation, "")
	if err != nil {
		return err
	}
	issued, ref, err := choose(ctx, d, record.StayID, query.Get("form"), query.Get("revision"))
	if err != nil {
		return err
	}
	sheet, err := SheetOf(ctx, d.DB.Read, ref)
	if err != nil {
		return err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.Seen(ctx, tx, record.Patient.PIN, "form.print", ref.Number)
	})
	if err != nil {
		return err
	}
	lang := page.PaperLang(ctx)
	signatures, err := signing.Of(ctx, sheet)
	if err != nil {
		return err
	}
	ctx = text.With(ctx, d.Site.Texts, lang)
	pdf, err := sheet.paper(ctx, issued, signing.Draft(ctx, signatures), signing.Marks(ctx, signatures))
	if err != nil {
		return err
	}
	return page.ShowPDF(w, "066-"+ref.Number+"-"+string(lang)+".pdf", pdf)
}

// choose finds the form and revision that were asked for.
func choose(ctx context.Context, d *desk.Desk, stayID, nth, revision string) (Issued, Ref, error) {
	forms, err := Forms(ctx, d.DB.Read, stayID)
	if err != nil {
		return Issued{}, Ref{}, err
	}
	for i, f := range forms {
		if nth != "" && strconv.Itoa(len(forms)-i) != nth {
			continue
		}
		last, ok, err := Latest(ctx, d.DB.Read, f.Number, "")
		if err != nil || !ok {
			return f, Ref{}, err
		}
		ref := last.Ref
		if n, err := strconv.Atoi(revision); err == nil {
			ref.Revision = n
		}
		return f, ref, nil
	}
	return Issued{}, Ref{}, fail.New(fail.NotFound, "card.form.no_form")
}

func findingTone(f insuranceapi.Finding) string {
	if f.Severity == "error" {
		return "danger"
	}
	return "attention"
}

func findingWord(ctx context.Context, f insuranceapi.Finding) string {
	if f.Severity == "error" {
		return text.T(ctx, "card.form.finding_error")
	}
	return text.T(ctx, "card.form.finding_warning")
}

func tableData(section Section) design.TableData {
	t := design.TableData{Caption: section.Title, Empty: section.Table.Empty}
	for _, c := range section.Table.Columns {
		t.Columns = append(t.Columns, design.Column{Label: c.Label, Numeric: c.Right})
	}
	for _, cells := range section.Table.Rows {
		line := make([]design.Cell, len(cells))
		for i, cell := range cells {
			line[i] = design.Cell{Text: cell}
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

func summaryRows(section Section) []design.Row {
	rows := make([]design.Row, len(section.Rows))
	for i, r := range section.Rows {
		rows[i] = design.Row{Key: r.Key, Value: r.Value}
	}
	return rows
}
