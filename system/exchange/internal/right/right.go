// Package right decides who may call what. What no row allows is refused.
package right

import (
	"context"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/contract"
)

// Sources of a right. Groups of subsystems are rows that an operator wrote.
const (
	FromContract = "contract" // follows the program's list of contracts
	FromOperator = "operator" // given by an operator of the exchange, see Import
)

// Right lets a subject call a service, or a part of it.
type Right struct {
	Subject  string // a subsystem as String writes it, or "group:CODE"
	Provider string
	Service  string
	Method   string // "POST", or "*"
	Path     string // glob over the rest of the path: "/find", "/**"
	Source   string
}

// Rights is who may call what.
type Rights struct {
	DB    *db.DB
	Clock clock.Clock
}

// Allow says whether the client may, and by which endpoint's glob.
func (r Rights) Allow(ctx context.Context, client exchangeapi.Subsystem, target exchangeapi.Target, method string) (endpoint string, ok bool, err error) {
	rows, err := r.of(ctx, client.String(), target.Provider.String(), target.Service)
	if err != nil {
		return "", false, err
	}
	for _, row := range rows {
		if (row.Method == "*" || row.Method == method) && Match(row.Path, target.Rest) {
			return row.Path, true, nil
		}
	}
	return "", false, nil
}

// AllowedService says whether the client may call anything of the service.
func (r Rights) AllowedService(ctx context.Context, client, provider exchangeapi.Subsystem, service string) (bool, error) {
	rows, err := r.of(ctx, client.String(), provider.String(), service)
	return len(rows) > 0, err
}

// Match says whether the glob fits the path: * is anything within a segment,
// ** anything at all. An empty glob fits only the service's own address.
func Match(glob, path string) bool {
	for glob != "" {
		switch {
		case strings.HasPrefix(glob, "**"):
			rest := strings.TrimLeft(glob, "*")
			for i := 0; i <= len(path); i++ {
				if Match(rest, path[i:]) {
					return true
				}
			}
			return false
		case glob[0] == '*':
			rest := glob[1:]
			for i := 0; i <= len(path); i++ {
				if Match(rest, path[i:]) {
					return true
				}
				if i < len(path) && path[i] == '/' {
					return false
				}
			}
			return false
		case path == "" || path[0] != glob[0]:
			return false
		}
		glob, path = glob[1:], path[1:]
	}
	return path == ""
}

// Seed brings the rights that follow from the contracts up to date: new ones
// are added, those of contracts that are no more are taken away. What an
// operator added stays. Guests and the card may call each other by the contract of
// referrals, which is alike on both sides; the fund may call a guest as it calls the
// card, in case the operator lets the guest send treated cases.
func (r Rights) Seed(ctx context.Context, guests ...exchangeapi.Subsystem) error {
	var rights []Right
	for _, e := range contract.All {
		for _, client := range e.Clients {
			rights = append(rights, Right{client.String(), e.Provider.String(), e.Service, "POST", e.Path, FromContract})
		}
	}
	for _, e := range contract.Of(exchangeapi.Card, cardapi.ServiceReferrals) {
		for _, guest := range guests {
			rights = append(rights,
				Right{guest.String(), exchangeapi.Card.String(), e.Service, "POST", e.Path, FromContract},
				Right{exchangeapi.Card.String(), guest.String(), e.Service, "POST", e.Path, FromContract})
		}
	}
	for _, service := range []string{cardapi.ServiceDecisions, cardapi.ServiceForms} {
		for _, e := range contract.Of(exchangeapi.Card, service) {
			for _, guest := range guests {
				rights = append(rights, Right{exchangeapi.Insurance.String(), guest.String(), e.Service, "POST", e.Path, FromContract})
			}
		}
	}
	return r.replace(ctx, rights)
}
