package identity

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/place"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/cabinet"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/console"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/developer"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/incident"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/organisation"
	"github.com/sanarip/sanarip/system/identity/internal/phone"
	"github.com/sanarip/sanarip/system/identity/internal/recovery"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/sign"
	"github.com/sanarip/sanarip/system/identity/internal/signin"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/identity/migration"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

//go:embed text/*.json
var texts embed.FS

// System is ЕСИ.
type System struct {
	db       *db.DB
	clock    clock.Clock
	log      *slog.Logger
	queue    *job.Queue
	texts    *text.Catalogue
	accounts *account.Accounts
	keys     *openid.Keys
	provider *openid.Provider
	registry *openid.Registry
	desk     *console.Console
	chats    *factor.Messengers
	sweeps   []func(ctx context.Context, tx db.Querier) error
	handler  http.Handler

	incidents  *incident.Incidents
	controls   *control.Control
	recoveries *recovery.Recovery
	rooms      *cabinet.Cabinet

	organisations *organisation.Organisations
	naming        *audit.Naming // of operators' organisations in records of accesses
}

var (
	_ host.System     = (*System)(nil)
	_ identityapi.API = (*System)(nil)
)

// New opens ЕСИ: its database, its keys, its pages.
func New(ctx context.Context, env host.Env) (*System, error) {
	box, err := seal.New(env.Secret)
	if err != nil {
		return nil, err
	}
	d, err := env.Open(ctx, "identity", migration.Sets...)
	if err != nil {
		return nil, err
	}
	s := &System{db: d, clock: env.Clock, log: env.Log, texts: text.MustLoad(design.Texts, texts)}
	if err := s.build(ctx, env, box); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return s, nil
}

