package ward

import (
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// movesOf is the page of a stay's moves.
type movesOf struct {
	Stay    stay.View
	Moves   []Moved
	Names   func(code string) string // of departments
	Form    *page.Form               // nil: the reader cannot move the patient
	Places  []design.Option
	Doctor  design.Field
	Doctors []workforceapi.Post

	Transfers    []Transfer
	Isolations   []Isolation
	Organisation workforceapi.Organisation
}

func movesPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	view, err := stay.Read(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("at", page.InputMoment(d.Clock.Now()), "doctor", view.DoctorPIN)
	return renderMoves(w, r, d, view, form, http.StatusOK)
}

func renderMoves(w http.ResponseWriter, r *http.Request, d *desk.Desk, view stay.View, form *page.Form, status int) error {
	ctx := r.Context()
	v := movesOf{Stay: view}
	var err error
	if v.Moves, err = Moves(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	o, err := d.Directory.Organisation(ctx, view.Organisation)
	if err != nil {
		return err
	}
	if v.Transfers, err = TransfersOf(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	if v.Isolations, err = Isolations(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	v.Organisation = o
	v.Names = func(code string) string { return directory.DepartmentName(o, code).Here(ctx) }
	if view.State == stay.Open && slices.Contains(desk.Ward, desk.Of(ctx).Post.Role) {
		v.Form, v.Doctors = form, DoctorsFor(ctx, d)
		v.Doctor = DoctorField(ctx, d, design.FieldOf(ctx, form, "doctor", "card.col.doctor"))
		if v.Places, err = Places(ctx, d, view.Department); err != nil {
			return err
		}
	}
	return page.Render(w, r, status, movesView(v))
}

// renderAgain shows the page with what was typed and what is wrong with it. The
// use case recorded nothing, so the look at the stay is.
func renderAgain(w http.ResponseWriter, r *http.Request, d *desk.Desk, view stay.View, form *page.Form) error {
	if err := d.Seen(r.Context(), d.DB.Single(), view.Patient.PIN, "stay.read", view.ID); err != nil {
		return err
	}
	return renderMoves(w, r, d, view, form, http.StatusUnprocessableEntity)
}

func movePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	view, err := stay.Find(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	in := MoveTo{Stay: view.ID}
	in.Department, in.Bed = ReadPlace(form, "place")
	in.At = form.Moment("at")
	if doctor := form.Get("doctor"); doctor != "" && doctor != view.DoctorPIN {
		name, ok := DoctorOf(ctx, d, doctor)
		if !ok {
			form.Fail("doctor", "kit.field.choose")
		}
		in.DoctorPIN, in.DoctorName = doctor, name
	}
	in.Reason = form.Text("reason", 500)
	if form.OK() {
		err = Move(ctx, d, in)
		if err == nil {
			page.Notice(w, "card.move.done")
			return page.Redirect(w, r, view.Path(stay.TabMoves))
		}
		if !TakePlace(form, "place", err) {
			return err
		}
	}
	return renderAgain(w, r, d, view, form)
}
