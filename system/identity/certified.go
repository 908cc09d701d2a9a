package identity

import (
	"context"
	"errors"
	"net/http"

	"github.com/sanarip/sanarip/kit/certificate"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/internal/certificates"
	"github.com/sanarip/sanarip/system/identity/internal/cloudsign"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/idcard"
	"github.com/sanarip/sanarip/system/identity/internal/newcomer"
	"github.com/sanarip/sanarip/system/identity/internal/recovery"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// certified are the ways in by certificate: ID card and cloud signature, and the
// account that a first sign-in by them makes.
type certified struct {
	newcomers *newcomer.Newcomers
	cards     *idcard.Cards
	clouds    *cloudsign.Clouds
	own       *certificates.Certificates
}

// certify builds them and offers their tabs.
func (s *System) certify(env host.Env, entrance *door.Door, limits *throttle.Throttle, consents *consent.Consents) (certified, error) {
	agent, err := idcard.ReadAgent(env.Settings["card_agent"], env.Settings["card_agent_key"], env.Demo)
	if err != nil {
		return certified{}, err
	}
	roots, err := idcard.ReadRoots(env.Settings["ca_file"])
	if err != nil {
		return certified{}, err
	}
	exchange := exchangeapi.NewClient(env, exchangeapi.Identity)
	checker := &certificate.Checker{
		Source: idcard.Source{Authority: signatureapi.AuthorityClient{Exchange: exchange}}, Clock: s.clock, Log: s.log, Scheme: certificate.Standard{}, Roots: roots,
	}
	c := certified{newcomers: &newcomer.Newcomers{
		DB: s.db, Clock: s.clock, Site: entrance.Site, Door: entrance, Accounts: s.accounts, Consents: consents,
		Register: populationapi.Client{Exchange: exchange}, Record: s.record,
	}}
	c.cards = &idcard.Cards{
		DB: s.db, Clock: s.clock, Site: entrance.Site, Door: entrance, Accounts: s.accounts, Newcomers: c.newcomers, Checker: checker,
		Throttle: limits, Base: env.BaseURL, Agent: agent, Record: s.record,
	}
	c.clouds = &cloudsign.Clouds{
		Clock: s.clock, Site: entrance.Site, Door: entrance, Accounts: s.accounts, Newcomers: c.newcomers, Checker: checker,
		Throttle: limits, Cloud: signatureapi.CloudClient{Exchange: exchange}, Base: env.BaseURL, Record: s.record,
	}
	c.own = &certificates.Certificates{
		Clock: s.clock, Site: entrance.Site, Door: entrance, Authority: signatureapi.AuthorityClient{Exchange: exchange}, Record: s.record,
	}
	entrance.Offer(door.Tab{Name: "signature", Key: "identity.tab.signature", Path: cloudsign.Path})
	entrance.Offer(door.Tab{Name: "card", Key: "identity.tab.card", Path: idcard.Path})
	return c, nil
}

func (c certified) mount(mux *http.ServeMux) {
	c.newcomers.Mount(mux)
	c.cards.Mount(mux)
	c.clouds.Mount(mux)
	c.own.Mount(mux)
}

// recover lets an ID card prove the owner of a recovery.
func (c certified) recover(mux *http.ServeMux, of *recovery.Recovery) {
	of.CardPath = idcard.RecoverPath
	c.cards.MountRecovery(mux, of)
}

func (c certified) sweep(ctx context.Context, tx db.Querier) error {
	return errors.Join(c.newcomers.Sweep(ctx, tx), c.cards.Sweep(ctx, tx))
}
