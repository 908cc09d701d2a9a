package operation

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// operationsOf is the page of operations.
type operationsOf struct {
	Stay       stay.View
	Operations []Operation
	Form       *page.Form // nil: the reader cannot write
	Correct    *Operation // the one that is being corrected, nil: a new one
	Consents   []consent.Consent
	Surgeon    design.Field
	Surgeons   []design.Option
	Listed     bool // a table of operations was imported: there is a list to choose from
}

func (v operationsOf) may(ctx context.Context, o Operation) bool {
	return writing.MayWrite(ctx) && writing.MayCorrect(desk.Of(ctx), o.author()) == nil
}

func operationsPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	view, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("once", id.New(), "at", page.InputMoment(d.Clock.Now()), "surgeon", desk.Of(ctx).PIN)
	root := r.URL.Query().Get("correct")
	if root != "" {
		o, err := FindOperation(ctx, d.DB.Read, view.ID, root)
		if err != nil {
			return err
		}
		form = page.NewForm("once", id.New(), "at", page.InputMoment(o.At), "operation", o.Code, "operation_text", o.Name, "code", o.Code,
			"side", o.Side, "anaesthesia", o.Anaesthesia, "complication", o.Complication, "protocol", o.Protocol, "surgeon", o.SurgeonPIN, "ended_at", page.InputMoment(o.EndedAt), "assistants", o.Assistants,
			"anaesthetist", o.Anaesthetist, "anaesthesia_record", o.AnaesthesiaRecord, "seen", strconv.Itoa(o.Version))
	}
	return renderOperations(w, r, d, view, form, root, http.StatusOK)
}

func renderOperations(w http.ResponseWriter, r *http.Request, d *desk.Desk, view stay.View, form *page.Form, root string, status int) error {
	ctx := r.Context()
	v := operationsOf{Stay: view}
	var err error
	if v.Operations, err = Operations(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	if v.Consents, err = consent.Consents(ctx, d.DB.Read, view.ID); err != nil {
		return err
	}
	for i := range v.Operations {
		if root != "" && v.Operations[i].Root == root && v.may(ctx, v.Operations[i]) {
			v.Correct = &v.Operations[i]
		}
	}
	if writing.MayWrite(ctx) && (view.State == stay.Open || v.Correct != nil) {
		v.Form = form
		edition, err := d.Procedures.Edition(ctx)
		if err != nil {
			return err
		}
		v.Listed = edition > 0
		known, name := "", ""
		if v.Correct != nil {
			known, name = v.Correct.SurgeonPIN, v.Correct.SurgeonName
		}
		v.Surgeon = ward.DoctorField(ctx, d, design.FieldOf(ctx, form, "surgeon", "card.operations.surgeon"))
		v.Surgeons = ward.DoctorOptions(ctx, ward.DoctorsFor(ctx, d), known, name)
	}
	return page.Render(w, r, status, operationsView(v))
}

func operatePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, stayID := r.Context(), r.PathValue("id")
	in := Operating{Once: form.Get("once"), Root: form.Get("root"), Seen: writing.Whole(form.Get("seen")), Reason: form.Text("reason", 500)}
	in.At = form.Moment("at")
	if in.Code, in.Name, err = named(ctx, d.Procedures, form, in.At); err != nil {
		return err
	}
	in.Side = form.Get("side")
	if form.Get("despite") == "1" {
		in.Despite = form.Get("told")
	}
	in.Anaesthesia = form.Choice("anaesthesia", Anaesthesia...)
	in.SurgeonPIN = form.Get("surgeon")
	if in.SurgeonName, err = surgeon(ctx, d, stayID, in); err != nil {
		return err
	}
	if in.SurgeonName == "" {
		form.Fail("surgeon", "kit.field.choose")
	}
	in.Assistants, in.Anaesthetist = form.Text("assistants", 300), form.Text("anaesthetist", 200)
	if form.Get("ended_at") != "" {
		in.EndedAt = form.Moment("ended_at")
	}
	in.Complication, in.Protocol = form.Text("complication", 500), form.Need("protocol", writing.MaxBody)
	in.AnaesthesiaRecord = form.Text("anaesthesia_record", writing.MaxBody)
	if form.OK() {
		err = Operate(ctx, d, stayID, in)
		if err == nil {
			page.Notice(w, "card.operations.signed")
			return page.Redirect(w, r, "/stays/"+stayID+"/operations")
		}
		form.Set("told", told(err))
		form.Set("despite", "") // what was ticked was something else
		writing.Renew(form, err)
		if !form.Take(err) {
			return err
		}
	}
	view, err := stay.Read(ctx, d, stayID)
	if err != nil {
		return err
	}
	return renderOperations(w, r, d, view, form, in.Root, http.StatusUnprocessableEntity)
}

