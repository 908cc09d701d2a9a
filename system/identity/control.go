package identity

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/cabinet"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/control"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/recovery"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
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
func (s *System) stay(mux *http.ServeMux, g ground) {
	s.incidents = &control.Incidents{DB: s.db, Clock: s.clock, Accounts: s.accounts}
	s.controls = &control.Control{
		DB: s.db, Clock: s.clock, Site: g.site, Accounts: s.accounts, Sessions: g.sessions, Consents: g.consents, Provider: s.provider,
		Notices: g.notices, Throttle: g.limits, Incidents: s.incidents, Record: s.record,
	}
	s.recoveries = &recovery.Recovery{
		DB: s.db, Clock: s.clock, Site: g.site, Queue: s.queue, Door: g.door, Accounts: s.accounts, Throttle: g.limits, Codes: g.codes,
		Notices: g.notices, Control: s.controls, Incidents: s.incidents, Record: s.record,
	}
	s.recoveries.Register()
	s.sweeps = append(s.sweeps, s.recoveries.Sweep)
	s.controls.Mount(mux)
	s.recoveries.Mount(mux)
	s.rooms = &cabinet.Cabinet{
		DB: s.db, Clock: s.clock, Site: g.site, Accounts: s.accounts, Sessions: g.sessions, Consents: g.consents, Provider: s.provider, Door: g.door,
		Notices: g.notices, Control: s.controls, Record: s.record, Words: s.words,
	}
	g.site.Fill = s.rooms.Fill
	s.rooms.Mount(mux)
}
