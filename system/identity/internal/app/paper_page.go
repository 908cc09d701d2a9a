package app

import (
	"encoding/base64"
	"net/http"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// showPaper is a document of the portal: read on the phone, and kept there for
// when there is no network.
func (a *App) showPaper(w http.ResponseWriter, r *http.Request, p door.Person) error {
	documentID := r.PathValue("id")
	if uuid.Validate(documentID) != nil {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	opened, err := a.open(r.Context(), p, documentID)
	if err != nil {
		return err
	}
	v := paper{Open: opened, kept: a.keeping(p)}
	picture, err := document.QRPNG(opened.Address, 4)
	if err != nil {
		return err
	}
	v.qr = "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
	if a.Portal != "" {
		v.origin = a.Portal + "/my/documents/" + documentID
	}
	v.allow(w)
	return page.Render(w, r, http.StatusOK, paperPage(v))
}

func rowsOf(s portalapi.Section) []design.Row {
	rows := make([]design.Row, 0, len(s.Rows))
	for _, r := range s.Rows {
		rows = append(rows, design.Row{Key: r.Key, Value: r.Value})
	}
	return rows
}

func tableOf(s portalapi.Section) design.TableData {
	t := design.TableData{Caption: s.Title, Empty: s.Empty}
	for _, label := range s.Columns {
		t.Columns = append(t.Columns, design.Column{Label: label})
	}
	for _, line := range s.Table {
		cells := make([]design.Cell, 0, len(line))
		for _, value := range line {
			cells = append(cells, design.Cell{Text: value})
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
