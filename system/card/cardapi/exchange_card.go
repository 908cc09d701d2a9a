package cardapi

import (
	"context"
	"fmt"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceExchangeCards is the exchange card 113/у of a pregnant woman (MC-3): a
// maternity hospital opens it and returns its two tear-offs.
const ServiceExchangeCards = "exchange-cards"

// Bases on which an exchange card is opened.
const (
	BasisShown     = "shown"     // the woman showed its code
	BasisAdmission = "admission" // she lies in the hospital that asks
)

// CardQuery asks for an exchange card: by the code that the woman shows, or by
// her ПИН and the stay for which she was admitted.
type CardQuery struct {
	Basis        string `json:"basis"`
	Code         string `json:"code,omitempty"`
	PIN          string `json:"pin,omitempty"`
	Organisation string `json:"organisation"` // 6 digits: the hospital that asks
	Stay         string `json:"stay"`
}

// Registration is what is known of a pregnancy besides its visits.
type Registration struct {
	LastPeriod      clock.Date    `json:"last_period,omitzero"`
	Ultrasound      clock.Date    `json:"ultrasound,omitzero"` // the day of the earliest one that dates the pregnancy
	UltrasoundDays  int           `json:"ultrasound_days,omitempty"`
	FirstMovement   clock.Date    `json:"first_movement,omitzero"`
	Fetuses         int           `json:"fetuses"`
	Gravida         int           `json:"gravida"` // this pregnancy counted
	Para            int           `json:"para"`
	Former          []FormerBirth `json:"former,omitempty"`
	HeightCM        int           `json:"height_cm,omitempty"`
	WeightBefore    int           `json:"weight_before,omitempty"` // hectograms: 612 is 61.2 kg
	Blood           string        `json:"blood,omitempty"`         // 0, A, B, AB
	Rhesus          string        `json:"rhesus,omitempty"`        // positive, negative
	Allergies       string        `json:"allergies,omitempty"`
	Illnesses       string        `json:"illnesses,omitempty"`
	Risks           []string      `json:"risks,omitempty"`
	RiskNote        string        `json:"risk_note,omitempty"`
	ChildrensClinic string        `json:"childrens_clinic,omitempty"` // 6 digits: where the child will be looked after
}

// FormerBirth is an earlier pregnancy and how it ended.
type FormerBirth struct {
	Year    int    `json:"year"`
	Outcome string `json:"outcome"`
	Weeks   int    `json:"weeks,omitempty"`
	WeightG int    `json:"weight_g,omitempty"`
	Note    string `json:"note,omitempty"`
}

// Visit is one visit to the antenatal clinic. 0 is «not measured» in all numbers.
type Visit struct {
	Day          clock.Date `json:"day"`
	Weight       int        `json:"weight,omitempty"` // hectograms
	Systolic     int        `json:"systolic,omitempty"`
	Diastolic    int        `json:"diastolic,omitempty"`
	Fundal       int        `json:"fundal,omitempty"` // millimetres
	Girth        int        `json:"girth,omitempty"`  // centimetres
	HeartRate    int        `json:"heart_rate,omitempty"`
	Presentation string     `json:"presentation,omitempty"`
	Oedema       string     `json:"oedema,omitempty"`
	Complaints   string     `json:"complaints,omitempty"`
	Advice       string     `json:"advice,omitempty"`
	Next         clock.Date `json:"next,omitzero"`
}

// LabResult is a result of the laboratory.
type LabResult struct {
	Day   clock.Date `json:"day"`
	Kind  string     `json:"kind"`
	Value string     `json:"value"` // a number, or negative, positive, trace
	Note  string     `json:"note,omitempty"`
}

// SignedVisit and SignedResult carry who signed.
type SignedVisit struct {
	Visit
	By string `json:"by"`
}

// SignedResult is a result and who signed it.
type SignedResult struct {
	LabResult
	By string `json:"by"`
}

// ExchangeCard is the antenatal part of form 113/у as it stands when it is
// opened.
type ExchangeCard struct {
	Pregnancy    string         `json:"pregnancy"`
	Number       string         `json:"number"`
	Clinic       string         `json:"clinic"`
	ClinicName   text.Words     `json:"clinic_name"`
	Mother       Mother         `json:"mother"`
	DatedFrom    clock.Date     `json:"dated_from"` // the day of 0 weeks 0 days
	DatedBy      string         `json:"dated_by"`   // last_period, ultrasound
	Expected     clock.Date     `json:"expected"`
	GivenAt      time.Time      `json:"given_at,omitzero"`
	Registration Registration   `json:"registration"`
	Visits       []SignedVisit  `json:"visits"`
	Results      []SignedResult `json:"results"`
	OpenedAt     time.Time      `json:"opened_at"`
}

// Mother is who the card is about.
type Mother struct {
	PIN       string     `json:"pin,omitempty"`
	Name      string     `json:"name"`
	BirthDate clock.Date `json:"birth_date,omitzero"`
	Address   string     `json:"address,omitempty"`
}

// Birth is what the maternity hospital writes of the labour, or of a pregnancy
// that ended without one.
type Birth struct {
	Ending        string    `json:"ending"` // birth, miscarriage, ectopic, undelivered
	LabourAt      time.Time `json:"labour_at,omitzero"`
	EndedAt       time.Time `json:"ended_at,omitzero"` // birth of the last child, or the loss
	Days          int       `json:"days"`              // gestational age then; 0: not known
	Mode          string    `json:"mode,omitempty"`
	Complications string    `json:"complications,omitempty"`
	Operations    string    `json:"operations,omitempty"`
	Anaesthesia   string    `json:"anaesthesia,omitempty"`
	BloodLoss     int       `json:"blood_loss"` // millilitres
	Postpartum    string    `json:"postpartum,omitempty"`
	Advice        string    `json:"advice,omitempty"`
	MotherState   string    `json:"mother_state"` // discharged, transferred, died
}

// Newborn is one child of the birth.
type Newborn struct {
	Patient     string     `json:"patient,omitempty"` // id in the card, "" for a stillborn child
	PIN         string     `json:"pin,omitempty"`
	Name        string     `json:"name,omitempty"`
	BornAt      time.Time  `json:"born_at"`
	Order       int        `json:"order"` // of twins: 1, 2…
	Sex         string     `json:"sex"`
	State       string     `json:"state"` // alive, stillborn, died
	WeightG     int        `json:"weight_g"`
	LengthCM    int        `json:"length_cm,omitempty"`
	HeadCM      int        `json:"head_cm,omitempty"`
	Apgar1      int        `json:"apgar1"`
	Apgar5      int        `json:"apgar5"`
	Feeding     string     `json:"feeding,omitempty"`
	Illnesses   string     `json:"illnesses,omitempty"`
	BCG         clock.Date `json:"bcg,omitzero"`
	HepatitisB  clock.Date `json:"hepatitis_b,omitzero"`
	Screening   clock.Date `json:"screening,omitzero"`
	LeftOn      clock.Date `json:"left_on,omitzero"`
	LeftWeightG int        `json:"left_weight_g,omitempty"`
	Advice      string     `json:"advice,omitempty"`
}

// Kinds of tear-offs.
const (
	TearOffMother  = "mother"  // (2) to the antenatal clinic, about the woman
	TearOffNewborn = "newborn" // (3) to the children's clinic, about the newborn
)

// TearOff is a signed part of form 113/у on its way back. Root and Version name
// it: the same again changes nothing.
type TearOff struct {
	Root       string     `json:"root"`
	Version    int        `json:"version"`
	Reason     string     `json:"reason,omitempty"` // of a correction
	Kind       string     `json:"kind"`
	Pregnancy  string     `json:"pregnancy,omitempty"` // "" for a woman without a card
	Number     string     `json:"number,omitempty"`
	From       string     `json:"from"`
	FromName   text.Words `json:"from_name"`
	To         string     `json:"to"`
	Mother     Mother     `json:"mother"`
	AdmittedAt time.Time  `json:"admitted_at"`
	LeftAt     time.Time  `json:"left_at,omitzero"`
	Birth      Birth      `json:"birth"`
	Newborns   []Newborn  `json:"newborns,omitempty"` // all of them, or the one of the tear-off
	Doctor     string     `json:"doctor"`
	SignedAt   time.Time  `json:"signed_at"`
}

// CardReceipt says that a tear-off has arrived.
type CardReceipt struct {
	ReceivedAt time.Time `json:"received_at"`
}

// Acknowledgment says who at the clinic has read a tear-off.
type Acknowledgment struct {
	Root    string    `json:"root"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Name    string    `json:"name"`
}

// ExchangeCards is the service of exchange cards.
type ExchangeCards interface {
	// OpenCard gives the card and records who opened it and on what basis;
	// fail.NotFound when the code or the woman has none.
	OpenCard(ctx context.Context, q CardQuery) (ExchangeCard, error)
	// ReturnTearOff takes a tear-off for the clinic it names. A repetition gives
	// the first receipt.
	ReturnTearOff(ctx context.Context, t TearOff) (CardReceipt, error)
	// Acknowledge tells the hospital that its tear-off was read.
	Acknowledge(ctx context.Context, a Acknowledgment) error
}

var _ ExchangeCards = Client{}

// OpenCard implements ExchangeCards.
func (c Client) OpenCard(ctx context.Context, q CardQuery) (ExchangeCard, error) {
	var card ExchangeCard
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceExchangeCards, Path: "/open", Body: q, User: c.User, Issue: q.Basis}, &card)
	return card, err
}

// ReturnTearOff implements ExchangeCards. The X-Road-Id of a tear-off is its own.
func (c Client) ReturnTearOff(ctx context.Context, t TearOff) (CardReceipt, error) {
	var receipt CardReceipt
	err := c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceExchangeCards, Path: "/return", Body: t, ID: t.Key(), User: c.User, Issue: "exchange-card"}, &receipt)
	return receipt, err
}

// Acknowledge implements ExchangeCards.
func (c Client) Acknowledge(ctx context.Context, a Acknowledgment) error {
	return c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Card, Service: ServiceExchangeCards, Path: "/acknowledge", Body: a, User: c.User, Issue: "exchange-card"}, nil)
}

// Key names a version of a tear-off in one word.
func (t TearOff) Key() string { return fmt.Sprintf("%s-%d", t.Root, t.Version) }

// ServeExchangeCards registers the service.
func ServeExchangeCards(p *exchangeapi.Provider, api ExchangeCards) {
	exchangeapi.Serve(p, ServiceExchangeCards, "/open", api.OpenCard)
	exchangeapi.Serve(p, ServiceExchangeCards, "/return", api.ReturnTearOff)
	exchangeapi.Serve(p, ServiceExchangeCards, "/acknowledge", func(ctx context.Context, in Acknowledgment) (struct{}, error) {
		return struct{}{}, api.Acknowledge(ctx, in)
	})
}
