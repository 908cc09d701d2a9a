package exchangecard

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// given is the page of a card.
type given struct {
	antenatal.View
	Codes   []Given
	Opened  []Opening
	TearOff []Arrived
}

// cardPage is the exchange card: given or not, who opened it, what came back,
// and the end of the pregnancy.
func cardPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	return renderCard(w, r, d, page.NewForm(), http.StatusOK)
}

func renderCard(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, status int) error {
	ctx := r.Context()
	record, err := antenatal.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := given{View: antenatal.ViewOf(ctx, d, record, "card")}
	v.Form = form
	if v.Codes, err = codesOf(ctx, d.DB.Read, record.ID); err != nil {
		return err
	}
	if v.Opened, err = openingsOf(ctx, d.DB.Read, record.ID); err != nil {
		return err
	}
	if v.TearOff, err = tearOffsOf(ctx, d.DB.Read, record.ID); err != nil {
		return err
	}
	return page.Render(w, r, status, cardView(v, d.BaseURL))
}

func givePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	early := form.Text("early", 500)
	if form.OK() {
		if err = Give(r.Context(), d, r.PathValue("id"), early); err == nil {
			page.Notice(w, "card.antenatal.was_given")
			return page.Redirect(w, r, "/antenatal/"+r.PathValue("id")+"/card")
		}
		if !form.Take(err) {
			return err
		}
	}
	return renderCard(w, r, d, form, http.StatusUnprocessableEntity)
}

func closePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	c := antenatal.Closing{Outcome: form.Choice("outcome", antenatal.Outcomes...), EndedOn: form.Date("ended_on"), Note: form.Need("note", 500)}
	if form.OK() {
		if err = antenatal.Close(r.Context(), d, r.PathValue("id"), c); err == nil {
			page.Notice(w, "card.antenatal.was_closed")
			return page.Redirect(w, r, "/antenatal/"+r.PathValue("id")+"/card")
		}
		if !form.Take(err) {
			return err
		}
	}
	return renderCard(w, r, d, form, http.StatusUnprocessableEntity)
}

func reopenPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	if err := antenatal.Reopen(r.Context(), d, r.PathValue("id")); err != nil {
		return err
	}
	page.Notice(w, "card.antenatal.was_reopened")
	return page.Redirect(w, r, "/antenatal/"+r.PathValue("id")+"/card")
}

// ShowAddress is where a QR code of the card leads: the page of the maternity
// hospital that opens it. The code is random and opens nothing without a post.
func ShowAddress(baseURL, code string) string {
	return baseURL + "/maternity?code=" + url.QueryEscape(code)
}

// grouped is a code in fours, as people read it out.
func grouped(code string) string {
	var parts []string
	for part := range slices.Chunk([]byte(code), 4) {
		parts = append(parts, string(part))
	}
	return text.Joined(parts...)
}

// qr is the code as a picture within the page; "" when it cannot be drawn.
func qr(address string) string {
	data, err := document.QRPNG(address, 4)
	if err != nil {
		return ""
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(data)
}

func openingRows(ctx context.Context, v given) [][]design.Cell {
	var rows [][]design.Cell
	for _, o := range v.Opened {
		rows = append(rows, []design.Cell{{Text: text.Moment(o.At)}, {Text: v.Names[o.Organisation]}, {Text: o.ByName}, {Text: antenatal.Word(ctx, "basis", o.Basis)}})
	}
	return rows
}

func codeRows(v given) [][]design.Cell {
	var rows [][]design.Cell
	for _, c := range v.Codes {
		rows = append(rows, []design.Cell{{Text: text.Moment(c.At)}, {Text: c.ByName}, {Text: c.Early}, {Text: text.Moment(c.RevokedAt)}})
	}
	return rows
}

func outcomeOptions(ctx context.Context) []design.Option {
	all := []design.Option{{Label: "—"}}
	for _, code := range antenatal.Outcomes {
		all = append(all, design.Option{Value: code, Label: antenatal.OutcomeWord(ctx, code)})
	}
	return all
}
