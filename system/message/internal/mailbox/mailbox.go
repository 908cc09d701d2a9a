// Package mailbox is a person's own letters from the state.
package mailbox

import (
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/text"
)

// Pages are the mailbox's.
type Pages struct {
	DB       *db.DB
	Clock    clock.Clock
	Sessions *session.Store
	Demo     bool
}

// Letter is a message in the mailbox.
type Letter struct {
	ID      string
	Sender  string
	Subject text.Words
	Body    text.Words
	Link    string
	At      time.Time
	Read    bool
	Ways    []Way
}

// Way is how else the letter went out.
type Way struct {
	Channel string
	State   string
	Reason  string
	At      time.Time
}

// in gives the words in the language, or in any that has some.
func in(w text.Words, l text.Lang) string {
	if s := w.In(l); s != "" {
		return s
	}
	return w.KY
}
