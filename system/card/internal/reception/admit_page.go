package reception

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/ward"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// twice is how soon the same doctor's second admission of a person is a button
// pressed twice.
const twice = 2 * time.Minute

// Mount puts in the admission. referrals may be nil.
func Mount(d *desk.Desk, referrals Referrals) {
	d.Page("GET /patients/{id}/admit", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return formPage(w, r, d, referrals) })
	d.Page("POST /patients/{id}/admit", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return admitPage(w, r, d, referrals) })
	d.Page("GET /stays/{id}/admission", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return admittedPage(w, r, d) })
	d.Page("POST /stays/{id}/admission", desk.Doctors, func(w http.ResponseWriter, r *http.Request) error { return mendPage(w, r, d) })
	d.Page("POST /organisations/search", desk.Everybody, func(w http.ResponseWriter, r *http.Request) error { return searchPage(w, r, d) })
}

// admission is what the page shows.
type admission struct {
	Patient    patient.Patient
	Form       *page.Form
	Places     []design.Option
	Doctor     design.Field
	Doctors    []workforceapi.Post
	Waiting    []Waiting // referrals
	Categories []Category
	Open       Lying // the stay that is in the way
	Here       bool  // and it is of the reader's organisation
	Now        time.Time
}

// formPage begins with what the system knows: now, the doctor, the person's policy.
func formPage(w http.ResponseWriter, r *http.Request, d *desk.Desk, referrals Referrals) error {
	ctx := r.Context()
	p, err := patient.Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	open, lies, err := OpenStay(ctx, d.DB.Read, p.ID)
	if err != nil {
		return err
	}
	if lies && open.Organisation == desk.Of(ctx).Post.Organisation {
		page.Notice(w, "card.admit.lies_already")
		return page.Redirect(w, r, "/stays/"+open.Stay)
	}
	now := d.Clock.Now()
	before, err := staysSince(ctx, d.DB.Read, p.ID, clock.Date{Year: now.In(clock.Bishkek).Year(), Month: time.January, Day: 1}.Start())
	if err != nil {
		return err
	}
	form := page.NewForm("kind", "", "at", page.InputMoment(now), "doctor", desk.Of(ctx).PIN, "policy", p.Policy, "category", p.Category, "alerts", p.Alerts,
		"policy_until", p.PolicyUntil.String())
	known(form, p)
	if !before {
		form.Set("first_this_year", "1")
	}
	if p.Insured {
		form.Set("insured", "1")
	}
	all := waiting(ctx, d, referrals, p)
	prefill(form, all, r.URL.Query().Get("referral"))
	if place := r.URL.Query().Get("place"); place != "" && len(place) <= 100 { // one came by a bed of the board
		form.Set("place", place)
		form.Set("tapped", place)
	}
	return render(w, r, d, p, form, all, http.StatusOK)
}

// known takes over what the kind of the person says: nobody plans the admission of
// somebody whom nobody knows, and a foreigner pays unless something else is said.
func known(form *page.Form, p patient.Patient) {
	switch p.Kind {
	case patient.Foreigner:
		form.Set("payment", "paid")
	case patient.Nameless:
		form.Set("kind", Emergency)
	}
}

// without is the choice of no referral.
const without = "none"

// prefill takes over what the chosen referral says; nothing chosen is the
// newest. Who has come with a referral is not asked by whom it was given.
func prefill(form *page.Form, all []Waiting, chosen string) {
	for _, w := range all {
		if chosen != "" && w.ID != chosen {
			continue
		}
		kind := Planned
		if w.Urgent {
			kind = Emergency
		}
		for name, value := range map[string]string{
			"referral_id": w.ID, "kind": kind, "brought_by": "referral", "referrer": w.From, "referrer_text": w.FromName,
			"referral": w.Code, "referral_text": text.Joined(w.Code, w.Text), "admission": w.Code, "admission_text": text.Joined(w.Code, w.Text),
		} {
			form.Set(name, value)
		}
		return
	}
}

func render(w http.ResponseWriter, r *http.Request, d *desk.Desk, p patient.Patient, form *page.Form, referrals []Waiting, status int) error {
	ctx, staff := r.Context(), desk.Of(r.Context())
	v := admission{Patient: p, Form: form, Doctors: ward.DoctorsFor(ctx, d), Waiting: referrals, Now: d.Clock.Now()}
	v.Doctor = ward.DoctorField(ctx, d, v.field(ctx, "doctor", "card.admit.doctor"))
	var err error
	if v.Open, _, err = OpenStay(ctx, d.DB.Read, p.ID); err != nil {
		return err
	}
	if v.Categories, err = Categories(ctx, d.DB.Read, clock.DateOf(v.Now)); err != nil {
		return err
	}
	v.Here = v.Open.Organisation == staff.Post.Organisation
	if v.Places, err = ward.Places(ctx, d, staff.Post.Department); err != nil {
		return err
	}
	if err := d.Seen(ctx, d.DB.Single(), p.PIN, "patient.read", p.ID); err != nil {
		return err
	}
	return page.Render(w, r, status, admitView(v))
}

