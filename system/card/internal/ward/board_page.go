package ward

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts in the board, the beds and the moves. waiting may be nil.
func Mount(d *desk.Desk, waiting Waiting) {
	d.Page("GET /ward", desk.Figures, func(w http.ResponseWriter, r *http.Request) error { return boardPage(w, r, d) })
	d.Page("GET /ward/beds/{id}", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return bedPage(w, r, d, waiting) })
	d.Page("POST /ward/beds/{id}", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return setBedPage(w, r, d) })
	d.Page("GET /stays/{id}/moves", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return movesPage(w, r, d) })
	d.Page("POST /stays/{id}/isolation", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return isolatePage(w, r, d) })
	d.Page("POST /stays/{id}/isolation/end", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return endIsolationPage(w, r, d) })
	d.Page("POST /stays/{id}/moves", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return movePage(w, r, d) })
	mountTransfers(d, waiting)
}

// board is what the board shows.
type board struct {
	Organisation workforceapi.Organisation
	Department   workforceapi.Department
	Beds         []Bed
	Unbedded     []Lying
	Count        map[string]int // open stays by department
	List         bool           // as a list, not as a floor
	Names        bool           // the reader treats patients and sees who they are
	Incoming     []Transfer     // patients whom the department is asked to take over
	Now          time.Time
}

// Department is the department of the organisation that a page of the ward
// shows: the one asked for, "" for that of the reader's post.
func Department(ctx context.Context, d *desk.Desk, asked string) (workforceapi.Organisation, workforceapi.Department, error) {
	staff := desk.Of(ctx)
	o, err := d.Directory.Organisation(ctx, staff.Post.Organisation)
	if err != nil {
		return o, workforceapi.Department{}, err
	}
	code := asked
	if code == "" {
		code = staff.Post.Department
	}
	department, ok := directory.Department(o, code)
	switch {
	case len(o.Departments) == 0:
		return o, department, fail.New(fail.NotFound, "card.ward.no_departments")
	case !ok && asked != "":
		return o, department, fail.New(fail.NotFound, "card.ward.no_department")
	case !ok: // a post for the whole organisation
		department = o.Departments[0]
	}
	return o, department, nil
}

func boardPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx, staff := r.Context(), desk.Of(r.Context())
	o, department, err := Department(ctx, d, r.URL.Query().Get("department"))
	if err != nil {
		return err
	}
	v := board{
		Organisation: o, Department: department, List: r.URL.Query().Get("view") == "list",
		Names: slices.Contains(desk.Ward, staff.Post.Role), Now: d.Clock.Now(),
	}
	v.Count = map[string]int{}
	var incoming *[]Transfer
	if v.Names {
		incoming = &v.Incoming
	}
	if v.Beds, v.Unbedded, err = readFloor(ctx, d.DB, o.Code, department.Code, v.Now, v.Count, incoming); err != nil {
		return err
	}
	if v.Names {
		if err := d.SeenAll(ctx, v.pins(), "ward.read"); err != nil {
			return err
		}
	}
	return page.Render(w, r, http.StatusOK, boardView(v))
}

func (v board) pins() []string {
	var pins []string
	for _, t := range v.Incoming {
		pins = append(pins, t.PatientPIN)
	}
	for _, b := range v.Beds {
		if b.Taken != nil {
			pins = append(pins, b.Taken.Patient.PIN)
		}
	}
	for _, l := range v.Unbedded {
		pins = append(pins, l.Patient.PIN)
	}
	return pins
}

// tally counts the beds for the line above the board.
func (v board) tally() (taken, free, reserved, cleaning int) {
	for _, b := range v.Beds {
		switch {
		case b.Taken != nil:
			taken++
		case b.Reserved != nil:
			reserved++
		case b.Free():
			free++
		default:
			cleaning++
		}
	}
	return taken, free, reserved, cleaning
}

// address is the board of a department in the same view.
func (v board) address(department string, list bool) string {
	path := "/ward?department=" + department
	if list {
		path += "&view=list"
	}
	return path
}

// bedOf is the page of a bed.
type bedOf struct {
	Bed        Bed
	Department text.Words
	Form       *page.Form // of a reservation
	Expected   []Expected // who may be laid there
}

func bedPage(w http.ResponseWriter, r *http.Request, d *desk.Desk, waiting Waiting) error {
	return renderBed(w, r, d, waiting, page.NewForm("until", page.InputMoment(d.Clock.Now().Add(halfDay))), http.StatusOK)
}

func renderBed(w http.ResponseWriter, r *http.Request, d *desk.Desk, waiting Waiting, form *page.Form, status int) error {
	ctx := r.Context()
	organisation := desk.Of(ctx).Post.Organisation
	b, ok, err := findBed(ctx, d.DB.Read, organisation, r.PathValue("id"))
	if err != nil {
		return err
	}
	if !ok {
		return fail.New(fail.NotFound, "card.bed.not_found")
	}
	beds, err := Beds(ctx, d, organisation, b.Department)
	if err != nil {
		return err
	}
	for _, of := range beds {
		if of.ID == b.ID {
			b = of
		}
	}
	if kept, ok, err := reservationOf(ctx, d.DB.Read, b.ID, d.Clock.Now()); err != nil {
		return err
	} else if ok && b.Free() {
		b.Reserved = &kept
	}
	wait, err := expected(ctx, d, waiting, b)
	if err != nil {
		return err
	}
	return page.Render(w, r, status, bedView(bedOf{b, departmentName(ctx, d, b.Department), form, wait}))
}

func departmentName(ctx context.Context, d *desk.Desk, code string) text.Words {
	o, err := d.Directory.Organisation(ctx, desk.Of(ctx).Post.Organisation)
	if err != nil {
		d.Log.WarnContext(ctx, "department without a name", "system", "card", "error", err.Error())
	}
	return directory.DepartmentName(o, code)
}

func setBedPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	state := form.Choice("state", Ready, Cleaning)
	if !form.OK() {
		return form.Err()
	}
	b, err := SetBed(r.Context(), d, r.PathValue("id"), state)
	if err != nil {
		return err
	}
	if state == Ready {
		page.Notice(w, "card.bed.now_ready")
	} else {
		page.Notice(w, "card.bed.now_cleaning")
	}
	return page.Redirect(w, r, "/ward?department="+b.Department)
}
