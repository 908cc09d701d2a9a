package signin

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

func (s *SignIn) showCode(w http.ResponseWriter, r *http.Request) error {
	e, a, err := s.entered(r)
	if err != nil {
		return s.late(w, r, err)
	}
	return s.renderCode(w, r, http.StatusOK, e, a, page.NewForm())
}

func (s *SignIn) takeCode(w http.ResponseWriter, r *http.Request) error {
	e, _, err := s.entered(r)
	if err != nil {
		return s.late(w, r, err)
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	given := answer{browser: s.Door.Browser(w, r), place: door.PlaceOf(r)}
	if e.channel == factor.Passkey {
		given.ticket, given.signed = form.Get("ticket"), form.Get("answer")
	} else {
		given.code = form.Need("code", 40)
	}
	if !form.OK() {
		return s.again(w, r, http.StatusUnprocessableEntity, e, form)
	}
	a, way, err := s.second(r.Context(), e, given)
	if err != nil {
		if !throttle.Told(form, err) && !form.Take(err) {
			return err
		}
		return s.again(w, r, throttle.Status(err), e, form)
	}
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	s.setEntry(w, target, "")
	return s.Door.Enter(w, r, a, way, target)
}

func (s *SignIn) again(w http.ResponseWriter, r *http.Request, status int, e entry, form *page.Form) error {
	a, found, err := s.Accounts.ByID(r.Context(), e.account)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.Gone, "identity.entry_gone")
	}
	form.Set("code", "")
	return s.renderCode(w, r, status, e, a, form)
}

func (s *SignIn) sendCode(w http.ResponseWriter, r *http.Request) error {
	e, _, err := s.entered(r)
	if err != nil {
		return s.late(w, r, err)
	}
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	channel := factor.Kind(form.Choice("channel", string(factor.Passkey), string(factor.TOTP), string(factor.SMS), string(factor.Telegram), string(factor.Email), string(factor.Backup)))
	if !form.OK() {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	if err := s.send(r.Context(), e, channel, s.Door.Browser(w, r)); err != nil {
		if !throttle.Told(form, err) {
			return s.late(w, r, err)
		}
		return s.again(w, r, throttle.Status(err), e, form)
	}
	if channel == factor.SMS || channel == factor.Telegram || channel == factor.Email {
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
	ways, err := s.ways(ctx, a)
	if err != nil {
		return err
	}
	view := codeView{
		form: form, action: target.To("/sign-in/code"), send: target.To("/sign-in/code/send"), ask: target.To("/sign-in/code/passkey"), back: target.To("/sign-in"),
		kind: e.channel, hint: onetime.Hint(form, hint(ctx, a, e.channel)),
	}
	for _, way := range ways {
		if label := turnTo(ctx, a, way, way == e.channel); way == e.channel {
			view.again = label
		} else if label != "" {
			view.others = append(view.others, design.Option{Value: string(way), Label: label})
		}
	}
	return page.Render(w, r, status, codePage(view))
}

// hint says what to do with the factor.
func hint(ctx context.Context, a account.Account, kind factor.Kind) string {
	switch kind {
	case factor.TOTP:
		return text.T(ctx, "identity.code.hint_totp")
	case factor.SMS:
		return text.T(ctx, "identity.code.hint_sms", "Address", factor.MaskPhone(a.Phone))
	case factor.Telegram:
		return text.T(ctx, "identity.code.hint_telegram")
	case factor.Email:
		return text.T(ctx, "identity.code.hint_email", "Address", factor.MaskEmail(a.Email))
	case factor.Passkey:
		return text.T(ctx, "identity.code.hint_passkey")
	case factor.Backup:
		return text.T(ctx, "identity.code.hint_backup")
	}
	return ""
}

// turnTo is the label of the button that turns to the factor, or has its code
// sent again; "" where there is nothing to turn to.
func turnTo(ctx context.Context, a account.Account, kind factor.Kind, current bool) string {
	switch kind {
	case factor.SMS, factor.Telegram, factor.Email:
		if current {
			return text.T(ctx, "identity.code.again")
		}
	default:
		if current {
			return ""
		}
	}
	switch kind {
	case factor.TOTP:
		return text.T(ctx, "identity.code.use_totp")
	case factor.SMS:
		return text.T(ctx, "identity.code.use_sms", "Address", factor.MaskPhone(a.Phone))
	case factor.Telegram:
		return text.T(ctx, "identity.code.use_telegram")
	case factor.Email:
		return text.T(ctx, "identity.code.use_email", "Address", factor.MaskEmail(a.Email))
	case factor.Passkey:
		return text.T(ctx, "identity.code.use_passkey")
	case factor.Backup:
		return text.T(ctx, "identity.code.use_backup")
	}
	return ""
}
