package observation

import (
	"context"
	"net/http"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Mount puts the temperature sheet in.
func Mount(d *desk.Desk) {
	d.Page("GET /stays/{id}/vitals", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return sheetPage(w, r, d) })
	d.Page("POST /stays/{id}/vitals", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return measurePage(w, r, d) })
}

// sheetOf is the page of the sheet.
type sheetOf struct {
	Stay    stay.View
	All     []Observation
	Chart   Chart
	Form    *page.Form // nil: the reader cannot write
	Correct *Observation
}

func (v sheetOf) may(ctx context.Context, o Observation) bool {
	return writing.MayMark(ctx) && writing.MayCorrect(desk.Of(ctx), o.author()) == nil
}

func sheetPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	view, err := stay.Read(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("once", id.New(), "at", page.InputMoment(d.Clock.Now()))
	root := r.URL.Query().Get("correct")
	if root != "" {
		o, err := find(r.Context(), d.DB.Read, view.ID, root)
		if err != nil {
			return err
		}
		form = page.NewForm("once", id.New(), "at", page.InputMoment(o.At), "line", o.Vitals.Line(), "seen", strconv.Itoa(o.Version))
	}
	return render(w, r, d, view, form, root, http.StatusOK)
}

func render(w http.ResponseWriter, r *http.Request, d *desk.Desk, view stay.View, form *page.Form, root string, status int) error {
	ctx := r.Context()
	v := sheetOf{Stay: view}
	var err error
	if v.All, err = Sheet(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	until := view.Now
	if view.State == stay.Discharged {
		until = view.DischargedAt
	}
	v.Chart = Draw(v.All, view.AdmittedAt, until)
	for i := range v.All {
		if root != "" && v.All[i].Root == root && v.may(ctx, v.All[i]) {
			v.Correct = &v.All[i]
		}
	}
	if writing.MayMark(ctx) && (view.State == stay.Open || v.Correct != nil) {
		v.Form = form
	}
	return page.Render(w, r, status, sheetView(v))
}

// ReadLine reads the fields of a line: the moment and the values.
func ReadLine(form *page.Form) Measuring {
	in := Measuring{Once: form.Get("once"), At: form.Moment("at")}
	vitals, findings := Parse(form.Text("line", 100))
	in.Vitals = vitals
	form.Findings = append(form.Findings, findings...)
	return in
}

func measurePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, stayID := r.Context(), r.PathValue("id")
	in := ReadLine(form)
	in.Root, in.Seen, in.Reason = form.Get("root"), writing.Whole(form.Get("seen")), form.Text("reason", 500)
	in.Struck = in.Root != "" && form.Get("struck") == "1"
	if form.OK() {
		err = Measure(ctx, d, stayID, in)
		if err == nil {
			page.Notice(w, "card.vitals.written")
			return page.Redirect(w, r, "/stays/"+stayID+"/vitals")
		}
		if !form.Take(err) {
			return err
		}
	}
	view, err := stay.Read(ctx, d, stayID)
	if err != nil {
		return err
	}
	return render(w, r, d, view, form, in.Root, http.StatusUnprocessableEntity)
}

// LineField is the one line into which everything is written.
func LineField(ctx context.Context, form *page.Form) design.Field {
	f := writing.Line(ctx, form, "line", "card.vitals.line", true)
	f.Hint, f.MaxLength, f.Autofocus = text.T(ctx, "card.vitals.line_hint"), 100, true
	return f
}

func columnsOf(ctx context.Context) []design.Column {
	return []design.Column{
		{Label: text.T(ctx, "card.vitals.when")},
		{Label: text.T(ctx, "card.vitals.temperature"), Numeric: true},
		{Label: text.T(ctx, "card.vitals.pulse"), Numeric: true},
		{Label: text.T(ctx, "card.vitals.pressure"), Numeric: true},
		{Label: text.T(ctx, "card.vitals.respiration"), Numeric: true},
		{Label: text.T(ctx, "card.vitals.saturation"), Numeric: true},
		{Label: text.T(ctx, "card.vitals.who")},
		{},
	}
}

// value is one cell: what was measured and whether it is out of the usual range.
type value struct {
	Text string
	Out  bool
}

// values are the cells of somebody born then, measured on the day.
func (v Vitals) values(born, on clock.Date) []value {
	whole := func(name string, n int) value {
		if n == 0 {
			return value{}
		}
		return value{strconv.Itoa(n), Out(name, n, born, on)}
	}
	return []value{
		{Degrees(v.Temperature), Out("temperature", v.Temperature, born, on)},
		whole("pulse", v.Pulse),
		{v.Pressure(), Out("systolic", v.Systolic, born, on)},
		whole("respiration", v.Respiration), whole("saturation", v.Saturation),
	}
}

// Words are the values as a sentence of a diary: «Т 36,6 °C, пульс 76 в мин…».
func (v Vitals) Words(ctx context.Context) string {
	out := ""
	put := func(key, value string) {
		if value == "" || value == "0" {
			return
		}
		if out != "" {
			out += ", "
		}
		out += text.T(ctx, key, "Value", value)
	}
	put("card.vitals.say_temperature", Degrees(v.Temperature))
	put("card.vitals.say_pulse", strconv.Itoa(v.Pulse))
	put("card.vitals.say_pressure", v.Pressure())
	put("card.vitals.say_respiration", strconv.Itoa(v.Respiration))
	put("card.vitals.say_saturation", strconv.Itoa(v.Saturation))
	return out
}

// lineWord is the name of a line of the chart.
func lineWord(ctx context.Context, name string) string {
	return text.T(ctx, "card.vitals."+name) // text: card.vitals.*
}
