package journal

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/spreadsheet"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts in the journal and the refusal.
func Mount(d *desk.Desk) {
	d.Page("GET /reception", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return journalPage(w, r, d) })
	d.Page("GET /reception/journal.xlsx", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return filePage(w, r, d) })
	d.Page("GET /reception/001.pdf", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return printPage(w, r, d) })
	d.Page("GET /patients/{id}/refuse", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error {
		form := page.NewForm("kind", reception.Emergency, "at", page.InputMoment(d.Clock.Now()))
		return renderRefusal(w, r, d, form, http.StatusOK)
	})
	d.Page("POST /patients/{id}/refuse", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return refusePage(w, r, d) })
}

// Panel is what a patient's page shows of refusals here. Give it to patient.Mount.
func Panel(d *desk.Desk) patient.Panel {
	return func(ctx context.Context, p patient.Patient) (templ.Component, error) {
		staff := desk.Of(ctx)
		lines, err := RefusalsOf(ctx, d.DB.Read, staff.Post.Organisation, p.ID)
		return refusalsView(p, lines, slices.Contains(desk.Doctors, staff.Post.Role)), err
	}
}

// book is the journal as the page shows it.
type book struct {
	Wish         Wish
	Form         *page.Form
	Lines        []Line
	Totals       Totals
	Organisation workforceapi.Organisation
	Now          time.Time
	Referrers    map[string]string // in words
}

// open reads the journal for the wish in the address; whom it shows is recorded
// under the action, which tells a look from a file that was taken along.
func open(r *http.Request, d *desk.Desk, action string) (book, error) {
	ctx, organisation := r.Context(), desk.Of(r.Context()).Post.Organisation
	v := book{Form: page.QueryForm(r), Now: d.Clock.Now(), Referrers: map[string]string{}}
	w := Wish{What: v.Form.Get("what"), Kind: v.Form.Get("kind"), Department: v.Form.Get("department")}
	for name, into := range map[string]*clock.Date{"from": &w.From, "until": &w.Until} {
		if v.Form.Get(name) != "" {
			*into = v.Form.Date(name)
		}
	}
	v.Wish = w.tidy(clock.DateOf(v.Now))
	v.Form.Set("from", v.Wish.From.String())
	v.Form.Set("until", v.Wish.Until.String())
	var err error
	if v.Organisation, err = d.Directory.Organisation(ctx, organisation); err != nil {
		return v, err
	}
	if w.What != "refused" {
		if v.Lines, err = admissions(ctx, d.DB.Read, organisation, v.Wish); err != nil {
			return v, err
		}
	}
	if w.What != "admitted" {
		refused, err := refusals(ctx, d.DB.Read, organisation, v.Wish)
		if err != nil {
			return v, err
		}
		v.Lines = append(v.Lines, refused...)
	}
	slices.SortStableFunc(v.Lines, func(a, b Line) int { return b.At.Compare(a.At) })
	v.Totals = Count(v.Lines)
	var pins []string
	for _, l := range v.Lines {
		pins = append(pins, l.Patient.PIN)
		if _, ok := v.Referrers[l.Referrer]; !ok {
			v.Referrers[l.Referrer] = d.Directory.Name(ctx, l.Referrer).Here(ctx)
		}
	}
	slices.Sort(pins)
	return v, d.SeenAll(ctx, slices.Compact(pins), action)
}

func journalPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	v, err := open(r, d, "reception.journal")
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, journalView(v))
}

