package factor

import (
	_ "embed"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/shown"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// Pages are the pages on which people see to their factors.
type Pages struct {
	Site     *page.Site
	Door     *door.Door
	Accounts *account.Accounts
	Factors  *Factors
	Contacts *Contacts
	Backups  *Backups
	Apps     *Authenticators
	Chats    *Messengers
	Shown    *shown.Once
	Bot      string // name of the Telegram bot, "" without one
	BotPage  string // where the demo's stand-in for it is, "" for the real one
}

// Mount puts the pages into the mux.
func (p *Pages) Mount(mux *http.ServeMux) {
	mux.Handle("GET /security/factor.js", page.Script(script))
	p.Site.Handle(mux, "GET /security/factors", p.Door.In(p.list))
	p.Site.Handle(mux, "POST /security/factors/first", p.Door.Fresh(p.first))
	p.Site.Handle(mux, "GET /security/totp", p.Door.Changing(p.showTOTP))
	p.Site.Handle(mux, "POST /security/totp", p.Door.Fresh(p.takeTOTP))
	p.Site.Handle(mux, "POST /security/totp/remove", p.Door.Fresh(p.removeTOTP))
	p.Site.Handle(mux, "GET /security/telegram", p.Door.Changing(p.showTelegram))
	p.Site.Handle(mux, "POST /security/telegram/start", p.Door.Fresh(p.startTelegram))
	p.Site.Handle(mux, "POST /security/telegram", p.Door.Fresh(p.takeTelegram))
	p.Site.Handle(mux, "POST /security/telegram/remove", p.Door.Fresh(p.removeTelegram))
	p.Site.Handle(mux, "GET /security/backup", p.Door.Changing(p.showBackup))
	p.Site.Handle(mux, "POST /security/backup", p.Door.Fresh(p.makeBackup))
	p.Site.Handle(mux, "POST /security/backup/kept", p.Door.In(p.keptBackup))
	p.Site.Handle(mux, "POST /security/backup/file", p.Door.In(p.fileBackup))
}

// Way is where a page about one factor was come from, and where it leads to:
// the set-up of a new account, on the way to its target, or the list of factors.
type Way struct {
	Target door.Target
	SetUp  bool
}

// WayOf reads it from the page's address.
func WayOf(d *door.Door, w http.ResponseWriter, r *http.Request) (Way, error) {
	target, err := d.Target(w, r)
	return Way{target, FromSetUp(r)}, err
}

// FromSetUp says that the page stands in the set-up of a new account.
func FromSetUp(r *http.Request) bool { return r.URL.Query().Get("from") == "set-up" }

// To is the address of another page on the same way.
func (w Way) To(path string) string {
	address := w.Target.To(path)
	switch {
	case !w.SetUp:
		return address
	case strings.Contains(address, "?"):
		return address + "&from=set-up"
	}
	return address + "?from=set-up"
}

// Done is where it goes on when the page's work is done.
func (w Way) Done() string {
	if w.SetUp {
		return w.Target.To("/set-up")
	}
	return "/security/factors"
}

//go:embed factor.js
var script []byte

func (p *Pages) list(w http.ResponseWriter, r *http.Request, who door.Person) error {
	return p.renderList(w, r, http.StatusOK, who, page.NewForm("channel", who.Account.Channel))
}

func (p *Pages) renderList(w http.ResponseWriter, r *http.Request, status int, who door.Person, form *page.Form) error {
	ctx, a := r.Context(), who.Account
	kinds, err := p.Factors.Of(ctx, a)
	if err != nil {
		return err
	}
	left, err := p.Backups.Left(ctx, a.ID)
	if err != nil {
		return err
	}
	view := listView{form: form}
	on := func(there bool) (string, string) {
		if there {
			return text.T(ctx, "identity.factors.on"), "done"
		}
		return text.T(ctx, "identity.factors.off"), "neutral"
	}
	add := func(title, hint, href string, there bool) {
		status, tone := on(there)
		view.tasks = append(view.tasks, design.Task{Title: title, Hint: hint, Href: href, Status: status, Tone: tone})
	}
	add(text.T(ctx, "identity.factors.passkey"), text.T(ctx, "identity.factors.passkey_hint"), "/security/passkeys", slices.Contains(kinds, Passkey))
	add(text.T(ctx, "identity.factors.totp"), text.T(ctx, "identity.factors.totp_hint"), "/security/totp", a.HasTOTP())
	add(text.T(ctx, "identity.factors.sms"), GroupPhone(a.Phone), "/security/contacts", slices.Contains(kinds, SMS))
	if p.Bot != "" || a.Telegram != "" {
		add(text.T(ctx, "identity.factors.telegram"), text.T(ctx, "identity.factors.telegram_hint"), "/security/telegram", a.Telegram != "")
	}
	add(text.T(ctx, "identity.factors.email"), a.Email, "/security/contacts", slices.Contains(kinds, Email))
	backup := design.Task{
		Title: text.T(ctx, "identity.factors.backup"), Hint: text.T(ctx, "identity.factors.backup_hint"), Href: "/security/backup",
		Status: text.T(ctx, "identity.backup.left", "Count", left), Tone: "done",
	}
	if left <= backupFew {
		backup.Tone = "attention"
	}
	view.tasks = append(view.tasks, backup)
	for _, kind := range kinds {
		view.first = append(view.first, design.Option{Value: string(kind), Label: text.T(ctx, "identity.factors."+string(kind))}) // text: identity.factors.*
	}
	if form.Get("channel") == "" && len(kinds) > 0 {
		form.Set("channel", string(kinds[0]))
	}
	return page.Render(w, r, status, listPage(view))
}

// first chooses the factor that is asked for first.
func (p *Pages) first(w http.ResponseWriter, r *http.Request, who door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	kinds, err := p.Factors.Of(r.Context(), who.Account)
	if err != nil {
		return err
	}
	chosen := Kind(form.Get("channel"))
	if !slices.Contains(kinds, chosen) {
		form.Fail("channel", "kit.field.required")
		return p.renderList(w, r, http.StatusUnprocessableEntity, who, form)
	}
	if err := p.Factors.First(r.Context(), p.Accounts, who.Account, chosen); err != nil {
		return err
	}
	page.Notice(w, "identity.factors.first_saved")
	return page.Redirect(w, r, "/security/factors")
}

// told is what a page says of a refusal in the form; false for what is no
// refusal of what was typed.
func told(form *page.Form, err error) bool {
	return throttle.Told(form, err) || form.Take(err)
}
