package cardapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceReferrals is how information systems hand referrals to each other
// (MC-2). It is the same on both sides: whoever sends and receives offers it.
const ServiceReferrals = "referrals"

// Referral is a referral as it travels: form 057/у or 028/у.
type Referral struct {
	ID         string           `json:"id"` // the sender's; the same again is the same referral
	Number     string           `json:"number"`
	Form       string           `json:"form"`    // 057, 028
	Purpose    string           `json:"purpose"` // hospitalisation, consultation, examination
	Urgency    string           `json:"urgency"` // planned, urgent, emergency
	From       ReferralPlace    `json:"from"`
	To         ReferralPlace    `json:"to"`
	Patient    ReferralPatient  `json:"patient"`
	Code       string           `json:"code"` // ICD-10
	Diagnosis  string           `json:"diagnosis"`
	Reason     string           `json:"reason"`
	History    string           `json:"history,omitempty"`
	Doctor     ReferralDoctor   `json:"doctor"`
	WrittenAt  time.Time        `json:"written_at"`
	ValidUntil clock.Date       `json:"valid_until"`
	Root       string           `json:"root,omitempty"`     // id of the first of the chain; "": this one
	Replaces   string           `json:"replaces,omitempty"` // id of the one that was redirected
	Results    []ReferralResult `json:"results,omitempty"`  // at most 40
}

// ReferralPlace is an organisation and department by НИСУР.
type ReferralPlace struct {
	Organisation string `json:"organisation"` // 6 digits
	Department   string `json:"department,omitempty"`
}

// ReferralPatient is who is referred.
type ReferralPatient struct {
	PIN        string     `json:"pin,omitempty"` // "" for those without one
	FamilyName string     `json:"family_name"`
	GivenName  string     `json:"given_name"`
	Patronymic string     `json:"patronymic,omitempty"`
	BirthDate  clock.Date `json:"birth_date,omitzero"`
	Sex        string     `json:"sex"` // female, male, unknown
	Address    string     `json:"address,omitempty"`
}

// ReferralDoctor is who refers.
type ReferralDoctor struct {
	PIN  string `json:"pin"`
	Name string `json:"name"`
	Role string `json:"role,omitempty"`
}

// ReferralResult is attached from the case history.
type ReferralResult struct {
	ID       string            `json:"id"`
	Owner    string            `json:"owner"` // organisation whose record it is
	Kind     string            `json:"kind"`  // laboratory, imaging, consultation, entry, operation
	Title    string            `json:"title"`
	At       time.Time         `json:"at"`
	Body     string            `json:"body,omitempty"`
	Findings []ReferralFinding `json:"findings,omitempty"`
	ByName   string            `json:"by_name,omitempty"`
}

// ReferralFinding is a measured value; Low and High both zero: no range known.
type ReferralFinding struct {
	Name  string  `json:"name"`
	Value string  `json:"value"`
	Unit  string  `json:"unit,omitempty"`
	Low   float64 `json:"low,omitempty"`
	High  float64 `json:"high,omitempty"`
}

// ReferralStep is what one side tells the other: that the receiver accepted,
// refused, redirected…, or that the sender withdrew.
type ReferralStep struct {
	ID           string     `json:"id"` // the same again is the same step
	Referral     string     `json:"referral"`
	State        string     `json:"state"`
	At           time.Time  `json:"at"`
	ByPIN        string     `json:"by_pin,omitempty"`
	ByName       string     `json:"by_name"`
	Note         string     `json:"note,omitempty"`         // why, or what the patient must know
	AppointedAt  time.Time  `json:"appointed_at,omitzero"`  // when accepted: the day the patient is awaited
	ValidUntil   clock.Date `json:"valid_until,omitzero"`   // when accepted: until when they may come
	Conclusion   string     `json:"conclusion,omitempty"`   // when answered
	RedirectedTo string     `json:"redirected_to,omitzero"` // organisation, when redirected
}