// told is the side that the error says the consent names.
func told(err error) string {
	if e := fail.As(err); e != nil {
		for _, f := range e.Findings {
			if f.Field == "despite" {
				return strings.TrimPrefix(f.Key, "card.side.against.")
			}
		}
	}
	return ""
}

// named is code and name of the operation: a line of the table of that day that was
// chosen, or what was typed with a code of its own.
func named(ctx context.Context, table *procedure.Book, form *page.Form, at time.Time) (code, name string, err error) {
	name, code = form.Text("operation_text", 300), form.Text("code", 20)
	if known := procedure.CodeOf(code); known != "" {
		code = known // Cyrillic letters that look like Latin ones
	}
	day := clock.DateOf(at)
	p, ok, err := table.FindOn(ctx, form.Get("operation"), day)
	if err != nil {
		return "", "", err
	}
	if !ok && code == "" {
		found, err := table.Search(ctx, name, day)
		if err != nil {
			return "", "", err
		}
		if len(found) == 1 { // without scripts: typed, not chosen
			p, ok = found[0], true
		}
	}
	if ok && (code == "" || code == p.Code) {
		if name == "" || strings.HasPrefix(name, p.Code) || code == "" {
			name = p.Name.Here(ctx)
		}
		code = p.Code
	}
	if name == "" {
		form.Fail("operation", "kit.field.required")
	}
	if code == "" && name != "" {
		edition, err := table.Edition(ctx)
		if err != nil {
			return "", "", err
		}
		if edition == 0 {
			form.Fail("code", "card.operations.no_list")
		} else {
			form.Fail("code", "card.operations.code_needed")
		}
	}
	return code, name, nil
}

// surgeon is the name of who operated: a doctor of the organisation, or the one
// whom the corrected version names.
func surgeon(ctx context.Context, d *desk.Desk, stayID string, in Operating) (string, error) {
	if name, ok := ward.DoctorOf(ctx, d, in.SurgeonPIN); ok {
		return name, nil
	}
	if in.Root == "" {
		return "", nil
	}
	o, err := FindOperation(ctx, d.DB.Read, stayID, in.Root)
	if err != nil || o.SurgeonPIN != in.SurgeonPIN {
		return "", err
	}
	return o.SurgeonName, nil
}

// suggestion is what the combobox of the page reads.
type suggestion struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Hint  string `json:"hint"`
}

// procedureSearch is what the words may mean on the day of the operation, today
// while none is given.
func procedureSearch(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	found := []suggestion{}
	query, at := []rune(form.Get("words")), form.Moment("at")
	if at.IsZero() {
		at = d.Clock.Now()
	}
	codes, err := d.Procedures.Search(r.Context(), string(query[:min(len(query), 100)]), clock.DateOf(at))
	if err != nil {
		return err
	}
	for _, p := range codes {
		found = append(found, suggestion{Value: p.Code, Label: p.Name.Here(r.Context()), Hint: p.Code})
	}
	return page.JSON(w, http.StatusOK, found)
}

// AnaesthesiaWord is the kind of anaesthesia in the reader's language.
func AnaesthesiaWord(ctx context.Context, kind string) string {
	return text.T(ctx, "card.anaesthesia."+kind) // text: card.anaesthesia.*
}

func anaesthesiaOptions(ctx context.Context) []design.Option {
	options := []design.Option{{Label: "—"}}
	for _, kind := range Anaesthesia {
		options = append(options, design.Option{Value: kind, Label: AnaesthesiaWord(ctx, kind)})
	}
	return options
}

func operationField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "operation", "card.operations.name")
	f.Placeholder, f.Wide, f.With, f.Begin = form.Get("operation_text"), true, []string{"at"}, true
	return f
}

// codeField says from where the code comes: from the list, or, while the table of
// operations was not imported, from the doctor.
func codeField(ctx context.Context, form *page.Form, listed bool) design.Field {
	f := writing.Line(ctx, form, "code", "card.operations.code", false)
	f.Hint, f.MaxLength = text.T(ctx, "card.operations.code_hint"), 20
	if !listed {
		f.Hint = text.T(ctx, "card.operations.no_list")
	}
	return f
}

func sideField(ctx context.Context, form *page.Form) design.Field {
	f := optional(design.FieldOf(ctx, form, "side", "card.side.label"))
	f.Hint = text.T(ctx, "card.side.operation_hint")
	return f
}

func optional(f design.Field) design.Field {
	f.Required = false
	return f
}

func momentOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return text.Moment(t)
}
