package signin

import (
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

func (s *SignIn) cookie() string {
	if s.Door.Sessions.Secure {
		return "__Host-sanarip_identity_entry"
	}
	return "sanarip_identity_entry"
}

func (s *SignIn) setEntry(w http.ResponseWriter, secret string) {
	age := int(entryLife.Seconds())
	if secret == "" {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookie(), Value: secret, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.Door.Sessions.Secure, SameSite: http.SameSiteLaxMode})
}

// entered is the sign-in under way of this browser.
func (s *SignIn) entered(r *http.Request) (entry, account.Account, error) {
	gone := fail.New(fail.BadRequest, "identity.entry_gone")
	cookie, err := r.Cookie(s.cookie())
	if err != nil {
		return entry{}, account.Account{}, gone
	}
	e, found, err := s.bySecret(r.Context(), cookie.Value)
	if err != nil {
		return entry{}, account.Account{}, err
	}
	if !found || e.flow != r.URL.Query().Get("flow") || (e.flow == "" && e.next != r.URL.Query().Get("next")) {
		return entry{}, account.Account{}, gone
	}
	a, found, err := s.Accounts.ByID(r.Context(), e.account)
	if err == nil && !found {
		err = gone
	}
	return e, a, err
}

func (s *SignIn) showCode(w http.ResponseWriter, r *http.Request) error {
	e, a, err := s.entered(r)
	if err != nil {
		if fail.Is(err, fail.BadRequest) {
			target, targetErr := s.Door.Target(w, r)
			if targetErr != nil {
				return targetErr
			}
			return page.Redirect(w, r, target.To("/sign-in")) // come back too late: begin anew
		}
		return err
	}
	return s.renderCode(w, r, http.StatusOK, e, a, page.NewForm())
}

func (s *SignIn) takeCode(w http.ResponseWriter, r *http.Request) error {
	e, _, err := s.entered(r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	typed := form.Need("code", 20)
	if !form.OK() {
		return s.again(w, r, e, form)
	}
	a, err := s.code(r.Context(), e, typed, door.PlaceOf(r))
	if err != nil {
		if fail.Is(err, fail.TooMany) {
			form.Fail("code", fail.As(err).Key, "Count", fail.As(err).Args["Count"])
		} else if !form.Take(err) {
			return err
		}
		return s.again(w, r, e, form)
	}
	return s.enter(w, r, a, e)
}

func (s *SignIn) again(w http.ResponseWriter, r *http.Request, e entry, form *page.Form) error {
	a, found, err := s.Accounts.ByID(r.Context(), e.account)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.BadRequest, "identity.entry_gone")
	}
	form.Set("code", "")
	return s.renderCode(w, r, http.StatusUnprocessableEntity, e, a, form)
}

// enter begins the session and leads to where the person wanted to go.
func (s *SignIn) enter(w http.ResponseWriter, r *http.Request, a account.Account, e entry) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	s.setEntry(w, "")
	return s.Door.Enter(w, r, a, door.Way{Method: door.Password, AMR: amr(e.channel), Level: assurance.Substantial, Remember: e.remember}, target)
}

func (s *SignIn) sendCode(w http.ResponseWriter, r *http.Request) error {
	e, _, err := s.entered(r)
	if err != nil {
		return err
	}
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	channel := Channel(form.Choice("channel", string(TOTP), string(SMS), string(Telegram), string(Email)))
	if !form.OK() {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	if err := s.send(r.Context(), e, channel); err != nil {
		if !fail.Is(err, fail.TooMany) {
			return err
		}
		form.Fail("code", fail.As(err).Key, "Count", fail.As(err).Args["Count"])
		return s.again(w, r, e, form)
	}
	if channel != TOTP {
		page.Notice(w, "identity.code.sent_again")
	}
	return page.Redirect(w, r, target.To("/sign-in/code"))
}

func (s *SignIn) renderCode(w http.ResponseWriter, r *http.Request, status int, e entry, a account.Account, form *page.Form) error {
	ctx := r.Context()
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	view := codeView{form: form, action: target.To("/sign-in/code"), send: target.To("/sign-in/code/send"), back: target.To("/sign-in"), totp: e.channel == TOTP}
	switch e.channel {
	case TOTP:
		view.hint = text.T(ctx, "identity.code.hint_totp")
	case SMS:
		view.hint = text.T(ctx, "identity.code.hint_sms", "Address", maskPhone(a.Phone))
	case Telegram:
		view.hint = text.T(ctx, "identity.code.hint_telegram")
	case Email:
		view.hint = text.T(ctx, "identity.code.hint_email", "Address", maskEmail(a.Email))
	}
	for _, way := range channels(a) {
		o := design.Option{Value: string(way)}
		switch {
		case way == TOTP && e.channel != TOTP:
			o.Label = text.T(ctx, "identity.code.use_totp")
		case way == e.channel && way != TOTP:
			o.Label = text.T(ctx, "identity.code.again")
		case way == SMS:
			o.Label = text.T(ctx, "identity.code.use_sms", "Address", maskPhone(a.Phone))
		case way == Telegram:
			o.Label = text.T(ctx, "identity.code.use_telegram")
		case way == Email:
			o.Label = text.T(ctx, "identity.code.use_email", "Address", maskEmail(a.Email))
		default:
			continue
		}
		view.others = append(view.others, o)
	}
	return page.Render(w, r, status, codePage(view))
}

// maskPhone shows the end alone: +996 ••• •••123.
func maskPhone(phone string) string {
	if len(phone) < 8 {
		return "•••"
	}
	return phone[:4] + " ••• •••" + phone[len(phone)-3:]
}

// maskEmail shows the first letter and the host: a•••@example.kg.
func maskEmail(address string) string {
	name, host, ok := strings.Cut(address, "@")
	if !ok || name == "" {
		return "•••"
	}
	return string([]rune(name)[:1]) + "•••@" + host
}
