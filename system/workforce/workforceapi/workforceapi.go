// Package workforceapi is the contract of НИСУР, the register of health
// organisations and staff.
package workforceapi

import (
	"context"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// Services of НИСУР.
const (
	ServicePosts         = "posts"
	ServiceOrganisations = "organisations"
)

// Role is what a post entitles to.
type Role string

// The roles.
const (
	Doctor       Role = "doctor"
	Head         Role = "head" // head of department: a doctor who answers for it
	Nurse        Role = "nurse"
	Statistician Role = "statistician"
	Chief        Role = "chief"    // chief physician: answers for the medicine of the organisation
	Manager      Role = "manager"  // management of the organisation: director, administration, personnel
	Expert       Role = "expert"   // the insurance fund's expert
	Operator     Role = "operator" // operator of the systems (ЦЭЗ)
	Ministry     Role = "ministry" // the ministry of health
)

// Post is one post that a person holds today.
type Post struct {
	ID               string     `json:"id"`
	PIN              string     `json:"pin"`
	PersonName       string     `json:"person_name"`
	Role             Role       `json:"role"`
	Title            text.Words `json:"title"`
	Organisation     string     `json:"organisation"` // 6-digit code
	OrganisationName text.Words `json:"organisation_name"`
	Department       string     `json:"department,omitempty"` // 2-digit code; "" for the whole organisation
	DepartmentName   text.Words `json:"department_name,omitzero"`
	From             clock.Date `json:"from"`
	Until            clock.Date `json:"until,omitzero"`     // zero: without end
	Replaces         string     `json:"replaces,omitempty"` // id of the absent person's post, for the time of the absence
}

// Organisation is a health organisation, the fund or the operator.
type Organisation struct {
	Code        string       `json:"code"` // 6 digits
	Kind        string       `json:"kind"` // hospital, outpatient, fund, operator, ministry
	INN         string       `json:"inn"`
	OKPO        string       `json:"okpo"`
	Name        text.Words   `json:"name"`
	ShortName   text.Words   `json:"short_name"`
	Region      string       `json:"region"` // СОАТЕ code of the oblast or the city
	Level       string       `json:"level"`  // national, regional, district
	Address     string       `json:"address"`
	Phone       string       `json:"phone,omitempty"`
	Ownership   string       `json:"ownership,omitempty"` // state, municipal, private
	Territory   string       `json:"territory,omitempty"` // СОАТЕ code of the rayon or the town
	Closed      clock.Date   `json:"closed,omitzero"`     // from this day on it works no more; zero: open
	Successor   string       `json:"successor,omitempty"` // code of the organisation that it was merged into
	Departments []Department `json:"departments"`
}

// Department is an open department with its open beds.
type Department struct {
	Code    string     `json:"code"` // 2 digits
	Name    text.Words `json:"name"`
	Profile string     `json:"profile"` // therapy, surgery…
	Beds    []Bed      `json:"beds"`
}

// Bed is one bed.
type Bed struct {
	ID   string `json:"id"`   // stable: ORG-DEPT-ROOM-BED
	Room string `json:"room"` // "204"
	Name string `json:"name"` // "204-2"
	// Profile is given where it is another than the department's.
	Profile string `json:"profile,omitempty"`
}

// API is what НИСУР offers.
type API interface {
	// Posts are the posts that the person holds today, none for most people.
	Posts(ctx context.Context, pin string) ([]Post, error)
	// Organisation is one organisation with departments and beds; fail.NotFound.
	Organisation(ctx context.Context, code string) (Organisation, error)
	// Organisations are all of them, without departments.
	Organisations(ctx context.Context) ([]Organisation, error)
	// Staff are the posts of an organisation today.
	Staff(ctx context.Context, organisation string) ([]Post, error)
}

// PIN asks by person.
type PIN struct {
	PIN string `json:"pin"`
}

// Code asks by organisation.
type Code struct {
	Code string `json:"code"`
}

// Client asks НИСУР through the exchange.
type Client struct{ Exchange *exchangeapi.Client }

var _ API = Client{}

// Posts implements API.
func (c Client) Posts(ctx context.Context, pin string) ([]Post, error) {
	var posts []Post
	err := c.call(ctx, ServicePosts, "/of-person", PIN{pin}, &posts)
	return posts, err
}

// Staff implements API.
func (c Client) Staff(ctx context.Context, organisation string) ([]Post, error) {
	var posts []Post
	err := c.call(ctx, ServicePosts, "/of-organisation", Code{organisation}, &posts)
	return posts, err
}

// Organisation implements API.
func (c Client) Organisation(ctx context.Context, code string) (Organisation, error) {
	var o Organisation
	err := c.call(ctx, ServiceOrganisations, "/find", Code{code}, &o)
	return o, err
}

// Organisations implements API.
func (c Client) Organisations(ctx context.Context) ([]Organisation, error) {
	var all []Organisation
	err := c.call(ctx, ServiceOrganisations, "/list", struct{}{}, &all)
	return all, err
}

func (c Client) call(ctx context.Context, service, path string, in, out any) error {
	return c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Workforce, Service: service, Path: path, Body: in}, out)
}

// Serve registers the services.
func Serve(p *exchangeapi.Provider, api API) {
	exchangeapi.Serve(p, ServicePosts, "/of-person", func(ctx context.Context, in PIN) ([]Post, error) { return api.Posts(ctx, in.PIN) })
	exchangeapi.Serve(p, ServicePosts, "/of-organisation", func(ctx context.Context, in Code) ([]Post, error) { return api.Staff(ctx, in.Code) })
	exchangeapi.Serve(p, ServiceOrganisations, "/find", func(ctx context.Context, in Code) (Organisation, error) { return api.Organisation(ctx, in.Code) })
	exchangeapi.Serve(p, ServiceOrganisations, "/list", func(ctx context.Context, _ struct{}) ([]Organisation, error) { return api.Organisations(ctx) })
}
