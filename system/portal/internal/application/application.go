// Package application is a service ordered by a person, from the form to the
// provider's answer (PT-3, PT-6, PT-7).
package application

import (
	"context"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// State of an application.
type State string

// The states.
const (
	Waiting State = "waiting" // the provider's answer is awaited
	Ready   State = "ready"
	Refused State = "refused" // the provider has no such data
)

// Kinds of events in its history.
const (
	Filed    = "filed"   // with what needs a signature: when it was signed
	Filled   = "filled"  // in, and not signed yet
	Awaited  = "awaited" // the provider did not answer at once
	Answered = "answered"
	Declined = "refused"
	Document = "document" // a document was issued; detail is its number
	Signed   = "signed"   // by the person; detail is the level
	Unsigned = "unsigned" // the person did not sign
	RunOut   = "run_out"  // nor did they within the time
	Taken    = "taken"    // back by the person
	Executed = "executed" // by the provider's executor
	Rejected = "rejected" // by the provider's executor
)

// Application is one order.
type Application struct {
	ID, Number, Service string
	PIN, Applicant      string
	Input               Input
	State               State
	Result              json.RawMessage // cardapi.Summary, populationapi.Person or Resolution
	Signature           string          // state of the signature, "" where none is asked for
	Created, Ended      time.Time
}

// Input is what was asked for.
type Input struct {
	// Stay is the discharge; "" is the newest there is: chosen when the card
	// could not be asked for the list.
	Stay string `json:"stay,omitempty"`
	// Wrong and Right are what is to be corrected, and Lang the language of the
	// application's document.
	Wrong string    `json:"wrong,omitempty"`
	Right string    `json:"right,omitempty"`
	Lang  text.Lang `json:"lang,omitempty"`
}

// Event is a moment of its history.
type Event struct {
	At           time.Time
	Kind, Detail string
}

// Kinds of jobs.
const (
	JobFulfil = "fulfil"
	JobNotify = "notify"
	JobFollow = "follow"
)

// Desk takes applications and has them answered.
type Desk struct {
	*cabinet.Cabinet
	Card       cardapi.API
	Population populationapi.Client
	Messages   messageapi.API
	Signatures identityapi.SigningAPI
	Workforce  workforceapi.API
	CheckSite  string // page of ЕСИ where anybody checks a simple signature

	executors executors
	// Documents gives the documents of an application, for its page.
	Documents func(ctx context.Context, applicationID string) ([]Paper, error)
}

// Paper is a document as the application's page lists it.
type Paper struct {
	ID, Number, Lang string
	Ready            bool
	IssuedAt         time.Time
}

// Mount registers pages and jobs.
func (d *Desk) Mount() {
	d.Queue.Handle(JobFulfil, job.Policy{MaxAttempts: 200, FirstDelay: 5 * time.Second, MaxDelay: 10 * time.Minute}, d.fulfilJob)
	d.Queue.Handle(JobNotify, job.Policy{MaxAttempts: 60, FirstDelay: 5 * time.Second, MaxDelay: 10 * time.Minute}, d.notifyJob)
	d.Queue.Handle(JobFollow, job.Policy{MaxAttempts: 60, FirstDelay: time.Minute, MaxDelay: time.Hour}, d.followJob)
	d.mountOrder()
	d.mountShow()
	d.mountSign()
	d.mountExecute()
}
