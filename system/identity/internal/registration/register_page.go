package registration

import (
	_ "embed"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

//go:embed register.js
var script []byte

//go:embed register.css
var sheet []byte

// Mount puts the pages into the mux.
func (g *Registrations) Mount(mux *http.ServeMux) {
	handle := func(pattern string, h page.Handler) { g.Site.Handle(mux, pattern, h) }
	handle("GET /register", g.showStart)
	handle("GET /register/passport", g.showPassport)
	handle("POST /register/passport", g.takePassport)
	handle("GET "+string(PageDoubt), g.at(PageDoubt, g.showDoubt))
	handle("POST "+string(PageDoubt), g.at(PageDoubt, g.takeDoubt))
	handle("GET "+string(PageAgreement), g.at(PageAgreement, g.showAgreement))
	handle("POST "+string(PageAgreement), g.at(PageAgreement, g.takeAgreement))
	for at, c := range map[Page]contact{PagePhone: byPhone, PageEmail: byEmail} {
		handle("GET "+string(at), g.at(at, g.showContact(c)))
		handle("POST "+string(at), g.at(at, g.takeContact(c)))
		handle("GET "+string(at)+"/code", g.at(at, g.showCode(c)))
		handle("POST "+string(at)+"/code", g.at(at, g.takeCode(c)))
		handle("POST "+string(at)+"/send", g.at(at, g.sendCode(c)))
	}
	handle("GET "+string(PagePhoto), g.at(PagePhoto, g.showPhoto))
	handle("POST "+string(PagePhoto), g.at(PagePhoto, g.takePhoto))
	handle("POST "+string(PagePhoto)+"/confirm", g.at(PagePhoto, g.takeConfirmation))
	handle("GET "+string(PageAlive), g.at(PageAlive, g.showAlive))
	handle("POST "+string(PageAlive), g.at(PageAlive, g.takeAlive))
	handle("POST "+string(PageAlive)+"/skip", g.at(PageAlive, g.takeSkip))
	handle("GET "+string(PageDocument), g.at(PageDocument, g.showDocument))
	handle("POST "+string(PageDocument), g.at(PageDocument, g.takeDocument))
	handle("GET "+string(PageReview), g.at(PageReview, g.showReview))
	handle("POST "+string(PageReview), g.at(PageReview, g.takeReview))
	handle("GET "+string(PageSent), g.at(PageSent, g.showSent))
	handle("POST /register/enter", g.at(PageSent, g.enter))
	handle("GET /register/return/{id}", g.showReturn)
	handle("POST /register/return/{id}", g.sendReturn)
	handle("GET /register/return/{id}/code", g.showReturnCode)
	handle("POST /register/return/{id}/code", g.takeReturn)
	handle("GET /privacy", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, privacyPage())
	})
	mux.Handle("GET /register/register.js", page.Script(script))
	mux.Handle("GET /register/register.css", page.Sheet(sheet))
}

// File serves a script or a style sheet of a subject's own pages.
func File(kind string, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if w.Header().Get("Cache-Control") == "" {
			w.Header().Set("Cache-Control", "no-cache")
		}
		_, _ = w.Write(body) // a reader that left is no error of ours
	})
}

func (g *Registrations) cookie() string {
	if g.Door.Sessions.Secure {
		return "__Host-sanarip_identity_registration"
	}
	return "sanarip_identity_registration"
}

