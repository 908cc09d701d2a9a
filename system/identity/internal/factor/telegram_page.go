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
	token, err := p.token(r, who)
	if err != nil {
		return err
	}
	if token != "" {
		v.link = "https://t.me/" + p.Bot + "?start=" + url.QueryEscape(token)
		if p.BotPage != "" {
			v.link = p.BotPage + "?start=" + url.QueryEscape(token)
		}
		if v.qr, err = picture(v.link); err != nil {
			return err
		}
	}
	v.bot = p.Bot
	if v.waits, err = p.Chats.Waits(r.Context(), who.Account); err != nil {
		return err
	}
	v.form.Set("code", "")
	return page.Render(w, r, status, telegramPage(v))
}

// shownLink is where a new link to the bot is shown.
const shownLink = "telegram link"

// token is that of the link that was asked for in the session; "" when none leads
// anywhere.
func (p *Pages) token(r *http.Request, who door.Person) (string, error) {
	token, err := p.Shown.Get(r.Context(), who.Session.SID, shownLink)
	if err != nil || token == "" {
		return "", err
	}
	good, err := p.Chats.Good(r.Context(), who.Account, token)
	if err != nil || !good {
		return "", err
	}
	return token, nil
}

// startTelegram makes a new link and leads to the page that shows it.
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
	if err := p.Shown.Keep(r.Context(), who.Session.SID, shownLink, token); err != nil {
		return err
	}
	return page.Redirect(w, r, way.To("/security/telegram"))
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
