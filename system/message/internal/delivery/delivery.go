// Package delivery takes messages from the systems of the state and sees them
// delivered.
package delivery

import (
	"log/slog"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/message/internal/carrier"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// State of a delivery.
type State string

// The states. Unreachable: this person cannot be reached this way, and trying
// again would not help. Failed: given up, waits for the operator.
const (
	Waiting     State = "waiting"
	Delivered   State = "delivered"
	Unreachable State = "unreachable"
	Failed      State = "failed"
)

// Reasons of a delivery that did not come about.
const (
	NoContact = "no-contact" // the person has not confirmed such an address
	NoCarrier = "no-carrier" // this installation does not serve the way
	Refused   = "refused"    // the address does not take it
	TooOld    = "too-old"    // a one-time code that has lost its meaning
	Tried     = "tried"      // tried as often as we try
)

// Kinds of jobs. One-time codes have their own: they are tried quickly and not
// for long.
const (
	JobLetter = "deliver-letter"
	JobCode   = "deliver-code"
)

// A code that has not arrived within 10 minutes is of no use to anyone.
const codeLives = 10 * time.Minute

// Policies of the jobs.
var (
	LetterPolicy = job.Policy{MaxAttempts: 40, FirstDelay: 5 * time.Second, MaxDelay: 30 * time.Minute}
	CodePolicy   = job.Policy{MaxAttempts: 12, FirstDelay: time.Second, MaxDelay: time.Minute}
)

// Service delivers.
type Service struct {
	DB       *db.DB
	Clock    clock.Clock
	Queue    *job.Queue
	Log      *slog.Logger
	Carriers map[messageapi.Channel]carrier.Carrier
	Contacts identityapi.API
}

var _ messageapi.API = (*Service)(nil)

// Mount registers the jobs.
func (s *Service) Mount() {
	s.Queue.Handle(JobLetter, LetterPolicy, s.deliver)
	s.Queue.Handle(JobCode, CodePolicy, s.deliver)
}

// stored is a delivery with its message.
type stored struct {
	id, messageID string
	channel       messageapi.Channel
	address       string
	state         State
	pin           string
	subject, body text.Words
	lang          text.Lang
	link          string
	secret        bool
	erased        bool
	created       time.Time
}