func (g *Registrations) setCookie(w http.ResponseWriter, secret string) {
	http.SetCookie(w, &http.Cookie{
		Name: g.cookie(), Value: secret, Path: "/", MaxAge: int(g.Door.Lives.Time(returnFor).Seconds()), HttpOnly: true, Secure: g.Door.Sessions.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// current is the registration of this browser; false when there is none.
func (g *Registrations) current(r *http.Request) (Registration, bool, error) {
	cookie, err := r.Cookie(g.cookie())
	if err != nil || len(cookie.Value) != 43 {
		return Registration{}, false, nil //nolint:nilerr // no cookie, no registration
	}
	return g.bySecret(r.Context(), cookie.Value)
}

type handler func(w http.ResponseWriter, r *http.Request, reg Registration) error

// order is the way; the document's page stands beside it, for those in doubt.
var order = []Page{PageDoubt, PageAgreement, PagePhone, PageEmail, PagePhoto, PageDocument, PageReview, PageSent}

// at makes a page of the way: nobody is further than they have come, and who
// has sent the registration does not change it any more.
func (g *Registrations) at(here Page, h handler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		reg, found, err := g.current(r)
		if err != nil {
			return err
		}
		if !found && g.Door.Sessions.Forgets(r) {
			page.LeadsTo(r, "/register")
			return g.Door.NoCookies(w, r)
		}
		if !found {
			if !page.Reads(r) {
				return gone()
			}
			page.Attention(w, "identity.register.gone")
			return page.Redirect(w, r, "/register")
		}
		reg.Lang = language(r.Context())
		if !reg.may(here) {
			return page.Redirect(w, r, string(reg.Next()))
		}
		return h(w, r, reg)
	}
}

func (r Registration) may(here Page) bool {
	next := r.Next()
	switch {
	case here == PageAlive:
		return next == PagePhoto && r.PhotoID != "" && r.Sure()
	case here == next:
		return true
	case r.State != Open:
		return r.Proof == ProofAgain && here == PagePhoto
	case here == PageDoubt || here == PageDocument:
		return !r.Sure() && slices.Index(order, here) < slices.Index(order, next)
	}
	return slices.Index(order, here) < slices.Index(order, next)
}

func (g *Registrations) showStart(w http.ResponseWriter, r *http.Request) error {
	target, err := g.Door.Target(w, r)
	if err != nil {
		return err
	}
	reg, found, err := g.current(r)
	if err != nil {
		return err
	}
	again := ""
	if found {
		again = string(reg.Next())
	}
	return page.Render(w, r, http.StatusOK, startPage(target.To("/register/passport"), again))
}

func (g *Registrations) showPassport(w http.ResponseWriter, r *http.Request) error {
	target, err := g.Door.Target(w, r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, passportPage(page.NewForm(), target.To("/register/passport"), false))
}

func (g *Registrations) takePassport(w http.ResponseWriter, r *http.Request) error {
	target, err := g.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	s := start{
		pin: form.Need("pin", 40), passport: form.Need("passport", 40), doubt: form.Get("doubt") == "1", address: page.Address(r),
		flow: target.Flow.ID, lang: language(r.Context()),
	}
	status, unfit := http.StatusUnprocessableEntity, false
	if form.OK() {
		secret, err := g.begin(r.Context(), s)
		if err == nil {
			g.setCookie(w, secret)
			return page.Redirect(w, r, "/register/agreement") // or to what comes before it
		}
		unfit = unfitting(err)
		if !take(form, err) {
			return err
		}
		status = statusOf(err)
	}
	return page.Render(w, r, status, passportPage(form, target.To("/register/passport"), unfit))
}

func unfitting(err error) bool {
	return fail.Is(err, fail.Invalid) && len(fail.As(err).Findings) == 1 && fail.As(err).Findings[0].Key == "identity.register.unfit"
}

// statusOf is the status of a page shown again with what take noted.
func statusOf(err error) int {
	if fail.Is(err, fail.Unavailable) || fail.Is(err, fail.BadNeighbor) {
		return http.StatusServiceUnavailable
	}
	return throttle.Status(err)
}

// take notes what is wrong beside its field; what was done too often, and a
// register that does not answer, above them all. false: another error.
func take(form *page.Form, err error) bool {
	switch {
	case throttle.Told(form, err):
		return true
	case fail.Is(err, fail.Unavailable), fail.Is(err, fail.BadNeighbor):
		form.Fail("", "identity.register.away")
		return true
	case fail.Is(err, fail.Conflict):
		return false
	}
	return form.Take(err)
}

func (g *Registrations) showDoubt(w http.ResponseWriter, r *http.Request, reg Registration) error {
	form := page.NewForm()
	if c := reg.Claim; c != nil {
		form = page.NewForm("doubt", reg.Doubt, "family_name", c.FamilyName, "given_name", c.GivenName, "patronymic", c.Patronymic,
			"birth_date", c.BirthDate.String(), "words", c.Words)
	}
	return page.Render(w, r, http.StatusOK, doubtPage(form))
}

func (g *Registrations) takeDoubt(w http.ResponseWriter, r *http.Request, reg Registration) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	const longest = 100 // letters of a name; the longest in use have about half
	doubt := form.Choice("doubt", Doubts...)
	c := Claim{
		FamilyName: form.Need("family_name", longest), GivenName: form.Need("given_name", longest), Patronymic: form.Text("patronymic", longest),
		BirthDate: form.Date("birth_date"), Words: form.Text("words", 500),
	}
	if !form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, doubtPage(form))
	}
	if err := g.claim(r.Context(), reg, doubt, c); err != nil {
		return err
	}
	return page.Redirect(w, r, string(PageAgreement))
}

func (g *Registrations) showAgreement(w http.ResponseWriter, r *http.Request, _ Registration) error {
	return page.Render(w, r, http.StatusOK, agreementPage(page.NewForm()))
}

func (g *Registrations) takeAgreement(w http.ResponseWriter, r *http.Request, reg Registration) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	for _, name := range []string{"agreement", "privacy"} {
		if form.Get(name) == "" {
			form.Fail(name, "identity.register.agree_needed")
		}
	}
	if !form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, agreementPage(form))
	}
	if err := g.agree(r.Context(), reg, consent.AgreementVersion); err != nil {
		return err
	}
	return page.Redirect(w, r, string(PagePhone))
}

func (g *Registrations) showReview(w http.ResponseWriter, r *http.Request, reg Registration) error {
	face, err := g.picture(r, reg, reg.PhotoID)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, reviewPage(reg, face))
}

func (g *Registrations) takeReview(w http.ResponseWriter, r *http.Request, reg Registration) error {
	done, err := g.finish(r.Context(), reg, door.PlaceOf(r))
	if err != nil {
		return err
	}
	a, may, err := g.enterable(r.Context(), done)
	if err != nil {
		return err
	}
	if may && done.Proof != ProofAgain {
		return g.in(w, r, done, a)
	}
	return page.Redirect(w, r, string(PageSent))
}

func (g *Registrations) showSent(w http.ResponseWriter, r *http.Request, reg Registration) error {
	_, may, err := g.enterable(r.Context(), reg)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, sentPage(reg, may))
}

// enter leads who has an account now, and nothing to sign in with yet, into it.
func (g *Registrations) enter(w http.ResponseWriter, r *http.Request, reg Registration) error {
	a, may, err := g.enterable(r.Context(), reg)
	if err != nil {
		return err
	}
	if !may {
		return page.Redirect(w, r, "/sign-in")
	}
	return g.in(w, r, reg, a)
}

func (g *Registrations) in(w http.ResponseWriter, r *http.Request, reg Registration, a account.Account) error {
	target := door.Target{}
	if reg.Flow != "" {
		asked := r.Clone(r.Context())
		asked.URL.RawQuery = "flow=" + reg.Flow
		if t, err := g.Door.Target(w, asked); err == nil { // one that has run out meanwhile is no reason to stop
			target = t
		}
	}
	return g.Door.Enter(w, r, a, door.Way{Method: door.Registration, AMR: []string{"sms", "otp"}, Level: assurance.Low}, target)
}
