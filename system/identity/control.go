package identity

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/internal/cabinet"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/organisation"
	"github.com/sanarip/sanarip/system/identity/internal/recovery"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// ground is what the rooms below stand on.
type ground struct {
	site     *page.Site
	sessions *sso.Sessions
	consents *consent.Consents
	notices  *notice.Notices
	codes    *onetime.Codes
	limits   *throttle.Throttle
	door     *door.Door
}

// stay builds the rooms in which a person stays in control of the account:
// "this was not me", recovery and the cabinet.
func (s *System) stay(mux *http.ServeMux, env host.Env, g ground, second *second) {
	s.controls = &control.Control{
		DB: s.db, Clock: s.clock, Site: g.site, Accounts: s.accounts, Sessions: g.sessions, Consents: g.consents, Provider: s.provider,
		Notices: g.notices, Throttle: g.limits, Incidents: s.incidents, Door: g.door, Record: s.record,
		Lives: g.door.Lives,
	}
	s.recoveries = &recovery.Recovery{
		DB: s.db, Clock: s.clock, Site: g.site, Queue: s.queue, Door: g.door, Accounts: s.accounts, Throttle: g.limits, Codes: g.codes,
		Notices: g.notices, Control: s.controls, Incidents: s.incidents, Backups: second.pages.Backups, Keys: second.keys, Record: s.record,
	}
	s.recoveries.Register()
	s.sweeps = append(s.sweeps, s.recoveries.Sweep)
	s.controls.Mount(mux)
	s.recoveries.Mount(mux)
	s.rooms = &cabinet.Cabinet{
		DB: s.db, Clock: s.clock, Site: g.site, Accounts: s.accounts, Sessions: g.sessions, Consents: g.consents, Provider: s.provider, Door: g.door,
		Notices: g.notices, Control: s.controls, Contacts: second.pages.Contacts, Box: s.accounts.Box, Record: s.record, Words: s.words,
	}
	g.site.Fill = s.rooms.Fill
	for _, section := range []cabinet.Section{
		{Key: "identity.cabinet.password", Path: "/security/password"},
		{Key: "identity.cabinet.contacts", HintKey: "identity.cabinet.contacts_hint", Path: "/security/contacts"},
		{Key: "identity.cabinet.factors", HintKey: "identity.cabinet.factors_hint", Path: "/security/factors"},
		{Key: "identity.phone.devices", HintKey: "identity.cabinet.devices_hint", Path: "/security/devices"},
	} {
		s.rooms.Offer(section)
	}
	exchange := exchangeapi.NewClient(env, exchangeapi.Identity)
	s.organisations = &organisation.Organisations{
		DB: s.db, Clock: s.clock, Site: g.site, Door: g.door, Throttle: g.limits, Workforce: workforceapi.Client{Exchange: exchange},
		Register: populationapi.Client{Exchange: exchange}, Record: s.record, Lives: g.door.Lives,
		Queue: s.queue, Texts: s.texts, Messages: messageapi.Client{Exchange: exchange}, Base: env.BaseURL,
	}
	s.organisations.Writes()
	g.consents.Organisations = s.organisations.Names
	s.rooms.Keeps(cabinet.Part{Name: "organisations", Read: s.organisations.Kept})
	s.organisations.Mount(mux)
	s.rooms.Mount(mux)
}
