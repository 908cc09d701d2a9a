package message

import (
	"context"
	"embed"
	"net/http"
	"sync"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/message/internal/carrier"
	"github.com/sanarip/sanarip/system/message/internal/delivery"
	"github.com/sanarip/sanarip/system/message/internal/inbox"
	"github.com/sanarip/sanarip/system/message/internal/mailbox"
	"github.com/sanarip/sanarip/system/message/internal/telegram"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/message/migration"
)

// Texts are the words of the system.
//
//go:embed text/*.json
var Texts embed.FS

// System is the state message system.
type System struct {
	env      host.Env
	db       *db.DB
	queue    *job.Queue
	mux      *http.ServeMux
	texts    *text.Catalogue
	sessions *session.Store
	mailbox  *mailbox.Pages
	receiver *inbox.Receiver // demo only
	talk     *telegram.Talk
	bot      *telegram.Bot // nil without a token
}

var _ host.System = (*System)(nil)

// New opens the database and mounts the pages. No neighbour is asked.
func New(ctx context.Context, env host.Env) (*System, error) {
	d, err := env.Open(ctx, "message", migration.Sets...)
	if err != nil {
		return nil, err
	}
	s := &System{
		env: env, db: d, mux: http.NewServeMux(), texts: text.MustLoad(design.Texts, Texts),
		queue:    job.New(d, env.Clock, env.Log, job.Config{}),
		sessions: session.NewStore(d, env.Clock, env.BaseURL),
	}
	if err := s.mount(ctx); err != nil {
		_ = d.Close()
		return nil, err
	}
	return s, nil
}

func (s *System) mount(ctx context.Context) error {
	env := s.env
	design.Mount(s.mux)
	site := &page.Site{
		System: "message", TitleKey: "message.title", Texts: s.texts, Log: env.Log, Demo: env.Demo,
		ErrorPage: design.ErrorPage, FormHosts: []string{env.Issuer}, Fill: s.fill,
	}
	client := signin.New(signin.Config{
		Issuer: env.Issuer, ClientID: "message", Secret: env.ClientSecret, BaseURL: env.BaseURL,
		Scopes: []string{"profile"}, HTTP: env.HTTP, Sessions: s.sessions, Admit: admit,
	})
	client.Mount(s.mux, site)
	s.mailbox = &mailbox.Pages{DB: s.db, Clock: env.Clock, Sessions: s.sessions, Demo: env.Demo}
	s.mailbox.Mount(s.mux, site, client)
	identity := identityapi.Client{Exchange: exchangeapi.NewClient(env, exchangeapi.Message)}
	s.talk = &telegram.Talk{Identity: identity, Texts: s.texts, Log: env.Log}
	carriers, err := s.carriers(ctx, site)
	if err != nil {
		return err
	}
	service := &delivery.Service{
		DB: s.db, Clock: env.Clock, Queue: s.queue, Log: env.Log, Carriers: carriers,
		Contacts: identity,
	}
	service.Mount()
	provider := exchangeapi.NewProvider(exchangeapi.Message, env.ExchangeKey, env.Log)
	messageapi.Serve(provider, service)
	exchangeapi.ServeOperations(provider, s.db, s.queue, s.describe)
	s.queue.Beside(audit.NewSealer(s.db, env.Clock, env.Log, env.Secret).Run)
	s.mux.Handle("/exchange/", provider)
	site.Handle(s.mux, "/", page.Missing(s.mux))
	return nil
}

// carriers are the ways that the settings give; in the demo the others lead
// into the demo inbox.
func (s *System) carriers(ctx context.Context, site *page.Site) (map[messageapi.Channel]carrier.Carrier, error) {
	set := s.env.Settings
	ways := map[messageapi.Channel]carrier.Carrier{}
	email := carrier.Email{
		Address: set["smtp_address"], From: set["smtp_from"], FromName: "Sanarip",
		User: set["smtp_user"], Password: set["smtp_password"], TLS: set["smtp_tls"],
	}
	if s.env.Demo {
		box := &inbox.Box{DB: s.db, Clock: s.env.Clock, Bot: s.talk.Answer}
		box.Mount(s.mux, site)
		ways[messageapi.SMS] = inbox.Way{Box: box, Channel: messageapi.SMS}
		ways[messageapi.Telegram] = inbox.Way{Box: box, Channel: messageapi.Telegram}
		if email.Address == "" {
			receiver, err := inbox.Listen(ctx, box, s.env.Log)
			if err != nil {
				return nil, err
			}
			s.receiver = receiver
			email.Address, email.From, email.TLS = receiver.Address, "noreply@demo.sanarip.example", "none"
		}
	}
	if email.Address != "" {
		ways[messageapi.Email] = email
	}
	// Providers of telephone companies are outside of the exchange: a client of
	// their own, which goes to the net.
	outside := &http.Client{Timeout: 20 * time.Second}
	if set["sms_url"] != "" {
		ways[messageapi.SMS] = carrier.SMS{URL: set["sms_url"], Key: set["sms_key"], From: set["sms_from"], HTTP: outside}
	}
	if set["telegram_token"] != "" {
		ways[messageapi.Telegram] = carrier.Telegram{Token: set["telegram_token"], URL: set["telegram_url"], HTTP: outside}
		s.bot = &telegram.Bot{Token: set["telegram_token"], URL: set["telegram_url"], Talk: s.talk}
	}
	for _, channel := range []messageapi.Channel{messageapi.Email, messageapi.SMS, messageapi.Telegram} {
		if _, ok := ways[channel]; !ok {
			s.env.Log.Warn("a way to people is not set up", "system", "message", "channel", string(channel))
		}
	}
	return ways, nil
}

// person is what the session keeps.
type person struct {
	Name string `json:"name"`
}

// admit lets in everybody whom ЕСИ knows.
func admit(_ context.Context, c signin.Claims) (any, error) { return person{c.Name}, nil }

func (s *System) fill(r *http.Request, v *page.View) error {
	v.SignIn = "/sign-in"
	current, ok, err := s.sessions.Of(r)
	if err != nil {
		return err
	}
	if ok {
		var p person
		if err := current.Bind(&p); err != nil {
			return err
		}
		unread, err := s.mailbox.Unread(r.Context(), current.PIN)
		if err != nil {
			return err
		}
		v.User, v.SignOut = &page.User{PIN: current.PIN, Name: p.Name}, "/sign-out"
		v.Nav = append(v.Nav, page.NavItem{Key: "message.list.title", Path: "/", Badge: page.Badge(unread)})
	}
	if s.env.Demo {
		v.Nav = append(v.Nav, page.NavItem{Key: "message.inbox.title", Path: "/inbox"})
	}
	return nil
}

// describe gives an access record its words. Who acted is a system, told by the
// name of its package.
func (s *System) describe(r *audit.Record) {
	r.ActionWords, r.PurposeWords = s.texts.Words("message.audit.send"), s.texts.Words("message.audit.notice")
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.mux }

// Run implements host.System.
func (s *System) Run(ctx context.Context) {
	var others sync.WaitGroup
	if s.bot != nil {
		others.Go(func() { s.bot.Run(ctx) })
	}
	s.queue.Run(ctx)
	others.Wait()
}

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Demo implements host.System: letters come from the story itself.
func (s *System) Demo(context.Context) error { return nil }

// Close implements host.System.
func (s *System) Close() error {
	if s.receiver != nil {
		_ = s.receiver.Close()
	}
	return s.db.Close()
}