func (s *System) build(ctx context.Context, env host.Env, box *seal.Box) error {
	own, err := throttle.Parse(env.Settings["limits"])
	if err != nil {
		return fmt.Errorf("identity_limits: %w", err)
	}
	lives, err := setting.Read(env.Settings)
	if err != nil {
		return err
	}
	places, err := place.Open(env.Settings["places"])
	if err != nil {
		return fmt.Errorf("identity_places: %w", err)
	}
	s.texts.Always = said(lives)
	nonces, err := noncesOf(env.Settings)
	if err != nil {
		return err
	}
	s.queue = job.New(s.db, s.clock, s.log, job.Config{})
	s.accounts = account.NewAccounts(s.db, s.clock, box)
	s.keys = &openid.Keys{DB: s.db, Clock: s.clock, Box: box, Lives: lives}
	if err := s.keys.RotateAged(ctx); err != nil {
		return err
	}
	s.registry = &openid.Registry{DB: s.db, Clock: s.clock, Lives: lives}
	clients := s.clients(env)
	site := &page.Site{
		System: "identity", TitleKey: "identity.title", Texts: s.texts, Log: s.log, ErrorPage: design.ErrorPage, Demo: env.Demo,
	}
	limits := &throttle.Throttle{DB: s.db, Clock: s.clock, Own: own}
	sessions := &sso.Sessions{DB: s.db, Clock: s.clock, Secure: strings.HasPrefix(env.BaseURL, "https://"), Lives: lives}
	consents := &consent.Consents{DB: s.db, Clock: s.clock, Site: site, Accounts: s.accounts, Sessions: sessions, Record: s.record}
	s.provider, err = openid.New(openid.Config{
		Issuer: env.BaseURL, Clients: clients, DB: s.db, Clock: s.clock, Log: s.log, HTTP: env.HTTP, Queue: s.queue, Box: box, Keys: s.keys,
		Registry: s.registry, Throttle: limits, Sessions: sessions, Site: site, Claims: s.claims, Remembered: consents.Remembered, Allows: consents.Allows, Handed: s.handed, Lives: lives, Nonces: nonces,
		FHIR: fhirServers(env), Record: s.medicalRecord(cardapi.Client{Exchange: exchangeapi.NewClient(env, exchangeapi.Identity)}),
		Reused: func(ctx context.Context, tx *sql.Tx, grantID, accountID, client string) error {
			return s.desk.Reused(ctx, tx, grantID, accountID, client)
		},
	})
	if err != nil {
		return err
	}
	sessions.Ended, consents.Provider, site.FormHostsOf = s.provider.Ended, s.provider, s.provider.FormHosts
	messages := messageapi.Client{Exchange: exchangeapi.NewClient(env, exchangeapi.Identity)}
	codes := &onetime.Codes{DB: s.db, Clock: s.clock, Queue: s.queue, Box: box, Throttle: limits, Texts: s.texts, Messages: messages, Lives: lives}
	codes.Register()
	notices := &notice.Notices{DB: s.db, Clock: s.clock, Queue: s.queue, Box: box, Texts: s.texts, Accounts: s.accounts, Messages: messages, Base: env.BaseURL, Places: places}
	notices.Register()
	entrance := &door.Door{
		DB: s.db, Clock: s.clock, Site: site, Accounts: s.accounts, Sessions: sessions, Provider: s.provider, Notices: notices, Record: s.record,
		Lives: lives,
	}
	entrance.Offer(door.Tab{Name: "password", Key: "identity.tab.password", Path: "/sign-in"})
	certificates, err := s.certify(env, entrance, limits, consents)
	if err != nil {
		return err
	}
	entrance.Offer(door.Tab{Name: "qr", Key: "identity.tab.qr", Path: "/sign-in/qr"})
	phones := &phone.Phones{
		DB: s.db, Clock: s.clock, Box: box, Site: site, Accounts: s.accounts, Provider: s.provider, Throttle: limits, Door: entrance, Base: env.BaseURL, Record: s.record,
	}
	signing := &sign.Desk{
		DB: s.db, Clock: s.clock, Site: site, Accounts: s.accounts, Door: entrance, Base: env.BaseURL, Sites: env.Sites, Record: s.record, Throttle: limits,
		Seals: signatureapi.Client{Exchange: exchangeapi.NewClient(env, exchangeapi.Identity)},
	}
	second, err := s.second(env, box, site, limits, codes, entrance)
	if err != nil {
		return err
	}
	signIn := &signin.SignIn{
		DB: s.db, Clock: s.clock, Site: site, Accounts: s.accounts, Throttle: limits, Codes: codes, Provider: s.provider, Door: entrance,
		Factors: second.pages.Factors, Backups: second.pages.Backups, Keys: second.keys,
	}
	phones.Keys = second.keys
	s.naming = naming(env)
	s.incidents = &incident.Incidents{DB: s.db, Clock: s.clock}
	s.desk = s.console(env, entrance, limits, phones, second.pages)
	s.sweeps = []func(context.Context, db.Querier) error{limits.Sweep, sessions.Sweep, s.provider.Sweep, s.keys.Sweep, codes.Sweep, entrance.Sweep, certificates.sweep, s.desk.Sweep, phones.Sweep, signIn.Sweep, second.keys.Sweep, second.pages.Factors.Sweep, second.pages.Shown.Sweep}
	s.queue.Handle(dailyJob, job.Policy{}, s.daily)

	neighbours := exchangeapi.NewProvider(exchangeapi.Identity, env.ExchangeKey, s.log)
	identityapi.Serve(neighbours, s)
	identityapi.ServeSigning(neighbours, signing)
	workforceapi.ServeChanges(neighbours, func(ctx context.Context, pin string) error {
		if err := s.desk.Doubt(ctx, pin); err != nil {
			return err
		}
		return s.organisations.Doubt(ctx, pin)
	})
	exchangeapi.ServeOperations(neighbours, s.db, s.queue, s.words)
	s.queue.Beside(audit.NewSealer(s.db, env.Clock, env.Log, env.Secret).Run)

	mux := http.NewServeMux()
	s.provider.Mount(mux)
	signIn.Mount(mux)
	second.mount(mux)
	consents.Mount(mux)
	phones.Mount(mux)
	certificates.mount(mux)
	signing.Mount(mux)
	(&developer.Desk{Site: site, Door: entrance, Registry: s.registry, Provider: s.provider, Base: env.BaseURL, Record: s.record, Shown: second.pages.Shown}).Mount(mux)
	s.desk.Mount(mux)
	on := ground{site, sessions, consents, notices, codes, limits, entrance}
	s.stay(mux, env, on, second)
	s.desk.Control = s.controls
	s.controls.Keeps(s.accounts, account.KindPhone, account.KindEmail, account.KindTelegram, account.KindTOTP)
	s.controls.Keeps(second.keys, account.KindPasskey)
	s.controls.Keeps(second.pages.Backups, account.KindBackup)
	s.controls.Keeps(phones, account.KindDevice)
	s.rooms.Closes(s.controls.Closed)
	s.controls.Ends(phones.RemoveAll)
	s.controls.Ends(signIn.EndAll)
	s.rooms.Closes(second.keys.RemoveAll)
	s.rooms.Closes(second.pages.Backups.RemoveAll)
	s.controls.Ends(s.provider.Stop) // also what was granted without a consent that is remembered
	certificates.recover(mux, s.recoveries)
	s.rooms.Offer(cabinet.Section{Key: "identity.certificates.title", HintKey: "identity.certificates.hint", Path: "/security/certificates"})
	s.rooms.Offer(cabinet.Section{Key: "identity.signing.mine", HintKey: "identity.signing.mine_hint", Path: "/sign"})
	s.enrol(mux, env, box, on)
	design.Mount(mux)
	mux.Handle("/exchange/", neighbours)
	site.Handle(mux, "/", page.Missing(mux))
	s.handler = places.Handler(mux)
	return nil
}

