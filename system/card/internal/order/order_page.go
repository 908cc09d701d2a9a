package order

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// ordersOf is the page of orders.
type ordersOf struct {
	Stay   stay.View
	Orders []Order
	Form   *page.Form // of a new order, or of what went wrong with a mark
	Write  bool       // the reader may order
	Mark   bool       // the reader may mark
	Open   string     // order whose details stand open
	Now    string     // for the moments of marks
	Today  clock.Date
}

func ordersPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	view, err := stay.Read(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("once", id.New(), "kind", "drug", "from", page.InputMoment(d.Clock.Now()))
	return renderOrders(w, r, d, view, form, http.StatusOK)
}

func renderOrders(w http.ResponseWriter, r *http.Request, d *desk.Desk, view stay.View, form *page.Form, status int) error {
	ctx := r.Context()
	open := view.State == stay.Open
	v := ordersOf{
		Stay: view, Form: form, Write: open && writing.MayWrite(ctx), Now: page.InputMoment(d.Clock.Now()), Today: clock.DateOf(d.Clock.Now()),
		Mark: open && slices.Contains(desk.Ward, desk.Of(ctx).Post.Role), Open: form.Get("order"),
	}
	var err error
	if v.Orders, err = Orders(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	return page.Render(w, r, status, ordersView(v))
}

// answer ends a POST of the orders' page: on to the list, or the page again.
func answer(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, err error, notice string) error {
	stayID := r.PathValue("id")
	if err == nil && form.OK() {
		page.Notice(w, notice)
		return page.Redirect(w, r, "/stays/"+stayID+"/orders")
	}
	writing.Renew(form, err)
	if err != nil && !form.Take(err) {
		return err
	}
	view, err := stay.Read(r.Context(), d, stayID)
	if err != nil {
		return err
	}
	if form.Get("once") == "" {
		form.Set("once", id.New())
	}
	return renderOrders(w, r, d, view, form, http.StatusUnprocessableEntity)
}

func prescribePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	in := Ordering{
		Once: form.Get("once"), Kind: form.Choice("kind", OrderKinds...), Text: form.Need("text", 500),
		Dose: form.Text("dose", 200), Times: form.Text("times", 200), From: form.Moment("from"), Hours: form.Text("hours", 200),
	}
	if form.Get("despite") == "1" {
		in.Despite = form.Get("told")
	}
	if form.Get("last_day") != "" {
		in.LastDay = form.Date("last_day")
	}
	if form.OK() {
		err = Prescribe(r.Context(), d, r.PathValue("id"), in)
		if against := cautioned(err); len(against) > 0 {
			form.Set("told", told(against))
			form.Set("despite", "") // what was ticked was something else
		}
	}
	return answer(w, r, d, form, err, "card.orders.written")
}

// cautioned is what the error says against an order.
func cautioned(err error) []fail.Finding {
	var against []fail.Finding
	if e := fail.As(err); e != nil {
		for _, f := range e.Findings {
			if f.Field == "despite" {
				against = append(against, f)
			}
		}
	}
	return against
}

func endPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	reason := form.Need("end_reason", 500)
	if form.OK() {
		err = End(r.Context(), d, r.PathValue("id"), form.Get("order"), reason)
	}
	return answer(w, r, d, form, err, "card.orders.ended")
}

func markPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	in := ReadMark(form, d.Clock.Now())
	if form.OK() {
		err = Fulfil(r.Context(), d, r.PathValue("id"), in)
	}
	return answer(w, r, d, form, err, "card.orders.marked")
}

// ReadMark reads a nurse's word on an order.
func ReadMark(form *page.Form, now time.Time) Marking {
	in := Marking{
		Once: form.Get("once"), Order: form.Get("order"), At: now,
		Given: form.Get("given") == "1", Reason: form.Text("not_given_reason", 500),
	}
	if form.Get("at") != "" {
		in.At = form.Moment("at")
	}
	if form.Get("due") != "" {
		in.Due = form.Moment("due")
	}
	return in
}

// KindWord is the kind of an order in the reader's language.
func KindWord(ctx context.Context, kind string) string {
	return text.T(ctx, "card.order_kind."+kind) // text: card.order_kind.*
}

func orderKinds(ctx context.Context) []design.Option {
	var options []design.Option
	for _, kind := range OrderKinds {
		options = append(options, design.Option{Value: kind, Label: KindWord(ctx, kind)})
	}
	return options
}

// endWord is why an order ended: the doctor's words, or those of a code.
func endWord(ctx context.Context, reason string) string {
	switch reason {
	case "discharge":
		return text.T(ctx, "card.orders.end_discharge")
	case "death":
		return text.T(ctx, "card.orders.end_death")
	}
	return reason
}

func orderColumns(ctx context.Context) []design.Column {
	return []design.Column{
		{Label: text.T(ctx, "card.orders.col_order")},
		{Label: text.T(ctx, "card.orders.col_dose")},
		{Label: text.T(ctx, "card.orders.col_from")},
		{Label: text.T(ctx, "card.orders.col_marks")},
		{},
	}
}

// The fields of a row are filled again only where the row was sent.
func (v ordersOf) value(o Order, name string) string {
	if v.Open != o.ID {
		return ""
	}
	return v.Form.Get(name)
}

func (v ordersOf) problem(ctx context.Context, o Order, name string) string {
	if v.Open != o.ID {
		return ""
	}
	return v.Form.Error(ctx, name)
}

// fieldID is the field's own name where the error summary links to it.
func (v ordersOf) fieldID(o Order, name string) string {
	if v.Open == o.ID {
		return name
	}
	return name + "-" + o.ID
}

// schedule is the hours and the last day of an order in words.
func schedule(ctx context.Context, o Order) string {
	words := strings.Join(o.Hours, " · ")
	if !o.LastDay.IsZero() {
		words = text.Joined(words, text.T(ctx, "card.orders.until", "Day", text.Date(o.LastDay)))
	}
	return words
}

// Hour is the hour of a dose.
func Hour(t time.Time) string { return t.In(clock.Bishkek).Format("15:04") }

// drug says that dose and times are asked for.
func drug(form *page.Form) bool { return form.Get("kind") == "drug" }

func textField(ctx context.Context, form *page.Form) design.Field {
	f := writing.Line(ctx, form, "text", "card.orders.text", true)
	f.Begin = true
	return f
}

func hoursField(ctx context.Context, form *page.Form) design.Field {
	f := writing.Line(ctx, form, "hours", "card.orders.hours", false)
	f.Hint, f.MaxLength = text.T(ctx, "card.orders.hours_hint"), 100
	return f
}

// despiteField stands there once something speaks against the order.
func despiteField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "despite", "card.orders.despite")
	f.Required = false
	return f
}

func lastDayField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "last_day", "card.orders.last_day")
	f.Required = false
	return f
}
