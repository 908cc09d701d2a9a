package ward

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// mountTransfers puts in what departments ask of each other, and reserved beds.
func mountTransfers(d *desk.Desk, waiting Waiting) {
	d.Page("POST /stays/{id}/transfer", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return askPage(w, r, d) })
	d.Page("GET /ward/transfers/{id}", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return transferPage(w, r, d) })
	d.Page("POST /ward/transfers/{id}", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return answerPage(w, r, d) })
	d.Page("POST /ward/beds/{id}/reserve", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return reservePage(w, r, d, waiting) })
}

func askPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	view, err := stay.Find(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	to, why := form.Get("to"), form.Need("why", 500)
	if form.OK() {
		err = AskTransfer(ctx, d, view.ID, to, why)
		if err == nil {
			page.Notice(w, "card.transfer.asked")
			return page.Redirect(w, r, view.Path(stay.TabMoves))
		}
		if !form.Take(err) {
			return err
		}
	}
	form.Set("at", page.InputMoment(d.Clock.Now()))
	form.Set("doctor", view.DoctorPIN)
	return renderAgain(w, r, d, view, form)
}

// transferOf is the page on which a question is answered.
type transferOf struct {
	Transfer Transfer
	From, To string
	Beds     []design.Option
	Form     *page.Form
	Answer   bool // the reader's department was asked
	Withdraw bool
}

func transferPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	return renderTransfer(w, r, d, page.NewForm(), http.StatusOK)
}

func renderTransfer(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, status int) error {
	ctx, staff := r.Context(), desk.Of(r.Context())
	t, ok, err := findTransfer(ctx, d.DB.Read, staff.Post.Organisation, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !ok {
		return fail.New(fail.NotFound, "card.transfer.none_such")
	}
	if err := d.SeenAll(ctx, []string{t.PatientPIN}, "ward.read"); err != nil {
		return err
	}
	o, err := d.Directory.Organisation(ctx, staff.Post.Organisation)
	if err != nil {
		return err
	}
	v := transferOf{
		Transfer: t, Form: form, From: directory.DepartmentName(o, t.From).Here(ctx), To: directory.DepartmentName(o, t.To).Here(ctx),
		Answer: t.State == Asked && answers(staff, t) == nil, Withdraw: t.State == Asked && (t.ByPIN == staff.PIN || staff.Post.Role == workforceapi.Head),
	}
	beds, err := Beds(ctx, d, staff.Post.Organisation, t.To)
	if err != nil {
		return err
	}
	v.Beds = []design.Option{{Label: text.T(ctx, "card.stay.no_bed")}}
	for _, b := range beds {
		if b.Free() {
			v.Beds = append(v.Beds, design.Option{Value: b.ID, Label: text.T(ctx, "card.ward.room", "Room", b.Room) + " · " + b.Name})
		}
	}
	return page.Render(w, r, status, transferView(v))
}

func answerPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, transferID := r.Context(), r.PathValue("id")
	notice := "card.transfer.taken_over"
	switch form.Choice("do", TakenOver, Refused, Withdrawn) {
	case TakenOver:
		err = TakeOver(ctx, d, transferID, form.Get("bed"))
	case Refused:
		notice, err = "card.transfer.refused", RefuseTransfer(ctx, d, transferID, form.Text("decision", 500))
	case Withdrawn:
		notice, err = "card.transfer.withdrawn", WithdrawTransfer(ctx, d, transferID, form.Text("decision", 500))
	}
	if err == nil && form.OK() {
		page.Notice(w, notice)
		return page.Redirect(w, r, "/ward")
	}
	if err != nil && !form.Take(err) {
		return err
	}
	return renderTransfer(w, r, d, form, http.StatusUnprocessableEntity)
}

func reservePage(w http.ResponseWriter, r *http.Request, d *desk.Desk, waiting Waiting) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, bedID := r.Context(), r.PathValue("id")
	if form.Get("do") == "release" {
		b, err := Release(ctx, d, bedID)
		if err != nil {
			return err
		}
		page.Notice(w, "card.bed.released")
		return page.Redirect(w, r, "/ward?department="+b.Department)
	}
	whom, until := form.Need("whom", 200), form.Moment("until")
	if form.OK() {
		b, err := Reserve(ctx, d, bedID, whom, until)
		if err == nil {
			page.Notice(w, "card.bed.reserved")
			return page.Redirect(w, r, "/ward?department="+b.Department)
		}
		if !form.Take(err) {
			return err
		}
	}
	return renderBed(w, r, d, waiting, form, http.StatusUnprocessableEntity)
}

// departmentOptions are the other departments of the organisation.
func departmentOptions(ctx context.Context, o workforceapi.Organisation, own string) []design.Option {
	options := []design.Option{{Label: "—"}}
	for _, d := range o.Departments {
		if d.Code != own {
			options = append(options, design.Option{Value: d.Code, Label: d.Name.Here(ctx)})
		}
	}
	return options
}

// stateWords is the state of a transfer in the reader's language.
func stateWords(ctx context.Context, t Transfer) string {
	return text.T(ctx, "card.transfer.state."+t.State) // text: card.transfer.state.*
}

func mayAsk(ctx context.Context) bool { return slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role) }

// halfDay is how long a bed is offered to be kept.
const halfDay = 12 * time.Hour

func whyField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "why", "card.transfer.why")
	f.Wide, f.MaxLength = true, 500
	return f
}

func whomField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "whom", "card.bed.whom")
	f.Wide, f.MaxLength = true, 200
	return f
}

// decisionField asks why. Of the decision that was refused it has the field's own name
// as id: the error summary links to it.
func decisionField(ctx context.Context, v transferOf, do string) design.Field {
	f := design.Field{Name: "decision", ID: "decision-" + do, Label: text.T(ctx, "card.move.reason"), Required: true, Wide: true, MaxLength: 500}
	if v.Form.Get("do") == do {
		f.ID, f.Value, f.Error = f.Name, v.Form.Get(f.Name), v.Form.Error(ctx, f.Name)
	}
	return f
}

func bedField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "bed", "card.col.bed")
	f.Begin = true
	return f
}