// clients are the systems connected to ЕСИ: the product's own and, in the demo,
// one for clients that test the provider.
func (s *System) clients(env host.Env) []openid.Client {
	var clients []openid.Client
	if env.ClientSecretOf == nil {
		return nil
	}
	for _, name := range []string{"card", "portal", "insurance", "workforce", "exchange", "message", "payment", "signature", "population"} {
		base := env.Sites[name]
		if base == "" {
			continue
		}
		clients = append(clients, openid.Client{
			ID: name, Secret: env.ClientSecretOf(name), Name: s.clientName(name), Address: base, Redirects: []string{base + "/sign-in/callback"},
			PostLogout: []string{base + "/", base}, BackChannel: base + "/sign-in/backchannel", Scopes: openid.PersonScopes, Introspects: true,
		})
		if name == "card" { // a hospital's own node is the card too, at another address
			last := &clients[len(clients)-1]
			for node := range strings.SplitSeq(env.Settings["card_nodes"], ",") {
				if node = strings.TrimSuffix(strings.TrimSpace(node), "/"); node != "" {
					last.Redirects = append(last.Redirects, node+"/sign-in/callback")
					last.PostLogout = append(last.PostLogout, node+"/", node)
				}
			}
		}
	}
	if !env.Demo {
		return clients
	}
	const local, loopback = "http://localhost:9400", "http://127.0.0.1:9400"
	return append(append(clients, strictClients(s.clientName("conformance"), loopback)...),
		openid.Client{
			ID: "conformance", Secret: "conformance-secret-demo", Name: s.clientName("conformance"), Address: loopback,
			Redirects:  []string{loopback + "/callback", local + "/callback"},
			PostLogout: []string{loopback + "/", local + "/"}, BackChannel: loopback + "/backchannel", Scopes: openid.PersonScopes,
			Grants: []openid.Grant{openid.GrantCode, openid.GrantRefresh, openid.GrantDevice},
		},
		openid.Client{ // the same with signatures of elliptic curves
			ID: "conformance-es256", Secret: "conformance-es256-secret-demo", Name: s.clientName("conformance"), Address: loopback,
			Redirects: []string{loopback + "/callback"}, PostLogout: []string{loopback + "/"}, Scopes: openid.PersonScopes, Alg: "ES256",
		},
		openid.Client{
			ID: "conformance-eddsa", Secret: "conformance-eddsa-secret-demo", Name: s.clientName("conformance"), Address: loopback,
			Redirects: []string{loopback + "/callback"}, PostLogout: []string{loopback + "/"}, Scopes: openid.PersonScopes, Alg: "EdDSA",
		},
		openid.Client{ // for what one client must not do with another's
			ID: "conformance2", Secret: "conformance2-secret-demo", Name: s.clientName("conformance"), Address: loopback,
			Redirects: []string{loopback + "/callback"}, PostLogout: []string{loopback + "/"}, FrontChannel: loopback + "/frontchannel",
			Scopes: openid.PersonScopes, Grants: []openid.Grant{openid.GrantCode, openid.GrantRefresh, openid.GrantDevice},
		},
		openid.Client{
			ID: identityapi.FHIRReader, Secret: env.ClientSecretOf(identityapi.FHIRReader), Name: s.clientName(identityapi.FHIRReader),
			Scopes: []string{openid.ScopeSystemRead}, Machine: true, Alg: "ES256", // a signature of RSA takes twenty times as long
		},
		openid.Client{ // an app of SMART on FHIR on the engineer's own machine
			ID: "smart-app", Name: s.clientName("smart-app"), Address: "http://127.0.0.1", Redirects: []string{"http://127.0.0.1/"},
			Scopes: openid.AppScopes, Method: openid.MethodPublic,
		},
		openid.Client{
			ID: identityapi.FHIRWriter, Secret: env.ClientSecretOf(identityapi.FHIRWriter), Name: s.clientName(identityapi.FHIRWriter),
			Scopes: []string{openid.ScopeSystemRead, openid.ScopeSystemWrite}, Machine: true, Alg: "ES256",
		})
}