// filePage is the journal as a table for an office program.
func filePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	v, err := open(r, d, "reception.export")
	if err != nil {
		return err
	}
	ctx := r.Context()
	s := spreadsheet.Sheet{Name: v.Wish.From.String() + " " + v.Wish.Until.String()}
	for _, key := range []string{
		"card.journal.at", "card.col.patient", "card.col.birth_date", "card.col.pin", "card.col.address", "card.admit.kind", "card.admit.hours", "card.admit.brought_by",
		"card.admit.referrer", "card.col.diagnosis", "card.col.department", "card.col.doctor", "card.journal.refusal", "card.refuse.reason", "card.refuse.help", "card.refuse.sent_to",
	} {
		s.Columns = append(s.Columns, spreadsheet.Column{Label: text.T(ctx, key), Width: 18})
	}
	for _, l := range v.Lines {
		number := ""
		if l.Stay == "" {
			number = l.Refusal.Called()
		}
		s.Rows = append(s.Rows, []any{
			l.At, l.Patient.Name(ctx), l.Patient.BirthDate, l.Patient.PIN, l.Patient.Address, kindWord(ctx, l.Kind), l.Hours, broughtWord(ctx, l.BroughtBy),
			v.Referrers[l.Referrer], text.Joined(l.Code, l.Text), v.department(ctx, l.Department), l.Doctor, number, l.why(ctx), l.Refusal.Help, l.Refusal.SentTo,
		})
	}
	data, err := s.XLSX()
	if err != nil {
		return err
	}
	return page.Attach(w, spreadsheet.ContentType, "journal-001.xlsx", data)
}

func (v book) department(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	return directory.DepartmentName(v.Organisation, code).Here(ctx)
}

// Called is the number of a refusal: «12/2026».
func (r Refusal) Called() string { return strconv.Itoa(r.Number) + "/" + strconv.Itoa(r.Year) }

// why is the reason of a refusal in words, "" of an admission.
func (l Line) why(ctx context.Context) string {
	if l.Stay != "" {
		return ""
	}
	return text.Joined(reasonWord(ctx, l.Refusal.Reason), l.Refusal.ReasonText)
}

func kindWord(ctx context.Context, kind string) string { return text.T(ctx, "card.kind."+kind) } // text: card.kind.*

func broughtWord(ctx context.Context, by string) string { return text.T(ctx, "card.brought."+by) } // text: card.brought.*

func reasonWord(ctx context.Context, reason string) string {
	return text.T(ctx, "card.refuse.reason."+reason) // text: card.refuse.reason.*
}

// refusing is the page of a refusal.
type refusing struct {
	Patient patient.Patient
	Form    *page.Form
	Now     time.Time
}

func renderRefusal(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, status int) error {
	p, err := patient.Load(r.Context(), d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := d.Seen(r.Context(), d.DB.Single(), p.PIN, "patient.read", p.ID); err != nil {
		return err
	}
	return page.Render(w, r, status, refuseView(refusing{p, form, d.Clock.Now()}))
}

func refusePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	in := Refusal{
		Patient: r.PathValue("id"), Kind: form.Choice("kind", reception.Planned, reception.Emergency), At: form.Moment("at"),
		BroughtBy: form.Choice("brought_by", reception.BroughtBy...), Reason: form.Choice("reason", Reasons...), ReasonText: form.Text("reason_text", 500),
		Help: form.Text("help", 2000), SentTo: form.Text("sent_to", 200),
	}
	if typed := strings.TrimSpace(form.Get("hours")); typed != "" {
		if in.HoursSinceOnset, err = strconv.Atoi(typed); err != nil {
			form.Fail("hours", "card.admit.hours_bounds", "Most", mostHours)
		}
	}
	if in.Referrer, err = reception.ReadReferrer(ctx, d, form); err != nil {
		return err
	}
	chosen, typed := form.Chosen("diagnosis")
	code, err := d.ICD.Resolve(ctx, chosen, typed)
	if e := fail.As(err); e != nil {
		if e.Kind != fail.Invalid {
			return err
		}
		form.Findings = append(form.Findings, fail.Finding{Field: "diagnosis", Key: e.Key, Args: e.Args})
	} else {
		in.Code = code.Code
		form.Set("diagnosis", code.Code)
		form.Set("diagnosis_text", code.Label())
	}
	if form.OK() {
		done, err := Refuse(ctx, d, in)
		if err == nil {
			page.Notice(w, "card.refuse.done")
			return page.Redirect(w, r, "/patients/"+done.Patient)
		}
		if !form.Take(err) {
			return err
		}
	}
	form.Arrange("kind", "at", "hours", "brought_by", "referrer", "diagnosis", "reason", "reason_text", "help", "sent_to")
	return renderRefusal(w, r, d, form, http.StatusUnprocessableEntity)
}
