package round

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/order"
)

// roundOf is the page of what is due.
type roundOf struct {
	place
	Today Today
	All   bool // also what is due later today
}

func (v roundOf) waiting() []Due {
	if v.All {
		return v.Today.Waiting
	}
	var due []Due
	for _, one := range v.Today.Waiting {
		if one.Due.Before(v.Now.Add(soon)) {
			due = append(due, one)
		}
	}
	return due
}

// hour of a dose; with its date when that is not today's.
func (v roundOf) hour(due Due) string {
	if clock.DateOf(due.Due) != clock.DateOf(v.Now) {
		return text.Moment(due.Due)
	}
	return order.Hour(due.Due)
}

// first is where the key N leads: the first box of the page.
func (v roundOf) first(due Due) bool {
	if waiting := v.waiting(); len(waiting) > 0 {
		return waiting[0].Key() == due.Key()
	}
	return len(v.Today.Standing) > 0 && v.Today.Standing[0].Key() == due.Key()
}

func roundPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	v := roundOf{All: r.URL.Query().Get("all") == "1"}
	return v.render(w, r, d, page.NewForm(), r.URL.Query().Get("department"), http.StatusOK)
}

func (v roundOf) render(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, department string, status int) error {
	var err error
	if v.place, err = at(r, d, "/ward/round", department); err != nil {
		return err
	}
	v.Form = form
	if v.Today, err = DueAt(r.Context(), d, v.Department.Code, v.Patients, v.Now); err != nil {
		return err
	}
	return page.Render(w, r, status, roundView(v))
}

// mostDoses bounds what one page marks.
const mostDoses = 300

// sentDose is a row of the round as it was sent.
type sentDose struct {
	stay    string
	key     string
	marking order.Marking
	given   bool
}

// sent are the rows that were ticked or have a reason.
func sent(form *page.Form, now time.Time) ([]sentDose, error) {
	var rows []sentDose
	all := form.All("dose")
	if len(all) > mostDoses {
		return nil, fail.New(fail.BadRequest, "kit.bad_request")
	}
	for _, one := range all {
		parts := strings.Split(one, "|")
		if len(parts) != 4 {
			return nil, fail.New(fail.BadRequest, "kit.bad_request")
		}
		row := sentDose{stay: parts[1], key: parts[2] + "." + parts[3], marking: order.Marking{Once: parts[0], Order: parts[2], At: now}}
		if parts[3] != "" {
			due := page.NewForm("due", parts[3])
			if row.marking.Due = due.Moment("due"); !due.OK() {
				return nil, fail.New(fail.BadRequest, "kit.bad_request")
			}
		}
		row.given, row.marking.Reason = form.Get("given-"+row.key) == "1", form.Text("reason-"+row.key, 500)
		row.marking.Given = row.given
		if row.given || row.marking.Reason != "" {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// markPage writes every dose that was ticked or has a reason, each by itself: one
// that is wrong does not hold up the others. It comes back with what is wrong.
func markPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	rows, err := sent(form, d.Clock.Now())
	if err != nil {
		return err
	}
	v := roundOf{All: form.Get("all") == "1"}
	if len(rows) == 0 {
		form.Fail("", "card.round.none_marked")
	}
	for _, row := range rows {
		if row.given && row.marking.Reason != "" {
			err = fail.New(fail.Invalid, "card.round.given_and_not")
		} else {
			err = order.Fulfil(ctx, d, row.stay, row.marking)
		}
		switch {
		case err == nil:
			form.Set("given-"+row.key, "")
			form.Set("reason-"+row.key, "")
		case fail.Is(err, fail.Invalid) || fail.Is(err, fail.Conflict):
			form.Findings = append(form.Findings, of(err, "given-"+row.key))
		default:
			return err
		}
	}
	if form.OK() {
		page.Notice(w, "card.orders.marked")
		to := "/ward/round?department=" + department(form)
		if v.All {
			to += "&all=1"
		}
		return page.Redirect(w, r, to)
	}
	return v.render(w, r, d, form, department(form), http.StatusUnprocessableEntity)
}

// of is what the error says first, said of the field.
func of(err error, field string) fail.Finding {
	e := fail.As(err)
	found := fail.Finding{Field: field, Key: e.Key, Args: e.Args}
	if len(e.Findings) > 0 {
		found.Key, found.Args = e.Findings[0].Key, e.Findings[0].Args
	}
	return found
}

// department is the two digits that a page of ours sent; "" for anything else.
func department(form *page.Form) string {
	code := form.Get("department")
	if len(code) != 2 || code[0] < '0' || code[0] > '9' || code[1] < '0' || code[1] > '9' {
		return ""
	}
	return code
}

func dueWord(due Due) string {
	if due.Due.IsZero() {
		return ""
	}
	return page.InputMoment(due.Due)
}

// given is the name of the box of a dose to those who hear the page.
func given(ctx context.Context, due Due) string {
	return text.T(ctx, "card.orders.given_do") + ": " + text.Joined(due.Order.Text, due.Order.Dose) + ", " + due.Patient.Patient.Name(ctx)
}
