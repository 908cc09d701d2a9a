package referral

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// dayFar is no last day at all, for words of a state by itself.
var dayFar = clock.Date{Year: 9999, Month: time.December, Day: 31}

func clockDay(t time.Time) clock.Date { return clock.DateOf(t) }

// referralOf is the page of a referral.
type referralOf struct {
	R                            Referral
	Names                        map[string]string
	FromDepartment, ToDepartment string
	Steps                        []Step
	Chain                        []Referral
	Shown, Hidden                int // results that the reader may see, and that they may not any more
	Form                         *page.Form
	Own                          string
	Answer                       bool // the reader may answer
	Withdraw                     bool // the reader may take it back
	Anew                         bool // the reader may send the patient elsewhere instead
	Now                          time.Time
}

func referralPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	return render(w, r, d, page.NewForm(), http.StatusOK)
}

func render(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, status int) error {
	ctx, staff := r.Context(), desk.Of(r.Context())
	ref, err := Open(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := referralOf{R: ref, Form: form, Own: staff.Post.Organisation, Now: d.Clock.Now()}
	v.FromDepartment, v.ToDepartment = departmentWord(ctx, d, ref.From, ref.FromDepartment), departmentWord(ctx, d, ref.To, ref.ToDepartment)
	v.Answer = !ref.Late(v.Now) && ref.answers(staff) == nil && (len(chart[ref.State]) > 0)
	v.Withdraw = !ref.Late(v.Now) && May(ref.State, Withdrawn) && ref.withdraws(staff) == nil
	v.Anew = ref.anew(staff, v.Now) == nil
	if v.Names, err = namesOf(ctx, d); err != nil {
		return err
	}
	if v.Steps, err = stepsOf(ctx, d.DB.Read, ref.ID); err != nil {
		return err
	}
	if v.Chain, err = chainOf(ctx, d.DB.Read, ref.Root); err != nil {
		return err
	}
	shown, hidden, err := split(ctx, d, ref)
	if err != nil {
		return err
	}
	v.Shown, v.Hidden = len(shown), hidden
	if form.Get("at") == "" {
		form.Set("at", page.InputMoment(nextMorning(v.Now)))
	}
	return page.Render(w, r, status, referralView(v))
}

// nextMorning is what is offered as the day: tomorrow at nine.
func nextMorning(now time.Time) time.Time {
	return clock.DateOf(now).Start().AddDate(0, 0, 1).Add(9 * time.Hour)
}

// concluded is the step that answered, the zero one for none.
func concluded(steps []Step) (s Step) {
	for _, s = range slices.Backward(steps) {
		if s.State == Answered {
			return s
		}
	}
	return Step{}
}

// part says which side the reader's organisation is on.
func (v referralOf) part(ctx context.Context) string {
	switch v.Own {
	case v.R.To:
		return text.T(ctx, "card.referral.you_receive")
	case v.R.From:
		return text.T(ctx, "card.referral.you_sent")
	}
	return text.T(ctx, "card.referral.you_began")
}

func (v referralOf) field(ctx context.Context, name, key string) design.Field {
	f := design.FieldOf(ctx, v.Form, name, key)
	f.Wide, f.MaxLength = true, 500
	return f
}

func (v referralOf) area(ctx context.Context, name, key string, rows int) design.Field {
	return writing.Area(ctx, v.Form, name, key, rows)
}

// comes says that the day on which the patient is awaited has begun.
func (v referralOf) comes() bool { return v.R.State == Accepted && !v.Now.Before(v.R.AppointedAt) }

func (v referralOf) events(ctx context.Context) []design.Event {
	events := make([]design.Event, 0, len(v.Steps))
	for i := len(v.Steps) - 1; i >= 0; i-- {
		s := v.Steps[i]
		at := Referral{State: s.State, ValidUntil: dayFar}
		e := design.Event{When: text.Moment(s.At), Title: stepWord(ctx, s.State), Tone: stateTone(at, v.Now), Text: s.Note, By: text.Joined(s.ByName)}
		if !s.AppointedAt.IsZero() {
			e.Title += ": " + text.Moment(s.AppointedAt)
		}
		if s.Organisation != "" && e.By != "" {
			e.By += ", " + v.Names[s.Organisation]
		}
		events = append(events, e)
	}
	return events
}

func answerPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, in := r.Context(), Acting{Referral: r.PathValue("id"), Seen: writing.Whole(form.Get("seen"))}
	do := form.Choice("do", Accepted, Refused, NotCome, Withdrawn, Answered)
	note := form.Text("note_"+do, 500)
	switch do {
	case Accepted:
		if at := form.Moment("at"); form.OK() {
			err = Accept(ctx, d, in, at, note)
		}
	case Refused:
		err = Refuse(ctx, d, in, note)
	case NotCome:
		err = NotComing(ctx, d, in, note)
	case Withdrawn:
		err = Withdraw(ctx, d, in, note)
	case Answered:
		err = Conclude(ctx, d, in, form.Text("conclusion", writing.MaxBody))
	}
	if err == nil && form.OK() {
		page.Notice(w, "card.referral.done."+do) // text: card.referral.done.*
		return page.Redirect(w, r, "/referrals/"+in.Referral)
	}
	status := http.StatusUnprocessableEntity
	if fail.Is(err, fail.Conflict) {
		status = http.StatusConflict
	}
	if err != nil && !form.Take(err) {
		return err
	}
	return render(w, r, d, form, status)
}

func resultsPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	ref, err := Open(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	shown, hidden, err := Look(ctx, d, ref)
	if err != nil {
		return err
	}
	names, err := namesOf(ctx, d)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, resultsView(ref, shown, hidden, names, d.Clock.Now()))
}

// redirecting is the page on which a referral is passed on.
type redirecting struct {
	choosing
	R    Referral
	Form *page.Form
	Now  time.Time
}

func redirectPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ref, err := Open(r.Context(), d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("once", id.New(), "seen", strconv.Itoa(ref.Version))
	return renderRedirect(w, r, d, ref, form, http.StatusOK)
}

func renderRedirect(w http.ResponseWriter, r *http.Request, d *desk.Desk, ref Referral, form *page.Form, status int) error {
	ctx := r.Context()
	if err := ref.answers(desk.Of(ctx)); err != nil {
		return err
	}
	chain, err := chainOf(ctx, d.DB.Read, ref.Root)
	if err != nil {
		return err
	}
	been := map[string]bool{}
	for _, c := range chain {
		been[c.From], been[c.To] = true, true
	}
	v := redirecting{R: ref, Form: form, Now: d.Clock.Now()}
	own, err := d.Directory.Organisation(ctx, ref.To)
	if err != nil {
		return err
	}
	asked, _ := directory.Department(own, ref.ToDepartment)
	v.choosing, err = choose(ctx, d, r.URL.Query(), form, asked.Profile, func(p Place) bool { return !been[p.Organisation] })
	if err != nil {
		return err
	}
	return page.Render(w, r, status, redirectView(v))
}

func redirectDoPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	organisation, department := readPlace(form)
	in := Acting{Referral: r.PathValue("id"), Seen: writing.Whole(form.Get("seen"))}
	heir, err := Redirect(ctx, d, in, form.Get("once"), organisation, department, form.Text("note_redirected", 500))
	if err == nil {
		page.Notice(w, "card.referral.done.redirected")
		return page.Redirect(w, r, "/referrals/"+heir)
	}
	if !form.Take(err) {
		return err
	}
	ref, err := Open(ctx, d, in.Referral)
	if err != nil {
		return err
	}
	return renderRedirect(w, r, d, ref, form, http.StatusUnprocessableEntity)
}
