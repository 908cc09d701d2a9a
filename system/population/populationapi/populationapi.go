// Package populationapi is the contract of the state population register.
package populationapi

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServicePersons finds a person by ПИН.
const ServicePersons = "persons"

// Person is what the register knows of a person.
type Person struct {
	PIN         string     `json:"pin"`
	FamilyName  string     `json:"family_name"`
	GivenName   string     `json:"given_name"`
	Patronymic  string     `json:"patronymic,omitempty"`
	BirthDate   clock.Date `json:"birth_date"`
	Sex         string     `json:"sex"` // female, male
	Citizenship string     `json:"citizenship"`
	Passport    Passport   `json:"passport"`
	Address     Address    `json:"address"`
	Deceased    bool       `json:"deceased,omitempty"`
}

// Name is surname, given name, patronymic in the order of the passport.
func (p Person) Name() string {
	return text.Joined(p.FamilyName, p.GivenName, p.Patronymic)
}

// Passport is the person's identity document.
type Passport struct {
	Series  string     `json:"series"` // ID (2017), AN (older)
	Number  string     `json:"number"` // 7 digits
	Issued  clock.Date `json:"issued"`
	Expires clock.Date `json:"expires"`
	Issuer  string     `json:"issuer"`
}

// Address is where the person is registered.
type Address struct {
	Region string `json:"region"` // СОАТЕ code
	Text   string `json:"text"`
	Rural  bool   `json:"rural"`
}

// API is the register's service.
type API interface {
	// Person finds the person; fail.NotFound when the register has none.
	Person(ctx context.Context, pin string) (Person, error)
}

// Query asks for a person.
type Query struct {
	PIN string `json:"pin"`
}

// Client asks the register through the exchange. User and purpose are recorded there.
type Client struct{ Exchange *exchangeapi.Client }

// Person finds the person. user is the ПИН of who asks, purpose why.
func (c Client) Person(ctx context.Context, pin, user, purpose string) (Person, error) {
	var p Person
	err := c.Exchange.Do(ctx, exchangeapi.Call{
		Provider: exchangeapi.Population, Service: ServicePersons, Path: "/find",
		Body: Query{pin}, User: user, Issue: purpose,
	}, &p)
	return p, err
}

// Serve registers the service.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServicePersons, "/find", func(ctx context.Context, in Query) (Person, error) {
		return api.Person(ctx, in.PIN)
	})
}
