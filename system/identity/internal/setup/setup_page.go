package setup

import (
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// Mount puts the pages into the mux.
func (s *Setup) Mount(mux *http.ServeMux) {
	mux.Handle("GET /set-up/password.js", page.Script(script))
	s.Site.Handle(mux, "GET /set-up", s.Door.In(s.lead))
	s.Site.Handle(mux, "GET /set-up/password", s.Door.Changing(s.showFirst))
	s.Site.Handle(mux, "POST /set-up/password", s.Door.Fresh(s.takeFirst))
	s.Site.Handle(mux, "GET /set-up/factor", s.Door.Changing(s.showFactor))
	s.Site.Handle(mux, "POST /set-up/factor", s.Door.Fresh(s.takeFactor))
	s.Site.Handle(mux, "GET /set-up/phone", s.Door.Changing(s.showPhone))
	s.Site.Handle(mux, "POST /set-up/phone", s.Door.Fresh(s.takePhone))
	s.Site.Handle(mux, "GET /set-up/phone/code", s.Door.Fresh(s.showPhoneCode))
	s.Site.Handle(mux, "POST /set-up/phone/code", s.Door.Fresh(s.takePhoneCode))
	s.Site.Handle(mux, "GET /set-up/backup", s.Door.Fresh(s.showBackup))
	s.Site.Handle(mux, "POST /set-up/backup", s.Door.Fresh(s.makeBackup))
	s.Site.Handle(mux, "POST /set-up/done", s.Door.In(s.finish))
	s.Site.Handle(mux, "GET /security/password", s.Door.Changing(s.showChange))
	s.Site.Handle(mux, "POST /security/password", s.Door.Fresh(s.takeChange))
}

// lead goes to the step that is to be done next, or on to the target.
func (s *Setup) lead(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	next, err := s.Next(r.Context(), who.Account)
	if err != nil {
		return err
	}
	if next < Backup { // so that what is done in the meantime does not end it
		if err := s.goOn(r.Context(), who.Account.ID, next); err != nil {
			return err
		}
	}
	switch next {
	case Password:
		return page.Redirect(w, r, target.To("/set-up/password"))
	case Factor:
		return page.Redirect(w, r, target.To("/set-up/factor"))
	case Backup:
		return page.Redirect(w, r, target.To("/set-up/backup"))
	}
	return page.Redirect(w, r, target.End())
}

// at keeps the steps in their order: who is at another goes there.
func (s *Setup) at(w http.ResponseWriter, r *http.Request, who door.Person, step Step) (target door.Target, here bool, err error) {
	if target, err = s.Door.Target(w, r); err != nil {
		return target, false, err
	}
	next, err := s.Next(r.Context(), who.Account)
	if err != nil || next == step {
		return target, err == nil, err
	}
	return target, false, page.Redirect(w, r, target.To("/set-up"))
}

func (s *Setup) showFactor(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, here, err := s.at(w, r, who, Factor)
	if !here {
		return err
	}
	return s.renderFactor(w, r, http.StatusOK, who, target)
}

func (s *Setup) renderFactor(w http.ResponseWriter, r *http.Request, status int, who door.Person, target door.Target) error {
	ctx := r.Context()
	way := factor.Way{Target: target, SetUp: true}
	kinds, err := s.Factors.Of(ctx, who.Account)
	if err != nil {
		return err
	}
	has := map[factor.Kind]bool{}
	for _, kind := range kinds {
		has[kind] = true
	}
	var tasks []design.Task
	add := func(kind factor.Kind, hint, href string) {
		task := design.Task{Title: text.T(ctx, "identity.factors."+string(kind)), Hint: hint, Href: href} // text: identity.factors.*
		if has[kind] {
			task.Status, task.Tone = text.T(ctx, "identity.factors.on"), "done"
		}
		tasks = append(tasks, task)
	}
	add(factor.SMS, text.T(ctx, "identity.setup.sms_hint"), target.To("/set-up/phone"))
	if s.Bot != "" {
		add(factor.Telegram, text.T(ctx, "identity.factors.telegram_hint"), way.To("/security/telegram"))
	}
	add(factor.TOTP, text.T(ctx, "identity.factors.totp_hint"), way.To("/security/totp"))
	if s.Keys.On() {
		add(factor.Passkey, text.T(ctx, "identity.factors.passkey_hint"), way.To("/security/passkeys"))
	}
	return page.Render(w, r, status, factorPage(target, tasks, len(kinds) > 0))
}

// takeFactor goes on with the factors that are there.
func (s *Setup) takeFactor(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, here, err := s.at(w, r, who, Factor)
	if !here {
		return err
	}
	kinds, err := s.Factors.Of(r.Context(), who.Account)
	if err != nil {
		return err
	}
	if len(kinds) == 0 {
		return s.renderFactor(w, r, http.StatusUnprocessableEntity, who, target)
	}
	// The codes are made by the form that leads to them: its page shows them at once.
	if _, err := s.Backups.Make(r.Context(), who.Account, who.Session.SID, door.PlaceOf(r)); err != nil {
		return err
	}
	if err := s.goOn(r.Context(), who.Account.ID, Backup); err != nil {
		return err
	}
	return page.Redirect(w, r, target.To("/set-up/backup"))
}

func (s *Setup) showPhone(w http.ResponseWriter, r *http.Request, who door.Person) error {
	return s.renderPhone(w, r, http.StatusOK, who, page.NewForm("phone", factor.GroupPhone(who.Account.Phone)), false)
}

// showPhoneCode asks for the code that was sent. Loading it again sends none.
func (s *Setup) showPhoneCode(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	_, waits, err := s.Contacts.Waiting(r.Context(), who.Account, onetime.SMS)
	if err != nil {
		return err
	}
	if !waits {
		return page.Redirect(w, r, target.To("/set-up/phone"))
	}
	return s.renderPhone(w, r, http.StatusOK, who, page.NewForm(), true)
}

func (s *Setup) renderPhone(w http.ResponseWriter, r *http.Request, status int, who door.Person, form *page.Form, code bool) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	waiting := ""
	if code {
		if waiting, _, err = s.Contacts.Waiting(r.Context(), who.Account, onetime.SMS); err != nil {
			return err
		}
	}
	form.Set("code", "")
	return page.Render(w, r, status, phonePage(target, form, factor.GroupPhone(waiting)))
}

