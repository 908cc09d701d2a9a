package factor

import (
	"net/http"
	"net/url"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
)

func (p *Pages) showTelegram(w http.ResponseWriter, r *http.Request, who door.Person) error {
	way, err := WayOf(p.Door, w, r)
	if err != nil {
		return err
	}
	if p.Bot == "" && who.Account.Telegram == "" {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if who.Account.Telegram != "" && !way.SetUp {
		return page.Render(w, r, http.StatusOK, telegramThere(p.Bot))
	}
	return p.renderTelegram(w, r, http.StatusOK, who, telegramView{way: way, form: page.NewForm()})
}

type telegramView struct {
	way   Way
	form  *page.Form
	bot   string
	link  string // "" until it is asked for
	qr    string
	waits bool // somebody came to the bot: a code is on its way
}

func (p *Pages) renderTelegram(w http.ResponseWriter, r *http.Request, status int, who door.Person, v telegramView) error {
	var err error
	v.bot = p.Bot
	if v.waits, err = p.Chats.Waits(r.Context(), who.Account); err != nil {
		return err
	}
	v.form.Set("code", "")
	return page.Render(w, r, status, telegramPage(v))
}

// startTelegram shows a new link: its token is kept nowhere and shown this once.
func (p *Pages) startTelegram(w http.ResponseWriter, r *http.Request, who door.Person) error {
	way, err := WayOf(p.Door, w, r)
	if err != nil {
		return err
	}
	if p.Bot == "" {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	token, err := p.Chats.Link(r.Context(), who.Account)
	if err != nil {
		return err
	}
	v := telegramView{way: way, form: page.NewForm(), link: "https://t.me/" + p.Bot + "?start=" + url.QueryEscape(token)}
	if p.BotPage != "" {
		v.link = p.BotPage + "?start=" + url.QueryEscape(token)
	}
	if v.qr, err = picture(v.link); err != nil {
		return err
	}
	return p.renderTelegram(w, r, http.StatusOK, who, v)
}

func (p *Pages) takeTelegram(w http.ResponseWriter, r *http.Request, who door.Person) error {
	way, err := WayOf(p.Door, w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	code := form.Need("code", 20)
	if form.OK() {
		err := p.Contacts.Confirm(r.Context(), who.Account, onetime.Telegram, code, door.PlaceOf(r))
		if err == nil {
			page.Notice(w, "identity.telegram.bound")
			return page.Redirect(w, r, way.Done())
		}
		if !told(form, err) {
			return err
		}
	}
	return p.renderTelegram(w, r, http.StatusUnprocessableEntity, who, telegramView{way: way, form: form})
}

func (p *Pages) removeTelegram(w http.ResponseWriter, r *http.Request, who door.Person) error {
	return removed(w, r, p.Contacts.Remove(r.Context(), who.Account, onetime.Telegram, door.PlaceOf(r)))
}