func admitPage(w http.ResponseWriter, r *http.Request, d *desk.Desk, referrals Referrals) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	p, err := patient.Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	a, err := read(ctx, d, form)
	if err != nil {
		return err
	}
	a.Patient = p.ID
	if form.OK() {
		stayID, err := AdmitReferred(ctx, d, referrals, a)
		if err == nil {
			page.Notice(w, "card.admit.done")
			return page.Redirect(w, r, "/stays/"+stayID)
		}
		if open, ok := pressedTwice(ctx, d, p.ID, err); ok {
			page.Notice(w, "card.admit.done")
			return page.Redirect(w, r, "/stays/"+open)
		}
		if !ward.TakePlace(form, "place", err) {
			return err
		}
	}
	form.Arrange("kind", "hours", "brought_by", "referrer", "transport", "admission", "admission_words", "referral",
		"place", "doctor", "at", "late_reason", "alerts", "policy", "policy_until", "category", "payment")
	return render(w, r, d, p, form, waiting(ctx, d, referrals, p), http.StatusUnprocessableEntity)
}

// pressedTwice is the stay that the same doctor has only just written.
func pressedTwice(ctx context.Context, d *desk.Desk, patientID string, err error) (string, bool) {
	if !fail.Is(err, fail.Conflict) {
		return "", false
	}
	open, ok, err := OpenStay(ctx, d.DB.Read, patientID)
	if err != nil || !ok || open.CreatedBy != desk.Of(ctx).PIN || d.Clock.Now().Sub(open.CreatedAt) > twice {
		return "", false
	}
	return open.Stay, true
}

// read makes an Admission of the form; what is wrong is noted in the form.
func read(ctx context.Context, d *desk.Desk, form *page.Form) (Admission, error) {
	a := Admission{
		Kind: form.Choice("kind", Planned, Emergency), At: form.Moment("at"), LateReason: form.Text("late_reason", 500), ReferralID: form.Text("referral_id", 64),
		BroughtBy: form.Choice("brought_by", BroughtBy...), FirstThisYear: form.Get("first_this_year") != "",
		DoctorPIN: form.Text("doctor", 14), Insured: form.Get("insured") != "", Policy: form.Text("policy", 40),
		Category: form.Text("category", 40), Payment: form.Choice("payment", Payments...), Transport: form.Choice("transport", Transports...),
		Alerts: form.Text("alerts", 1000),
	}
	if form.Get("policy_until") != "" {
		a.PolicyUntil = form.Date("policy_until")
	}
	a.HoursSinceOnset = readHours(form)
	a.Department, a.Bed = ward.ReadPlace(form, "place")
	var err error
	if a.Referrer, err = ReadReferrer(ctx, d, form); err != nil {
		return a, err
	}
	if a.Admission, err = readDiagnosis(ctx, d, form, "admission"); err != nil {
		return a, err
	}
	a.Admission.Text = form.Text("admission_words", 1000)
	if strings.TrimSpace(form.Get("referral")+form.Get("referral_text")) != "" {
		a.Referral, err = readDiagnosis(ctx, d, form, "referral")
	}
	return a, err
}

// readDiagnosis finds the code meant and keeps it chosen when the page comes back.
func readDiagnosis(ctx context.Context, d *desk.Desk, form *page.Form, name string) (Diagnosis, error) {
	chosen, typed := form.Chosen(name)
	code, err := d.ICD.Resolve(ctx, chosen, typed)
	if e := fail.As(err); e != nil {
		if e.Kind != fail.Invalid {
			return Diagnosis{}, err
		}
		form.Findings = append(form.Findings, fail.Finding{Field: name, Key: e.Key, Args: e.Args})
		return Diagnosis{}, nil
	}
	form.Set(name, code.Code)
	form.Set(name+"_text", code.Label())
	return Diagnosis{Code: code.Code}, nil
}

// ReadReferrer is the code of an organisation chosen from the list, or words.
func ReadReferrer(ctx context.Context, d *desk.Desk, form *page.Form) (string, error) {
	words := form.Text("referrer_text", 200)
	if words == "" {
		return "", nil
	}
	all, err := d.Directory.Organisations(ctx)
	if err != nil {
		return "", err
	}
	for _, o := range all {
		for _, l := range text.Langs {
			if words == o.Name.In(l) || words == o.ShortName.In(l) {
				return o.Code, nil
			}
		}
	}
	return words, nil
}

// searchPage answers POST /organisations/search for design.Combobox.
func searchPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	type suggestion struct {
		Value string `json:"value"`
		Label string `json:"label"`
	}
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	all, err := d.Directory.Organisations(ctx)
	if err != nil {
		return err
	}
	asked := strings.Fields(text.Fold(form.Get("words")))
	answer := []suggestion{}
	for _, o := range all {
		if o.Kind != directory.Hospital || len(answer) == 20 || o.Code == desk.Of(ctx).Post.Organisation {
			continue
		}
		folded := text.Fold(o.Name.KY + " " + o.Name.RU + " " + o.Name.EN + " " + o.Code)
		fits := len(asked) > 0
		for _, word := range asked {
			fits = fits && strings.Contains(folded, word)
		}
		if fits {
			answer = append(answer, suggestion{o.Code, o.Name.Here(ctx)})
		}
	}
	return page.JSON(w, http.StatusOK, answer)
}
