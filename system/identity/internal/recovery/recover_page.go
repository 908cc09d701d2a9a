package recovery

import (
	"context"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// The pages.
const (
	beginPath    = "/sign-in/recover"
	waysPath     = "/sign-in/recover/ways"
	sendPath     = "/sign-in/recover/send"
	codePath     = "/sign-in/recover/code/"
	askPath      = "/sign-in/recover/question"
	passwordPath = "/sign-in/recover/password" //nolint:gosec // an address
)

// Mount puts the pages into the mux.
func (s *Recovery) Mount(mux *http.ServeMux) {
	s.Site.Handle(mux, "GET /sign-in/recover", s.showBegin)
	s.Site.Handle(mux, "POST /sign-in/recover", s.takeBegin)
	s.Site.Handle(mux, "GET /sign-in/recover/ways", s.with(s.showWays))
	s.Site.Handle(mux, "POST /sign-in/recover/send", s.with(s.takeSend))
	s.Site.Handle(mux, "GET /sign-in/recover/code/{way}", s.with(s.showCode))
	s.Site.Handle(mux, "POST /sign-in/recover/code/{way}", s.with(s.takeCode))
	s.Site.Handle(mux, "POST "+askPath, s.with(s.askKey))
	s.Site.Handle(mux, "GET /sign-in/recover/password", s.with(s.showPassword))
	s.Site.Handle(mux, "POST /sign-in/recover/password", s.with(s.takePassword))
}

func (s *Recovery) cookie() string {
	if s.Door.Sessions.Secure {
		return "__Host-sanarip_identity_recovery"
	}
	return "sanarip_identity_recovery"
}

func (s *Recovery) set(w http.ResponseWriter, secret string) {
	age := int(s.Door.Lives.Time(life).Seconds())
	if secret == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookie(), Value: secret, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.Door.Sessions.Secure, SameSite: http.SameSiteLaxMode})
}

// Secret is that of the recovery under way in the browser, for Proved; "" when
// there is none.
func (s *Recovery) Secret(r *http.Request) string {
	cookie, err := r.Cookie(s.cookie())
	if err != nil || len(cookie.Value) != 43 {
		return ""
	}
	return cookie.Value
}

type handler func(w http.ResponseWriter, r *http.Request, target door.Target, q request) error

// with makes a page that needs a recovery under way; who has none begins anew.
func (s *Recovery) with(h handler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		target, err := s.Door.Target(w, r)
		if err != nil {
			return err
		}
		q, found, err := s.byHash(r.Context(), id.Hash(s.Secret(r)))
		if err != nil {
			return err
		}
		if !found && s.Door.Sessions.Forgets(r) {
			page.LeadsTo(r, beginPath)
			return s.Door.NoCookies(w, r)
		}
		if !found {
			page.Attention(w, "identity.recovery.gone")
			return page.Redirect(w, r, target.To(beginPath))
		}
		return h(w, r, target, q)
	}
}

func (s *Recovery) showBegin(w http.ResponseWriter, r *http.Request) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, beginPage(page.NewForm(), target))
}

func (s *Recovery) takeBegin(w http.ResponseWriter, r *http.Request) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	if typed := form.Need("pin", 40); form.OK() {
		secret, err := s.begin(r.Context(), typed, door.PlaceOf(r))
		if err == nil {
			s.set(w, secret)
			return page.Redirect(w, r, target.To(waysPath))
		}
		if status, err = refused(form, err); err != nil {
			return err
		}
	}
	return page.Render(w, r, status, beginPage(form, target))
}

// refused notes in the form what can be shown beside the field, and gives the
// status; any other error is given back.
func refused(form *page.Form, err error) (int, error) {
	if throttle.Told(form, err) || form.Take(err) {
		return throttle.Status(err), nil
	}
	return 0, err
}

func (s *Recovery) showWays(w http.ResponseWriter, r *http.Request, target door.Target, q request) error {
	return page.Render(w, r, http.StatusOK, waysPage(s.view(r.Context(), target, q)))
}

type waysView struct {
	target door.Target
	ways   []wayView
	ready  bool
	card   string // address of the card's page, "" without one
}

type wayView struct {
	way    Way
	label  string
	hint   string
	proved bool
}

func (s *Recovery) view(ctx context.Context, target door.Target, q request) waysView {
	v := waysView{target: target, ready: enough(q.proved)}
	for _, way := range s.ways() {
		v.ways = append(v.ways, wayView{
			way: way, label: label(ctx, way), hint: hint(ctx, way),
			proved: slices.Contains(q.proved, way),
		})
	}
	if s.CardPath != "" {
		v.card = target.To(s.CardPath)
	}
	return v
}

