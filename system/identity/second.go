package identity

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/passkey"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setup"
	"github.com/sanarip/sanarip/system/identity/internal/shown"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

// second is everything about second factors, passkeys and the set-up.
type second struct {
	pages *factor.Pages
	keys  *passkey.Keys
	rooms *passkey.Pages
	setup *setup.Setup
}

func (s *System) second(env host.Env, box *seal.Box, site *page.Site, limits *throttle.Throttle, codes *onetime.Codes, entrance *door.Door) (*second, error) {
	keys := &passkey.Keys{DB: s.db, Clock: s.clock, Box: box, Accounts: s.accounts, Notices: entrance.Notices, Door: entrance}
	if err := keys.Open(env.BaseURL); err != nil {
		return nil, err
	}
	factors := &factor.Factors{DB: s.db, Clock: s.clock, Keys: keys.Count}
	keys.Spare = func(ctx context.Context, tx *sql.Tx, before account.Account) error {
		return factors.Spare(ctx, tx, before, factor.Passkey)
	}
	contacts := &factor.Contacts{Clock: s.clock, Accounts: s.accounts, Codes: codes, Throttle: limits, Door: entrance, Factors: factors}
	once := &shown.Once{DB: s.db, Clock: s.clock, Box: box, Lives: entrance.Lives}
	pages := &factor.Pages{
		Site: site, Door: entrance, Accounts: s.accounts, Factors: factors, Contacts: contacts,
		Backups: &factor.Backups{DB: s.db, Clock: s.clock, Box: box, Accounts: s.accounts, Notices: entrance.Notices, Door: entrance, Shown: once},
		Apps:    &factor.Authenticators{DB: s.db, Clock: s.clock, Box: box, Accounts: s.accounts, Door: entrance, Factors: factors},
		Chats:   &factor.Messengers{DB: s.db, Clock: s.clock, Accounts: s.accounts, Contacts: contacts, Codes: codes},
		Shown:   once,
		Bot:     env.Settings["telegram_bot"],
	}
	if pages.Bot == "" && env.Demo && env.Sites["message"] != "" {
		pages.Bot, pages.BotPage = "sanarip_demo_bot", env.Sites["message"]+"/inbox/bot"
	}
	s.chats = pages.Chats
	set := &setup.Setup{
		DB: s.db, Clock: s.clock, Site: site, Door: entrance, Accounts: s.accounts, Sessions: entrance.Sessions, Factors: factors, Contacts: contacts,
		Backups: pages.Backups, Keys: keys, Bot: pages.Bot,
	}
	entrance.Detour = set.Detour
	return &second{pages: pages, keys: keys, rooms: &passkey.Pages{Site: site, Door: entrance, Keys: keys}, setup: set}, nil
}

func (s *second) mount(mux *http.ServeMux) {
	s.pages.Mount(mux)
	s.rooms.Mount(mux)
	s.setup.Mount(mux)
}

// BindTelegram implements identityapi.API.
func (s *System) BindTelegram(ctx context.Context, token, chat string) (bool, error) {
	return s.chats.Bind(ctx, token, chat)
}
