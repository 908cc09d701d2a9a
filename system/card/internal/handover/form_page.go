package handover

import (
	"context"
	"database/sql"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// keepers may void a form and give the next.
var keepers = []workforceapi.Role{workforceapi.Head, workforceapi.Statistician}

// senders may send a form that waits: those who sign it and those who keep them.
var senders = []workforceapi.Role{workforceapi.Doctor, workforceapi.Head, workforceapi.Statistician}

// Mount puts the job and the pages of the hand-over in.
func Mount(d *desk.Desk) Handover {
	h := Handover{Desk: d, Fund: insuranceapi.Client{Exchange: d.Exchange}, Signing: form.NewSigning(d)}
	d.Queue.Handle(form.HandoverJob, Policy, h.Send)
	form.Mount(d, h.Signing)
	d.Page("GET /stays/{id}/form", desk.Everybody, h.formPage)
	d.Page("POST /stays/{id}/form/void", keepers, h.voidPage)
	d.Page("POST /stays/{id}/form/reissue", keepers, h.reissuePage)
	d.Page("POST /stays/{id}/form/resend", senders, h.resendPage)
	d.Page("GET /stays/{id}/correct", desk.Doctors, h.correctionPage)
	d.Page("POST /stays/{id}/correct", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return h.correctPage(w, r, d.ICD) })
	d.Page("GET /work", desk.Everybody, h.workPage)
	d.Page("GET /worklist", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return page.Redirect(w, r, "/work") })
	return h
}

// formOf is the page of the form.
type formOf struct {
	Stay      stay.View
	Forms     []form.Issued // the newest first
	Revisions []State       // of the newest form, the newest first
	Sheet     form.Sheet
	Form      *page.Form // of voiding; nil: the reader cannot
	CanFix    bool       // the reader may correct a returned case
	CanSend   bool       // the reader may send a waiting one now
	// Signatures are those of doctor and head under the newest revision.
	Signatures []form.Signature
}

// paper is the address of the i-th of the forms, the newest first, as a paper.
func (v formOf) paper(i int, lang text.Lang) templ.SafeURL {
	return templ.URL(v.Stay.Path("form.pdf") + "?lang=" + string(lang) + "&form=" + strconv.Itoa(len(v.Forms)-i))
}

func (h Handover) formPage(w http.ResponseWriter, r *http.Request) error {
	view, err := stay.Read(r.Context(), h.Desk, r.PathValue("id"))
	if err != nil {
		return err
	}
	return h.renderForm(w, r, view, page.NewForm(), http.StatusOK)
}

func (h Handover) renderForm(w http.ResponseWriter, r *http.Request, view stay.View, entered *page.Form, status int) error {
	ctx, q := r.Context(), h.Desk.DB.Read
	v := formOf{Stay: view, CanFix: desk.Is(ctx, desk.Doctors), CanSend: desk.Is(ctx, senders)}
	if desk.Is(ctx, keepers) {
		v.Form = entered
	}
	var err error
	if v.Forms, err = form.Forms(ctx, q, view.ID); err != nil {
		return err
	}
	if len(v.Forms) > 0 {
		revisions, err := form.Revisions(ctx, q, v.Forms[0].Number)
		if err != nil {
			return err
		}
		for _, revision := range revisions {
			s, err := StateOf(ctx, h.Desk.Queue, revision)
			if err != nil {
				return err
			}
			v.Revisions = append(v.Revisions, s)
		}
		if v.Sheet, err = form.SheetOf(ctx, q, revisions[0].Ref); err != nil {
			return err
		}
		if v.Signatures, err = h.Signing.Of(ctx, v.Sheet); err != nil {
			return err
		}
	}
	return page.Render(w, r, status, formView(v))
}

func (h Handover) voidPage(w http.ResponseWriter, r *http.Request) error {
	entered, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	stayID := r.PathValue("id")
	reason := entered.Need("reason", 500)
	if entered.OK() {
		err = form.Void(r.Context(), h.Desk, stayID, reason)
		if err == nil {
			page.Notice(w, "card.form.voided_done")
			return page.Redirect(w, r, "/stays/"+stayID+"/form")
		}
		if !entered.Take(err) {
			return err
		}
	}
	view, err := stay.Read(r.Context(), h.Desk, stayID)
	if err != nil {
		return err
	}
	return h.renderForm(w, r, view, entered, http.StatusUnprocessableEntity)
}

func (h Handover) reissuePage(w http.ResponseWriter, r *http.Request) error {
	stayID := r.PathValue("id")
	if _, err := form.Reissue(r.Context(), h.Desk, stayID); err != nil {
		return err
	}
	page.Notice(w, "card.form.reissued")
	return page.Redirect(w, r, "/stays/"+stayID+"/form")
}

// resendPage makes a waiting hand-over due now. The fund still takes it once.
func (h Handover) resendPage(w http.ResponseWriter, r *http.Request) error {
	ctx, d, stayID := r.Context(), h.Desk, r.PathValue("id")
	record, err := form.Load(ctx, d.DB.Read, stayID, desk.Of(ctx).Post.Organisation, "")
	if err != nil {
		return err
	}
	f, ok, err := form.Valid(ctx, d.DB.Read, stayID, "")
	if err != nil {
		return err
	}
	if !ok {
		return fail.New(fail.NotFound, "card.form.no_form")
	}
	last, _, err := form.Latest(ctx, d.DB.Read, f.Number, "")
	if err != nil {
		return err
	}
	s, err := StateOf(ctx, d.Queue, last)
	if err != nil {
		return err
	}
	if s.JobID != "" {
		if err := d.Queue.Retry(ctx, s.JobID); err != nil && !fail.Is(err, fail.Conflict) {
			return err
		}
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.Seen(ctx, tx, record.Patient.PIN, "form.resend", f.Number)
	})
	if err != nil {
		return err
	}
	page.Notice(w, "card.handover.resent")
	return page.Redirect(w, r, "/stays/"+stayID+"/form")
}

// Tone and word of a revision's state.
func (s State) tone() string {
	switch s.State {
	case form.Accepted:
		return "done"
	case form.Returned:
		return "danger"
	}
	if s.Trouble != "" {
		return "attention"
	}
	return "info"
}

// whyNoVoid is why the form on the page cannot be voided by the reader now, with the
// way that remains; "" when it can, or is void.
func (v formOf) whyNoVoid(ctx context.Context) string {
	if len(v.Revisions) == 0 || v.Forms[0].State != "valid" {
		return ""
	}
	switch state := v.Revisions[0].State; {
	case state == form.Accepted && (v.Form != nil || v.CanFix):
		return text.T(ctx, "card.form.no_void_accepted")
	case state == form.Queued && v.Form != nil:
		return text.T(ctx, "card.form.no_void_queued")
	case state == form.Returned && v.Form == nil && v.CanFix:
		return text.T(ctx, "card.form.no_void_reader")
	}
	return ""
}

func stateWord(ctx context.Context, state string) string {
	return text.T(ctx, "card.handover.state."+state) // text: card.handover.state.*
}

func revisionTitle(ctx context.Context, s State) string {
	return text.T(ctx, "card.handover.revision", "Revision", strconv.Itoa(s.Revision.Revision), "At", text.Moment(s.CreatedAt))
}

func reasonField(ctx context.Context, entered *page.Form) design.Field {
	f := design.FieldOf(ctx, entered, "reason", "card.form.void_reason")
	f.Wide, f.MaxLength = true, 500
	return f
}