func label(ctx context.Context, way Way) string {
	return text.T(ctx, "identity.recovery.way."+string(way)) // text: identity.recovery.way.*
}

func (s *Recovery) takeSend(w http.ResponseWriter, r *http.Request, target door.Target, q request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	way := Way(form.Choice("way", string(SMS), string(Email)))
	if !form.OK() {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	if err := s.send(r.Context(), q, way, s.Door.Browser(w, r)); err != nil {
		status, err := refused(form, err)
		if err != nil {
			return err
		}
		return page.Render(w, r, status, codePage(target, form, way, false))
	}
	if form.Get("again") != "" {
		page.Notice(w, "identity.recovery.sent_again")
	}
	return page.Redirect(w, r, target.To(codePath+string(way)))
}

func (s *Recovery) way(r *http.Request) (Way, error) {
	way := Way(r.PathValue("way"))
	if !slices.Contains(s.ways(), way) {
		return "", fail.New(fail.NotFound, "kit.not_found")
	}
	return way, nil
}

func (s *Recovery) showCode(w http.ResponseWriter, r *http.Request, target door.Target, _ request) error {
	way, err := s.way(r)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, codePage(target, page.NewForm(), way, true))
}

func (s *Recovery) takeCode(w http.ResponseWriter, r *http.Request, target door.Target, q request) error {
	way, err := s.way(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	by := given{ticket: form.Get("ticket"), signed: form.Get("answer")}
	if way != Passkey {
		by.code = form.Need("code", 40)
	}
	if form.OK() {
		err := s.check(r.Context(), q, way, by, s.Door.Browser(w, r), door.PlaceOf(r))
		if err == nil {
			if enough(append(slices.Clone(q.proved), way)) {
				return page.Redirect(w, r, target.To(passwordPath))
			}
			page.Notice(w, "identity.recovery.half")
			return page.Redirect(w, r, target.To(waysPath))
		}
		if fail.Is(err, fail.Gone) { // run out or used up: it is begun anew
			s.set(w, "")
			page.Attention(w, fail.As(err).Key)
			return page.Redirect(w, r, target.To(beginPath))
		}
		if status, err = refused(form, err); err != nil {
			return err
		}
	}
	form.Set("code", "")
	return page.Render(w, r, status, codePage(target, form, way, true))
}

// askKey gives the page's script the question for a key.
func (s *Recovery) askKey(w http.ResponseWriter, _ *http.Request, _ door.Target, q request) error {
	question, err := s.ask(q)
	if err != nil {
		return err
	}
	return page.JSON(w, http.StatusOK, question)
}

func (s *Recovery) showPassword(w http.ResponseWriter, r *http.Request, target door.Target, q request) error {
	if !enough(q.proved) {
		return page.Redirect(w, r, target.To(waysPath))
	}
	return page.Render(w, r, http.StatusOK, passwordPage(target, page.NewForm()))
}

func (s *Recovery) takePassword(w http.ResponseWriter, r *http.Request, target door.Target, q request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if !enough(q.proved) {
		return page.Redirect(w, r, target.To(waysPath))
	}
	switch password, again := form.Get("password"), form.Get("again"); {
	case password == "":
		form.Fail("password", "kit.field.required")
	case again == "":
		form.Fail("again", "kit.field.required")
	case password != again:
		form.Fail("again", "identity.recovery.differ")
	}
	if form.OK() {
		err := s.finish(r.Context(), q, form.Get("password"), door.PlaceOf(r))
		if err == nil {
			s.set(w, "")
			s.Door.Sessions.Set(w, "", false)
			page.Notice(w, "identity.recovery.done")
			return page.Redirect(w, r, target.To("/sign-in"))
		}
		if !form.Take(err) {
			return err
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, passwordPage(target, form))
}

func hint(ctx context.Context, way Way) string {
	return text.T(ctx, "identity.recovery.hint."+string(way)) // text: identity.recovery.hint.*
}

func sentWords(ctx context.Context, way Way) string {
	return text.T(ctx, "identity.recovery.sent."+string(way)) // text: identity.recovery.sent.*
}

func enterWords(ctx context.Context, way Way) string {
	if way == Passkey {
		return text.T(ctx, "identity.passkey.use")
	}
	return text.T(ctx, "identity.recovery.enter")
}
