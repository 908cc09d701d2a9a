package identity

import (
	"context"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/internal/console"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/phone"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// console makes the operators' console out of what there is.
func (s *System) console(env host.Env, at *door.Door, limits *throttle.Throttle, phones *phone.Phones, ways *factor.Pages) *console.Console {
	c := &console.Console{
		DB: s.db, Clock: s.clock, Log: s.log, Queue: s.queue, Site: at.Site, Door: at, Accounts: s.accounts, Sessions: at.Sessions, Notices: at.Notices,
		Throttle: limits, Keys: s.keys, Registry: s.registry, Own: s.provider.Own, AuditKey: audit.NewKey("identity", env.Secret), Words: s.words,
		Workforce: workforceapi.Client{Exchange: exchangeapi.NewClient(env, exchangeapi.Identity)},
		Incidents: s.incidents,
		Factors:   ways.Factors,
		Backups:   ways.Backups.Left,
		Devices: func(ctx context.Context, accountID string) ([]console.Device, error) {
			found, err := phones.Of(ctx, accountID)
			all := make([]console.Device, 0, len(found))
			for _, d := range found {
				all = append(all, console.Device{Name: d.Name, Agent: d.Agent, Created: d.Created, Seen: d.Seen})
			}
			return all, err
		},
	}
	c.Register()
	return c
}

// GatherIncidents makes incidents of what has happened; it is done every minute.
func (s *System) GatherIncidents(ctx context.Context) error { return s.desk.Gather(ctx) }

// CountSignIns counts the sign-ins of the hours that are over; it is done every minute.
func (s *System) CountSignIns(ctx context.Context) error { return s.desk.CountOver(ctx) }