// clientName is how a client is called; one that we do not know goes by its id.
func (s *System) clientName(name string) text.Words {
	key, ok := map[string]string{
		"card": "identity.client.card", "portal": "identity.client.portal", "insurance": "identity.client.insurance",
		"workforce": "identity.client.workforce", "exchange": "identity.client.exchange", "message": "identity.client.message",
		"payment": "identity.client.payment", "signature": "identity.client.signature", "population": "identity.client.population",
		"conformance": "identity.client.conformance", identityapi.FHIRReader: "identity.client.fhir-reader", identityapi.FHIRWriter: "identity.client.fhir-writer",
		"smart-app": "identity.client.smart-app",
	}[name]
	if !ok {
		return text.Same(name)
	}
	return s.texts.Words(key)
}

// Handler implements host.System.
func (s *System) Handler() http.Handler { return s.handler }

// Ready implements host.System.
func (s *System) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Close implements host.System.
func (s *System) Close() error { return s.db.Close() }

// Run implements host.System.
func (s *System) Run(ctx context.Context) {
	if err := s.plan(ctx, s.clock.Now()); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "the daily job was not planned", "system", "identity", "error", err.Error())
	}
	s.queue.Run(ctx)
}

const dailyJob = "daily"

// plan writes the daily job of the moment's day, once for all processes.
func (s *System) plan(ctx context.Context, at time.Time) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := s.queue.Add(ctx, tx, dailyJob, struct{}{}, job.Options{Unique: clock.DateOf(at).String(), At: at})
		return err
	})
}

// daily plans tomorrow's, which a failure of today's must not prevent, renews
// aged keys and sweeps what has run out.
func (s *System) daily(ctx context.Context, _ job.Job) error {
	if err := s.plan(ctx, s.clock.Now().Add(24*time.Hour)); err != nil {
		return err
	}
	if err := s.keys.RotateAged(ctx); err != nil {
		return err
	}
	for _, sweep := range s.sweeps {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return sweep(ctx, tx) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Demo implements host.System: the accounts of the demo's people.
func (s *System) Demo(ctx context.Context) error {
	for _, p := range demo.SignIns {
		if !p.Account {
			continue
		}
		if _, err := s.accounts.Create(ctx, account.New{
			PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Patronymic: p.Patronymic,
			Email: p.Email, Phone: p.Phone, Lang: p.Lang, Password: demo.Password, TOTP: p.TOTP,
		}); err != nil {
			return err
		}
	}
	return nil
}

// Contacts implements identityapi.API. Who asked is recorded.
func (s *System) Contacts(ctx context.Context, digits string) (identityapi.Contacts, error) {
	a, found, err := s.accounts.ByPIN(ctx, digits)
	if err != nil {
		return identityapi.Contacts{}, err
	}
	if !found {
		return identityapi.Contacts{}, fail.New(fail.NotFound, "kit.not_found")
	}
	caller := exchangeapi.CallerOf(ctx)
	name := s.clientName(exchangeapi.NameOf(caller.Client)).RU
	if err := s.add(ctx, audit.Record{
		Subject: a.PIN, ActorPIN: caller.User, ActorName: name, Organisation: name, Action: contactsAction, Purpose: "message",
		Object: exchangeapi.NameOf(caller.Client), RequestID: caller.ID,
	}); err != nil {
		return identityapi.Contacts{}, err
	}
	c := identityapi.Contacts{PIN: a.PIN, Lang: a.Lang}
	if a.EmailVerified {
		c.Email = a.Email
	}
	if a.PhoneVerified {
		c.Phone = a.Phone
	}
	return c, nil
}
