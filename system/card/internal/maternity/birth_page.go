package maternity

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/newborn"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Mount puts in pages and the job that returns tear-offs. cards is the exchange
// as the member of staff with the ПИН calls it.
func Mount(d *desk.Desk, cards func(pin string) cardapi.ExchangeCards) {
	at := func(pattern string, roles []workforceapi.Role, h func(http.ResponseWriter, *http.Request, *desk.Desk) error) {
		d.Page(pattern, roles, page.Handler(func(w http.ResponseWriter, r *http.Request) error { return h(w, r, d) }))
	}
	at("GET /maternity", desk.Ward, listPage)
	d.Page("POST /maternity", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return showPage(w, r, d, cards) })
	at("GET /stays/{id}/birth", desk.Ward, birthPage)
	at("POST /stays/{id}/birth", desk.Doctors, writeBirthPage)
	d.Page("POST /stays/{id}/birth/card", desk.Ward, func(w http.ResponseWriter, r *http.Request) error { return openPage(w, r, d, cards) })
	at("POST /stays/{id}/birth/child", desk.Doctors, writeNewbornPage)
	at("POST /stays/{id}/birth/tear-off", desk.Doctors, tearOffPage)
	at("GET /stays/{id}/113.pdf", desk.Ward, printPage)
	d.Queue.Handle(sendJob, exchangecard.Policy, send(d, cards))
}

// view is the page of a confinement.
type view struct {
	Confinement
	Form    *page.Form // of what is being written, nil: nothing can be
	Writing string     // birthPart, newbornPart, "" nothing
	Child   *newborn.Child
	Clinics []design.Option
	Names   map[string]string
	Doctor  bool
	Today   clock.Date
}

func viewOf(ctx context.Context, d *desk.Desk, c Confinement) view {
	v := view{Confinement: c, Doctor: writing.MayWrite(ctx), Today: clock.DateOf(d.Clock.Now()), Names: map[string]string{}, Clinics: []design.Option{{Label: "—"}}}
	all, err := d.Directory.Organisations(ctx)
	if err != nil {
		d.Log.WarnContext(ctx, "organisations without names", "system", "card", "error", err.Error())
	}
	for _, o := range all {
		v.Names[o.Code] = o.Name.Here(ctx)
		if directory.IsClinic(o) {
			v.Clinics = append(v.Clinics, design.Option{Value: o.Code, Label: o.Name.Here(ctx)})
		}
	}
	return v
}

func (v view) open() bool { return v.Stay.State == stay.Open }

// birthPage shows the confinement; ?write=birth corrects the birth, ?child= is
// the child that is written of.
func birthPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx, query := r.Context(), r.URL.Query()
	c, err := Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := viewOf(ctx, d, c)
	switch {
	case !v.Doctor:
	case query.Get("child") != "":
		v.child(ctx, query.Get("child"))
	case c.Birth == nil && v.open():
		v.Form, v.Writing = v.firstBirth(ctx, d), birthPart
	case c.Birth != nil && query.Get("write") == birthPart && writing.MayCorrect(desk.Of(ctx), c.Birth.Author()) == nil:
		v.Form, v.Writing = birthForm(*c.Birth), birthPart
	}
	return page.Render(w, r, http.StatusOK, birthView(v))
}

// child chooses the child that is written of.
func (v *view) child(ctx context.Context, childID string) {
	i := slices.IndexFunc(v.Children, func(c newborn.Child) bool { return c.ID == childID && c.Live })
	if i < 0 {
		return
	}
	details, written := v.Details[childID]
	if written && writing.MayCorrect(desk.Of(ctx), details.Author()) != nil || !written && !v.open() {
		return
	}
	v.Child, v.Writing = &v.Children[i], newbornPart
	v.Form = page.NewForm("once", id.New(), "child_state", "alive", "feeding", "breast")
	if written {
		b := details.Body
		v.Form = page.NewForm("once", id.New(), "root", details.Root, "seen", strconv.Itoa(details.Version), "child_state", b.State, "feeding", b.Feeding,
			"head", antenatal.Shown(b.HeadCM, 1), "illnesses", b.Illnesses, "bcg", b.BCG.String(), "hepatitis_b", b.HepatitisB.String(),
			"screening", b.Screening.String(), "left_on", b.LeftOn.String(), "left_weight", antenatal.Shown(b.LeftWeightG, 1), "advice", b.Advice)
	}
}

// firstBirth is the form with what the card knows: the operations of the stay,
// their anaesthesia, the hour at which the last child was born.
func (v view) firstBirth(ctx context.Context, d *desk.Desk) *page.Form {
	form := page.NewForm("once", id.New(), "ending", exchangecard.EndingBirth, "mother_state", "discharged", "blood_loss", "")
	done, err := operation.Operations(ctx, d.DB.Read, v.Stay.ID)
	if err != nil {
		d.Log.WarnContext(ctx, "operations not read", "system", "card", "error", err.Error())
	}
	var names []string
	for _, o := range slices.Backward(done) {
		names = append(names, text.Moment(o.At)+" "+o.Name)
		form.Set("anaesthesia", o.Anaesthesia)
		if o.Code == caesarean {
			form.Set("mode", "caesarean_urgent")
		}
	}
	form.Set("operations", strings.Join(names, "\n"))
	if n := len(v.Children); n > 0 {
		form.Set("ended_at", page.InputMoment(v.Children[n-1].BornAt))
	}
	return form
}

