package antenatal

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
)

// cardPage is the exchange card: given or not, who opened it, what came back,
// and the end of the pregnancy.
func cardPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	return renderCard(w, r, d, page.NewForm(), http.StatusOK)
}

func renderCard(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, status int) error {
	ctx := r.Context()
	record, err := Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := viewOf(ctx, d, record, "card")
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
	c := Closing{Outcome: form.Choice("outcome", Outcomes...), EndedOn: form.Date("ended_on"), Note: form.Need("note", 500)}
	if form.OK() {
		if err = Close(r.Context(), d, r.PathValue("id"), c); err == nil {
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
	if err := Reopen(r.Context(), d, r.PathValue("id")); err != nil {
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

func openingRows(ctx context.Context, v recordOf) [][]design.Cell {
	var rows [][]design.Cell
	for _, o := range v.Opened {
		rows = append(rows, []design.Cell{{Text: text.Moment(o.At)}, {Text: v.Names[o.Organisation]}, {Text: o.ByName}, {Text: word(ctx, "basis", o.Basis)}})
	}
	return rows
}

func codeRows(v recordOf) [][]design.Cell {
	var rows [][]design.Cell
	for _, c := range v.Codes {
		rows = append(rows, []design.Cell{{Text: text.Moment(c.At)}, {Text: c.ByName}, {Text: c.Early}, {Text: text.Moment(c.RevokedAt)}})
	}
	return rows
}

// inboxPage is the tear-offs that came to the organisation.
func inboxPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	all, err := inbox(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, 200)
	if err != nil {
		return err
	}
	var pins []string
	for _, a := range all {
		pins = append(pins, a.Mother.PIN)
	}
	if err := d.SeenAll(ctx, pins, "antenatal.inbox"); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, inboxView(all))
}

func tearOffPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	all, err := versionsOf(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, r.PathValue("root"))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if err := seenTearOff(ctx, d, all[0]); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, tearOffView(all))
}

func readPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	if err := MarkRead(r.Context(), d, r.PathValue("root")); err != nil {
		return err
	}
	page.Notice(w, "card.antenatal.was_read")
	return page.Redirect(w, r, "/tear-offs")
}

// rulesPage shows every rule in force with its source.
func rulesPage(w http.ResponseWriter, r *http.Request, _ *desk.Desk) error {
	return page.Render(w, r, http.StatusOK, rulesView())
}

func ruleRows(ctx context.Context) [][]design.Cell {
	var rows [][]design.Cell
	for _, m := range gestation.Milestones() {
		rows = append(rows, []design.Cell{{Text: text.T(ctx, "card.antenatal.milestone."+m.Code)}, {Text: AgeWords(ctx, m.Days)}, {Text: text.Date(m.From)}, {Text: sourceWord(ctx, m.Source)}}) // text: card.antenatal.milestone.*
	}
	for _, one := range gestation.Rules() {
		rows = append(rows, []design.Cell{{Text: WarningWord(ctx, gestation.Warning{Code: one.Code})}, {Text: condition(ctx, one)}, {Text: text.Date(one.From)}, {Text: sourceWord(ctx, one.Source)}})
	}
	for _, one := range gestation.DatingRules() {
		rows = append(rows, []design.Cell{
			{Text: text.T(ctx, "card.antenatal.dating_rule", "From", AgeWords(ctx, one.Low), "Until", AgeWords(ctx, one.High))},
			{Text: text.T(ctx, "card.antenatal.dating_more", "Count", one.MoreThan)},
			{Text: text.Date(one.From)},
			{Text: sourceWord(ctx, one.Source)},
		})
	}
	return rows
}

// sourceWord names the source of a rule; "" of none.
func sourceWord(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	return text.T(ctx, "card.antenatal.source."+code) // text: card.antenatal.source.*
}

// condition is that of a rule in words, such as «≥ 140».
func condition(ctx context.Context, r gestation.Rule) string {
	sign := map[string]string{"ge": "≥ ", "gt": "> ", "lt": "< "}[r.Is]
	switch r.Measure {
	case "days":
		days, err := strconv.Atoi(r.Value)
		if err != nil {
			return sign + r.Value
		}
		return sign + AgeWords(ctx, days)
	case "missed", "untested":
		return "—"
	}
	if r.Is == "below" || r.Is == "above" {
		return text.T(ctx, "card.antenatal.rule."+r.Is) // text: card.antenatal.rule.*
	}
	if r.Is == "eq" {
		switch r.Measure {
		case "oedema", "presentation", "rhesus":
			return word(ctx, r.Measure, r.Value)
		}
		return ValueWord(ctx, r.Value)
	}
	return sign + r.Value
}
