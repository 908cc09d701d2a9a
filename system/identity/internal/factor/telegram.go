package factor

import (
	"context"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// LinkLife is how long the link to the bot is good.
var LinkLife = setting.Time("telegram_link_life", 10*time.Minute, 2*time.Minute, time.Hour, "how long the link to the Telegram bot is good", "the phone is fetched; a link that was passed on dies soon")

// Messengers binds Telegram chats (ID-6): the page shows a link to the bot, the
// bot tells who came with it, a code goes to that chat, and it is typed on the
// page. A link that was passed on to somebody else binds nothing by itself.
type Messengers struct {
	DB       *db.DB
	Clock    clock.Clock
	Accounts *account.Accounts
	Contacts *Contacts
	Codes    *onetime.Codes
}

// Link makes a new link's token, for t.me/<bot>?start=<token>; the one before it
// serves no more.
func (m *Messengers) Link(ctx context.Context, a account.Account) (string, error) {
	if err := thawed(a, m.Clock); err != nil {
		return "", err
	}
	token := id.Secret() // 43 of the 64 characters that Telegram lets through
	return token, m.put(ctx, a.ID, id.Hash(token))
}

// Good says whether the token is of the account's newest link and may still be come
// with: it has not run out, and nobody came.
func (m *Messengers) Good(ctx context.Context, a account.Account, token string) (bool, error) {
	return m.good(ctx, a.ID, id.Hash(token))
}

// Bind notes the chat that came to the bot with the token, once, and has a code
// sent there. false for a token that is not, or no more, waited for.
func (m *Messengers) Bind(ctx context.Context, token, chat string) (bool, error) {
	if len(token) != 43 || len(chat) > 32 || strings.Trim(chat, "-0123456789") != "" || chat == "" {
		return false, nil
	}
	accountID, found, err := m.take(ctx, id.Hash(token), chat)
	if err != nil || !found {
		return false, err
	}
	a, found, err := m.Accounts.ByID(ctx, accountID)
	if err != nil || !found {
		return false, err
	}
	return true, m.Contacts.send(ctx, a, onetime.Telegram, chat)
}

// Waits says whether somebody came to the bot by the account's newest link, and
// its code is waited for.
func (m *Messengers) Waits(ctx context.Context, a account.Account) (bool, error) {
	came, err := m.came(ctx, a.ID)
	if err != nil || !came {
		return false, err
	}
	_, waiting, err := m.Contacts.Waiting(ctx, a, onetime.Telegram)
	return waiting, err
}
