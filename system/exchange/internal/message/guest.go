package message

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/contract"
)

// Guests are information systems of others on the exchange, with the address at
// which each is met. A guest speaks by the contract of referrals (MC-2), and with the
// fund where the operator has given it that right (MC-6).
type Guests map[exchangeapi.Subsystem]string

// ReadGuests reads the setting: COM/70000099/clinic=http://127.0.0.1:9500, several
// with semicolons between.
func ReadGuests(setting string) (Guests, error) {
	all := Guests{}
	for one := range strings.SplitSeq(setting, ";") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		name, address, _ := strings.Cut(one, "=")
		guest, err := exchangeapi.ParseSubsystem(exchangeapi.Instance + "/" + strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("exchange_guests: %q: %w", strings.TrimSpace(name), err)
		}
		if contract.Known(guest) {
			return nil, fmt.Errorf("exchange_guests: %s is a system of the state, no guest", guest)
		}
		where, err := url.Parse(strings.TrimSpace(address))
		if err != nil || (where.Scheme != "http" && where.Scheme != "https") || where.Host == "" || where.RawQuery != "" || where.Fragment != "" || where.User != nil {
			return nil, errors.Join(fmt.Errorf("exchange_guests: %s has no address such as https://clinic.example.kg", guest), err)
		}
		if _, twice := all[guest]; twice {
			return nil, fmt.Errorf("exchange_guests: %s stands there twice", guest)
		}
		all[guest] = strings.TrimSuffix(where.String(), "/")
	}
	return all, nil
}

// Subsystems are the guests' names.
func (g Guests) Subsystems() []exchangeapi.Subsystem {
	var all []exchangeapi.Subsystem
	for guest := range g {
		all = append(all, guest)
	}
	return all
}

// known says whether the exchange has the subsystem: ours, or a guest.
func (s *Service) known(system exchangeapi.Subsystem) bool {
	_, guest := s.Guests[system]
	return guest || contract.Known(system)
}

// guestGives are the services that a guest may give, as the card gives them.
var guestGives = []string{cardapi.ServiceReferrals, cardapi.ServiceDecisions, cardapi.ServiceForms}

// gives says whether a contract has the service of the provider.
func (s *Service) gives(provider exchangeapi.Subsystem, service string) bool {
	if _, guest := s.Guests[provider]; guest {
		provider = exchangeapi.Card
		if !slices.Contains(guestGives, service) {
			return false
		}
	}
	return len(contract.Of(provider, service)) > 0
}

// shared is the key that the subsystem shares with the exchange, site where it
// is met. A guest goes by its whole name, which none of ours has.
func (s *Service) shared(system exchangeapi.Subsystem) string {
	if _, guest := s.Guests[system]; guest {
		return s.KeyOf(system.String())
	}
	return s.KeyOf(exchangeapi.NameOf(system))
}

func (s *Service) site(system exchangeapi.Subsystem) string {
	if address, guest := s.Guests[system]; guest {
		return address
	}
	return s.Sites[exchangeapi.NameOf(system)]
}