// caesarean is the code of a caesarean section in our catalogue of operations.
const caesarean = "A16.20.1"

func birthForm(s antenatal.Signed[cardapi.Birth]) *page.Form {
	b := s.Body
	weeks, rest := gestation.Age(b.Days)
	form := page.NewForm("once", id.New(), "root", s.Root, "seen", strconv.Itoa(s.Version), "ending", b.Ending, "labour_at", page.InputMoment(b.LabourAt),
		"ended_at", page.InputMoment(b.EndedAt), "mode", b.Mode, "complications", b.Complications, "operations", b.Operations, "anaesthesia", b.Anaesthesia,
		"blood_loss", strconv.Itoa(b.BloodLoss), "postpartum", b.Postpartum, "advice", b.Advice, "mother_state", b.MotherState)
	if b.Days > 0 {
		form.Set("weeks", strconv.Itoa(weeks))
		form.Set("days", strconv.Itoa(rest))
	}
	return form
}

func readWriting(form *page.Form) antenatal.Writing {
	return antenatal.Writing{Once: form.Get("once"), Root: form.Get("root"), Seen: writing.Whole(form.Get("seen")), Reason: form.Text("reason", 500)}
}

func optionalMoment(form *page.Form, name string, into *cardapi.Birth) {
	if form.Get(name) == "" {
		return
	}
	at := form.Moment(name)
	if name == "labour_at" {
		into.LabourAt = at
	} else {
		into.EndedAt = at
	}
}

func writeBirthPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, stayID := r.Context(), r.PathValue("id")
	in := cardapi.Birth{
		Ending: form.Choice("ending", exchangecard.Endings...), Mode: form.Choice("mode", append([]string{""}, Modes...)...),
		Complications: form.Text("complications", 2000), Operations: form.Text("operations", 2000),
		Anaesthesia: form.Choice("anaesthesia", append([]string{""}, operation.Anaesthesia...)...), BloodLoss: antenatal.Decimal(form, "blood_loss", 1),
		Postpartum: form.Text("postpartum", 2000), Advice: form.Text("advice", 2000), MotherState: form.Choice("mother_state", MotherStates...),
		Days: antenatal.Decimal(form, "weeks", 1)*7 + antenatal.Decimal(form, "days", 1),
	}
	optionalMoment(form, "labour_at", &in)
	optionalMoment(form, "ended_at", &in)
	if form.OK() {
		if err = WriteBirth(ctx, d, stayID, readWriting(form), in); err == nil {
			page.Notice(w, "card.maternity.birth_signed")
			return page.Redirect(w, r, "/stays/"+stayID+"/birth")
		}
		if !form.Take(err) {
			return err
		}
	}
	return again(w, r, d, form, birthPart, "")
}

// again shows the page with what was typed and what is wrong with it.
func again(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, what, childID string) error {
	ctx := r.Context()
	c, err := Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	v := viewOf(ctx, d, c)
	if childID != "" {
		v.child(ctx, childID)
	}
	v.Form, v.Writing = form, what
	if what == newbornPart && v.Child == nil {
		v.Writing = ""
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, birthView(v))
}

func writeNewbornPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, stayID, childID := r.Context(), r.PathValue("id"), form.Get("child")
	in := cardapi.Newborn{
		State: form.Choice("child_state", ChildStates...), Feeding: form.Choice("feeding", Feedings...), HeadCM: antenatal.Decimal(form, "head", 1),
		Illnesses: form.Text("illnesses", 2000), BCG: antenatal.OptionalDay(form, "bcg"), HepatitisB: antenatal.OptionalDay(form, "hepatitis_b"),
		Screening: antenatal.OptionalDay(form, "screening"), LeftOn: antenatal.OptionalDay(form, "left_on"),
		LeftWeightG: antenatal.Decimal(form, "left_weight", 1), Advice: form.Text("advice", 2000),
	}
	if form.OK() {
		if err = WriteNewborn(ctx, d, stayID, childID, readWriting(form), in); err == nil {
			page.Notice(w, "card.maternity.child_signed")
			return page.Redirect(w, r, "/stays/"+stayID+"/birth")
		}
		if !form.Take(err) {
			return err
		}
	}
	return again(w, r, d, form, newbornPart, childID)
}

func tearOffPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	stayID := r.PathValue("id")
	kind, reason := form.Choice("kind", cardapi.TearOffMother, cardapi.TearOffNewborn), form.Text("reason", 500)
	if form.OK() {
		if err = SignTearOff(r.Context(), d, stayID, kind, form.Get("about"), form.Get("to"), reason); err == nil {
			page.Notice(w, "card.maternity.tear_off_signed")
			return page.Redirect(w, r, "/stays/"+stayID+"/birth")
		}
		if !form.Take(err) {
			return err
		}
	}
	return again(w, r, d, form, "", "")
}

func openPage(w http.ResponseWriter, r *http.Request, d *desk.Desk, cards func(string) cardapi.ExchangeCards) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, stayID := r.Context(), r.PathValue("id")
	err = OpenCard(ctx, d, cards(desk.Of(ctx).PIN), stayID, readCode(form))
	switch {
	case err == nil:
		page.Notice(w, "card.maternity.card_opened")
		return page.Redirect(w, r, "/stays/"+stayID+"/birth")
	case fail.Is(err, fail.NotFound) && fail.As(err).Key != "card.stay.not_found":
		form.Fail("code", fail.As(err).Key)
	case !form.Take(err):
		return err
	}
	return again(w, r, d, form, "", "")
}

// readCode is a code as it is typed or scanned: with spaces, in small letters,
// or as the address that the QR code holds.
func readCode(form *page.Form) string {
	code := form.Text("code", 300)
	if _, scanned, ok := strings.Cut(code, "code="); ok {
		code = scanned
	}
	return strings.ToUpper(strings.Join(strings.Fields(code), ""))
}

// listPage is the hospital's confinements; ?code= comes from a scanned card.
func listPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	return renderList(w, r, d, page.NewForm("code", page.Clean(r.URL.Query().Get("code"))), http.StatusOK)
}

func renderList(w http.ResponseWriter, r *http.Request, d *desk.Desk, form *page.Form, status int) error {
	ctx, staff := r.Context(), desk.Of(r.Context())
	after := r.URL.Query().Get("after")
	all, next, err := lines(ctx, d.DB.Read, staff.Post.Organisation, d.Directory.PlaceOf(ctx, staff.Post.Organisation).Obstetrics, after)
	if err != nil {
		return err
	}
	var pins []string
	for _, l := range all {
		pins = append(pins, l.Patient.PIN)
	}
	if err := d.SeenAll(ctx, pins, "maternity.list"); err != nil {
		return err
	}
	first := ""
	if after != "" {
		first = "/maternity"
	}
	if next != "" {
		next = "/maternity?after=" + url.QueryEscape(next)
	}
	return page.Render(w, r, status, listView(all, form, first, next))
}

// showPage opens the card whose code the woman shows. When she lies here the
// card is kept with her stay; else one is led to her admission, and the card is
// opened from the stay.
func showPage(w http.ResponseWriter, r *http.Request, d *desk.Desk, cards func(string) cardapi.ExchangeCards) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, staff := r.Context(), desk.Of(r.Context())
	card, err := cards(staff.PIN).OpenCard(ctx, cardapi.CardQuery{Basis: cardapi.BasisShown, Code: readCode(form), Organisation: staff.Post.Organisation})
	if err != nil {
		if fail.Is(err, fail.NotFound) {
			form.Fail("code", fail.As(err).Key)
		} else if !form.Take(err) {
			return err
		}
		return renderList(w, r, d, form, http.StatusUnprocessableEntity)
	}
	p, _, err := patient.Find(ctx, d, card.Mother.PIN)
	if err != nil {
		return err
	}
	stayID, err := openStay(ctx, d.DB.Read, p.ID, staff.Post.Organisation)
	if err != nil {
		return err
	}
	if stayID == "" {
		page.Notice(w, "card.maternity.admit_first")
		return page.Redirect(w, r, "/patients/"+p.ID)
	}
	if err := keep(ctx, d, stayID, p.PIN, cardapi.BasisShown, card); err != nil {
		return err
	}
	page.Notice(w, "card.maternity.card_opened")
	return page.Redirect(w, r, "/stays/"+stayID+"/birth")
}

// printPage gives form 113/у as the hospital has it: ?lang=, ?part=.
func printPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	v, err := stay.Find(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	if v.Patient.Sex == patient.Male {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	c, err := load(ctx, d.DB.Read, v)
	if err != nil {
		return err
	}
	her := v.Patient
	p := exchangecard.Paper{Card: c.Card, At: d.Clock.Now(), Woman: cardapi.Mother{PIN: her.PIN, Name: her.Name(ctx), BirthDate: her.BirthDate, Address: her.Address}}
	for i, s := range c.Sent {
		if s.Kind == cardapi.TearOffMother {
			p.Mother = &c.Sent[i].TearOff
		} else {
			p.Newborns = append(p.Newborns, s.TearOff)
		}
	}
	if err := seenPrint(ctx, d, v); err != nil {
		return err
	}
	return exchangecard.Print(w, r, d, p, v.Organisation)
}

func seenPrint(ctx context.Context, d *desk.Desk, v stay.View) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.Seen(ctx, tx, v.Patient.PIN, "maternity.print", v.ID)
	})
}
