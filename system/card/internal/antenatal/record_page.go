package antenatal

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// View is a page of a pregnancy.
type View struct {
	Record
	Tab     string
	Today   clock.Date
	Names   map[string]string
	Form    *page.Form // nil: nothing can be written
	Correct string     // root of the part that is corrected
	MayEnd  bool
}

func ViewOf(ctx context.Context, d *desk.Desk, r Record, tab string) View {
	return View{
		Record: r, Tab: tab, Today: clock.DateOf(d.Clock.Now()), Names: Names(ctx, d),
		MayEnd: slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role),
	}
}

func (v View) tabs(ctx context.Context) []design.Tab {
	tab := func(name, key string, count int) design.Tab {
		t := design.Tab{Label: text.T(ctx, key), Href: v.Path(name), Current: name == v.Tab}
		if count > 0 {
			t.Count = strconv.Itoa(count)
		}
		return t
	}
	return []design.Tab{
		tab("", "card.antenatal.tab_visits", len(v.Visits)), tab("results", "card.antenatal.tab_results", len(v.Results)),
		tab("registration", "card.antenatal.tab_registration", 0), tab("card", "card.antenatal.tab_card", 0),
	}
}

// title tells this page of the pregnancy from its others.
func (v View) title(ctx context.Context) string {
	name := v.Patient.Name(ctx) + ": " + text.T(ctx, "card.antenatal.one")
	for _, t := range v.tabs(ctx) {
		if t.Current {
			name += ". " + t.Label
		}
	}
	if v.Correct != "" {
		name += ". " + text.T(ctx, "card.antenatal.correction")
	}
	return name
}

func (v View) banner(ctx context.Context) design.Patient {
	b := v.Patient.Banner(ctx, v.Today)
	b.Alerts = nil
	for _, w := range v.WarningsOn(v.Today) {
		b.Alerts = append(b.Alerts, WarningWord(ctx, w))
	}
	for a := range writing.Lines(v.Registration.Body.Allergies) {
		b.Alerts = append(b.Alerts, text.T(ctx, "card.antenatal.allergy", "What", a))
	}
	return b
}

func (v View) may(ctx context.Context, author string) bool {
	return writing.MayCorrect(desk.Of(ctx), author) == nil
}

func visitsPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	record, err := Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := ViewOf(ctx, d, record, "")
	if record.State == Open {
		v.Form = page.NewForm("once", id.New(), "day", v.Today.String())
	}
	for _, one := range record.Visits {
		if root := r.URL.Query().Get("correct"); root == one.Root && v.may(ctx, one.Author()) {
			v.Form, v.Correct = visitForm(one), root
		}
	}
	return page.Render(w, r, http.StatusOK, visitsView(v))
}

func visitForm(s Signed[cardapi.Visit]) *page.Form {
	b := s.Body
	pressure := ""
	if b.Systolic != 0 {
		pressure = strconv.Itoa(b.Systolic) + "/" + strconv.Itoa(b.Diastolic)
	}
	return page.NewForm("once", id.New(), "root", s.Root, "seen", strconv.Itoa(s.Version), "day", b.Day.String(), "weight", Shown(b.Weight, 10),
		"pressure", pressure, "fundal", Shown(b.Fundal, 10), "girth", Shown(b.Girth, 1), "heart_rate", Shown(b.HeartRate, 1),
		"presentation", b.Presentation, "oedema", b.Oedema, "complaints", b.Complaints, "advice", b.Advice, "next", b.Next.String())
}

func visitPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, pregnancyID := r.Context(), r.PathValue("id")
	in := cardapi.Visit{
		Day: form.Date("day"), Weight: Decimal(form, "weight", 10), Fundal: Decimal(form, "fundal", 10), Girth: Decimal(form, "girth", 1),
		HeartRate: Decimal(form, "heart_rate", 1), Presentation: form.Choice("presentation", Presentations...), Oedema: form.Choice("oedema", Oedemas...),
		Complaints: form.Text("complaints", maxNote), Advice: form.Text("advice", maxNote), Next: OptionalDay(form, "next"),
	}
	if written := strings.TrimSpace(form.Get("pressure")); written != "" {
		upper, lower, _ := strings.Cut(written, "/")
		in.Systolic, in.Diastolic = writing.Whole(strings.TrimSpace(upper)), writing.Whole(strings.TrimSpace(lower))
		if in.Systolic == 0 || in.Diastolic == 0 {
			form.Fail("pressure", "card.antenatal.pressure_shape")
		}
	}
	if form.OK() {
		if err = WriteVisit(ctx, d, pregnancyID, readWriting(form), in); err == nil {
			page.Notice(w, "card.antenatal.visit_signed")
			return page.Redirect(w, r, "/antenatal/"+pregnancyID)
		}
		if !form.Take(err) {
			return err
		}
	}
	record, err := Read(ctx, d, pregnancyID)
	if err != nil {
		return err
	}
	v := ViewOf(ctx, d, record, "")
	v.Form, v.Correct = form, form.Get("root")
	return page.Render(w, r, http.StatusUnprocessableEntity, visitsView(v))
}

func resultsPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	record, err := Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := ViewOf(ctx, d, record, "results")
	if record.State == Open {
		v.Form = page.NewForm("once", id.New(), "day", v.Today.String())
	}
	for _, one := range record.Results {
		if root := r.URL.Query().Get("correct"); root == one.Root && v.may(ctx, one.Author()) {
			v.Correct = root
			v.Form = page.NewForm("once", id.New(), "root", root, "seen", strconv.Itoa(one.Version), "day", one.Body.Day.String(),
				"kind", one.Body.Kind, "note", one.Body.Note, "value", one.Body.Value)
			if slices.Contains(WordResults, one.Body.Value) {
				v.Form.Set("verdict", one.Body.Value)
				v.Form.Set("value", "")
			}
		}
	}
	return page.Render(w, r, http.StatusOK, resultsView(v))
}

func resultPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, pregnancyID := r.Context(), r.PathValue("id")
	in := cardapi.LabResult{Day: form.Date("day"), Kind: form.Choice("kind", ResultKinds...), Value: form.Text("value", 60), Note: form.Text("note", 500)}
	if verdict := form.Choice("verdict", append([]string{""}, WordResults...)...); verdict != "" {
		in.Value = verdict
	}
	if form.OK() {
		if err = WriteResult(ctx, d, pregnancyID, readWriting(form), in); err == nil {
			page.Notice(w, "card.antenatal.result_signed")
			return page.Redirect(w, r, "/antenatal/"+pregnancyID+"/results")
		}
		if !form.Take(err) {
			return err
		}
	}
	record, err := Read(ctx, d, pregnancyID)
	if err != nil {
		return err
	}
	v := ViewOf(ctx, d, record, "results")
	v.Form, v.Correct = form, form.Get("root")
	return page.Render(w, r, http.StatusUnprocessableEntity, resultsView(v))
}

// VisitCells is a visit as a line of a table.
func VisitCells(ctx context.Context, v cardapi.Visit, days int) []string {
	pressure := ""
	if v.Systolic != 0 {
		pressure = strconv.Itoa(v.Systolic) + "/" + strconv.Itoa(v.Diastolic)
	}
	return []string{
		text.Date(v.Day), AgeWords(ctx, days), Shown(v.Weight, 10), pressure, Shown(v.Fundal, 10), Shown(v.Girth, 1), Shown(v.HeartRate, 1),
		Word(ctx, "presentation", v.Presentation), Word(ctx, "oedema", v.Oedema),
	}
}

// VisitHeads are the names of VisitCells.
func VisitHeads(ctx context.Context) []string {
	return []string{
		text.T(ctx, "card.antenatal.when"), text.T(ctx, "card.antenatal.term"), text.T(ctx, "card.antenatal.weight"), text.T(ctx, "card.antenatal.pressure"),
		text.T(ctx, "card.antenatal.fundal"), text.T(ctx, "card.antenatal.girth"), text.T(ctx, "card.antenatal.heart_rate"),
		text.T(ctx, "card.antenatal.presentation_col"), text.T(ctx, "card.antenatal.oedema_col"),
	}
}

// marks are the columns of VisitCells in which a warning stands.
var marks = map[string]int{
	"gain_low": 2, "gain_high": 2, "pressure": 3, "pressure_severe": 3, "fundal_low": 4, "fundal_high": 4,
	"heart_slow": 6, "heart_fast": 6, "breech": 7, "transverse": 7, "oedema": 8,
}

func marked(v cardapi.Visit, r cardapi.Registration) map[int]gestation.Warning {
	found := map[int]gestation.Warning{}
	for _, w := range gestation.OfVisit(v, r) {
		if column, ok := marks[w.Code]; ok {
			found[column] = w
		}
	}
	return found
}

// Rows are the registration as a summary list.
func Rows(ctx context.Context, c cardapi.ExchangeCard, names map[string]string) []design.Row {
	return registrationRows(ctx, c, func(code string) string { return names[code] })
}

func ChartTitle(ctx context.Context, key string) string {
	return text.T(ctx, "card.antenatal.chart."+key) // text: card.antenatal.chart.*
}

// LineWord is the name of a line of a chart.
func LineWord(ctx context.Context, name string) string {
	return text.T(ctx, "card.antenatal.line."+name) // text: card.antenatal.line.*
}

// BasisWord is on what basis a card was opened.
func BasisWord(ctx context.Context, basis string) string { return Word(ctx, "basis", basis) }

// VisitTableColumns are the heads of VisitTable.
func VisitTableColumns(ctx context.Context) []design.Column { return visitColumns(ctx) }

// VisitTable is the visits of a card as plain cells: the visits, the newest first.
func VisitTable(ctx context.Context, c cardapi.ExchangeCard) [][]design.Cell {
	var rows [][]string
	for _, v := range slices.Backward(c.Visits) {
		rows = append(rows, append(VisitCells(ctx, v.Visit, c.DatedFrom.DaysUntil(v.Day)), text.Joined(v.Complaints, v.Advice, "·", v.By)))
	}
	return cells(rows)
}

// ResultCells are the results of a card, the newest first.
func ResultCells(ctx context.Context, c cardapi.ExchangeCard) [][]design.Cell {
	var rows [][]string
	for _, one := range slices.Backward(c.Results) {
		rows = append(rows, []string{text.Date(one.Day), Word(ctx, "kind", one.Kind), ValueWord(ctx, one.Value), one.Note})
	}
	return cells(rows)
}