func (s *Setup) takePhone(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	err = s.Contacts.Ask(r.Context(), who.Account, onetime.SMS, form.Get("phone"))
	if err == nil {
		if form.Get("again") != "" {
			page.Notice(w, "identity.code.sent_again")
		}
		return page.Redirect(w, r, target.To("/set-up/phone/code"))
	}
	if !taken(form, err) {
		return err
	}
	return s.renderPhone(w, r, throttle.Status(err), who, form, false)
}

func (s *Setup) takePhoneCode(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, err := s.Door.Target(w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	err = s.Contacts.Confirm(r.Context(), who.Account, onetime.SMS, form.Get("code"), door.PlaceOf(r))
	if err == nil {
		page.Notice(w, "identity.contact.added")
		return page.Redirect(w, r, target.To("/set-up"))
	}
	if !taken(form, err) {
		return err
	}
	return s.renderPhone(w, r, throttle.Status(err), who, form, true)
}

// taken notes what was refused beside its field; too many tries above them.
func taken(form *page.Form, err error) bool { return throttle.Told(form, err) || form.Take(err) }

func (s *Setup) showBackup(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, here, err := s.at(w, r, who, Backup)
	if !here {
		return err
	}
	codes, err := s.Backups.New(r.Context(), who.Session.SID)
	if err != nil {
		return err
	}
	left, err := s.Backups.Left(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, backupPage(target, page.NewForm(), codes, left))
}

// makeBackup makes a new set for who has come back to the step without one, and
// leads to the page that shows it.
func (s *Setup) makeBackup(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, here, err := s.at(w, r, who, Backup)
	if !here {
		return err
	}
	if _, err := s.Backups.Make(r.Context(), who.Account, who.Session.SID, door.PlaceOf(r)); err != nil {
		return err
	}
	return page.Redirect(w, r, target.To("/set-up/backup"))
}

// finish is the end: the person has the codes, and goes on to the target.
func (s *Setup) finish(w http.ResponseWriter, r *http.Request, who door.Person) error {
	target, here, err := s.at(w, r, who, Backup)
	if !here {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	left, err := s.Backups.Left(r.Context(), who.Account.ID)
	if err != nil {
		return err
	}
	if left == 0 || form.Get("kept") == "" {
		form.Fail("kept", "identity.setup.kept_needed")
		codes, err := s.Backups.New(r.Context(), who.Session.SID)
		if err != nil {
			return err
		}
		return page.Render(w, r, http.StatusUnprocessableEntity, backupPage(target, form, codes, left))
	}
	if err := s.goOn(r.Context(), who.Account.ID, Done); err != nil {
		return err
	}
	if err := s.Backups.Kept(r.Context(), who.Session.SID); err != nil {
		return err
	}
	return page.Redirect(w, r, target.End())
}
