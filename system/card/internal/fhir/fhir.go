package fhir

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
	"github.com/sanarip/sanarip/system/card/internal/fhir/find"
	"github.com/sanarip/sanarip/system/card/internal/fhir/kept"
	"github.com/sanarip/sanarip/system/card/internal/fhir/sealing"
	"github.com/sanarip/sanarip/system/card/internal/fhir/shelf"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Config is what the API needs.
type Config struct {
	DB     *db.DB
	Clock  clock.Clock
	Log    *slog.Logger
	Texts  *text.Catalogue
	Site   string // the card's public address; the API is at /fhir/R4 below it
	Issuer string // ЕСИ's address
	Secret []byte // seals ids and cursors; stable over restarts
	Tokens access.Tokens
	Posts  access.Posts
	Offers []Offer // types of neighbouring rooms
	Most   int64   // bytes of a resource or bundle that is written; 0: DefaultMost
}

// DefaultMost is how many bytes may be written at once unless the setting
// card_fhir_bytes says otherwise. Entries are not counted.
const DefaultMost = 64 << 20

// Most reads the setting fhir_bytes.
func Most(written string) (int64, error) {
	if written == "" {
		return DefaultMost, nil
	}
	n, err := strconv.ParseInt(written, 10, 64)
	if err != nil || n < 1<<20 || n > 1<<30 {
		return 0, errors.New("card_fhir_bytes must be a number from 1048576 to 1073741824")
	}
	return n, nil
}

// API answers below /fhir/R4.
type API struct {
	db         *db.DB
	clock      clock.Clock
	log        *slog.Logger
	texts      *text.Catalogue
	base       string
	issuer     string
	ids        *sealing.Sealer
	tokens     access.Tokens
	posts      access.Posts
	kinds      map[string]*find.Kind
	offers     []Offer
	operations []Operation
	updaters   map[string]Updater                            // of the card's own records, by type
	modes      map[string]func(context.Context) (any, error) // of /metadata
	archive    *kept.Archive
	shelf      *shelf.Shelf
	most       int64 // bytes of what is written at once
}

const root = "/fhir/R4"

// New makes the API.
func New(c Config) *API {
	a := &API{
		db: c.DB, clock: c.Clock, log: c.Log, texts: c.Texts, base: c.Site + root, issuer: c.Issuer,
		ids: sealing.New(c.Secret), tokens: c.Tokens, posts: c.Posts, offers: c.Offers, most: c.Most,
	}
	if a.most == 0 {
		a.most = DefaultMost
	}
	a.archive = kept.NewArchive(c.DB, a.ids)
	a.shelf = shelf.New(shelf.Config{DB: c.DB, Clock: c.Clock, Own: own{a}, SIDPIN: datatype.SIDPIN, Base: a.base})
	a.kinds = a.kindsOffered()
	return a
}

// Mount puts the API on the card's host, with the types of neighbouring rooms.
// Most is how many bytes may be written at once.
func Mount(d *desk.Desk, env host.Env, most int64, offers ...Offer) *API {
	a := New(Config{
		DB: d.DB, Clock: d.Clock, Log: d.Log, Texts: d.Site.Texts, Site: env.BaseURL, Issuer: env.Issuer, Secret: env.Secret,
		Tokens: &access.Introspection{
			Issuer: env.Issuer, ClientID: "card", Secret: env.ClientSecret,
			HTTP: env.HTTP, Clock: d.Clock,
		},
		Posts: workforceapi.Client{Exchange: d.Exchange}, Offers: offers, Most: most,
	})
	d.Mux.Handle(root, a)
	d.Mux.Handle(root+"/", a)
	return a
}
