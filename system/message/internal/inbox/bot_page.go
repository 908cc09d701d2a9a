package inbox

import (
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// demoChat is the chat of whoever tries the bot out.
const demoChat = "100200300"

// showBot is the demo's stand-in for a chat with the Telegram bot. The link from
// ЕСИ's page brings the line that Telegram would send for it.
func (b *Box) showBot(w http.ResponseWriter, r *http.Request) error {
	line := "/start"
	if token := page.Clean(r.URL.Query().Get("start")); token != "" && len(token) <= 64 {
		line += " " + token
	}
	return page.Render(w, r, http.StatusOK, botPage(page.NewForm("line", line, "chat", demoChat), ""))
}

func (b *Box) takeBot(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	line, chat := form.Need("line", 4096), form.Need("chat", 20)
	if strings.Trim(chat, "0123456789") != "" {
		form.Fail("chat", "kit.field.required")
	}
	if !form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, botPage(form, ""))
	}
	answer := b.Bot(r.Context(), chat, line, string(text.LangOf(r.Context())))
	return page.Render(w, r, http.StatusOK, botPage(form, answer))
}