// ReferralState is where a referral stands.
type ReferralState struct {
	Referral    string         `json:"referral"`
	Number      string         `json:"number"`
	State       string         `json:"state"`
	ValidUntil  clock.Date     `json:"valid_until"`
	AppointedAt time.Time      `json:"appointed_at,omitzero"`
	Steps       []ReferralStep `json:"steps"` // the earliest first
}

// ReferralRef names a referral.
type ReferralRef struct {
	ID string `json:"id"`
}

// CapacityQuery asks what an organisation can take in.
type CapacityQuery struct {
	Organisation string `json:"organisation"`
}

// Capacity is a department with its free beds and those referred and waiting.
type Capacity struct {
	Organisation string `json:"organisation"`
	Department   string `json:"department"`
	Profile      string `json:"profile"`
	Beds         int    `json:"beds"`
	Free         int    `json:"free"`
	Waiting      int    `json:"waiting"`
}

// Referrals is the service. The caller must be the system in which the sending
// (Send, Withdraw) or receiving (Answer) organisation works: fail.Forbidden.
type Referrals interface {
	// Send takes a referral to an organisation that works here. A repetition
	// changes nothing; the same id with other content is fail.Conflict.
	Send(ctx context.Context, r Referral) (ReferralState, error)
	// Answer takes what the receiver did. A repetition changes nothing; what came
	// too late (the sender had withdrawn) changes nothing either: the state that
	// is answered says so.
	Answer(ctx context.Context, s ReferralStep) (ReferralState, error)
	// Withdraw takes back a referral that has not ended; fail.Conflict if it has.
	Withdraw(ctx context.Context, s ReferralStep) (ReferralState, error)
	// State is where a referral stands, for either side; fail.NotFound.
	State(ctx context.Context, r ReferralRef) (ReferralState, error)
	// Capacity is what the departments of an organisation can take in now.
	Capacity(ctx context.Context, q CapacityQuery) ([]Capacity, error)
}

// ReferralClient calls the service of another system.
type ReferralClient struct {
	Exchange *exchangeapi.Client
	Provider exchangeapi.Subsystem
}

var _ Referrals = ReferralClient{}

// Send implements Referrals.
func (c ReferralClient) Send(ctx context.Context, r Referral) (ReferralState, error) {
	return c.call(ctx, "/send", r, r.ID, r.Doctor.PIN)
}

// Answer implements Referrals.
func (c ReferralClient) Answer(ctx context.Context, s ReferralStep) (ReferralState, error) {
	return c.call(ctx, "/answer", s, s.ID, s.ByPIN)
}

// Withdraw implements Referrals.
func (c ReferralClient) Withdraw(ctx context.Context, s ReferralStep) (ReferralState, error) {
	return c.call(ctx, "/withdraw", s, s.ID, s.ByPIN)
}

// State implements Referrals.
func (c ReferralClient) State(ctx context.Context, r ReferralRef) (ReferralState, error) {
	return c.call(ctx, "/state", r, "", "")
}

// Capacity implements Referrals.
func (c ReferralClient) Capacity(ctx context.Context, q CapacityQuery) ([]Capacity, error) {
	var all []Capacity
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: c.Provider, Service: ServiceReferrals, Path: "/capacity", Body: q, Issue: "referral"}, &all)
	return all, err
}

func (c ReferralClient) call(ctx context.Context, path string, body any, messageID, user string) (ReferralState, error) {
	var s ReferralState
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: c.Provider, Service: ServiceReferrals, Path: path, Body: body, ID: messageID, User: user, Issue: "referral"}, &s)
	return s, err
}

// ServeReferrals registers the service.
func ServeReferrals(p *exchangeapi.Provider, api Referrals) {
	exchangeapi.Serve(p, ServiceReferrals, "/send", api.Send)
	exchangeapi.Serve(p, ServiceReferrals, "/answer", api.Answer)
	exchangeapi.Serve(p, ServiceReferrals, "/withdraw", api.Withdraw)
	exchangeapi.Serve(p, ServiceReferrals, "/state", api.State)
	exchangeapi.Serve(p, ServiceReferrals, "/capacity", api.Capacity)
}
