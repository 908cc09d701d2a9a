// Package inbox is the demo's: it shows what would have reached people's phones
// and mail programs. It exists only when the program runs as a demo.
package inbox

import (
	"context"
	"regexp"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/message/internal/carrier"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// Item is something that arrived.
type Item struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
	Address string    `json:"address"`
	PIN     string    `json:"pin,omitempty"` // of the demo person whose address it is
	Name    string    `json:"name,omitempty"`
	Subject string    `json:"subject"`
	Body    string    `json:"body"`
	Code    string    `json:"code,omitempty"` // the one-time code in it
	Link    string    `json:"link,omitempty"`
}

// Box keeps what arrives.
type Box struct {
	DB    *db.DB
	Clock clock.Clock
	// Bot answers a line in a chat as the Telegram bot would.
	Bot func(ctx context.Context, chat, line, language string) string
}

// Way is a phone or a messenger of the demo: a carrier straight into the box.
type Way struct {
	Box     *Box
	Channel messageapi.Channel
}

// Carry implements carrier.Carrier.
func (w Way) Carry(ctx context.Context, l carrier.Letter) error {
	return w.Box.put(ctx, Item{ID: l.ID, Channel: string(w.Channel), Address: l.Address, Subject: l.Subject, Body: l.Body, Link: l.Link})
}

var sixDigits = regexp.MustCompile(`(?:^|[^0-9])([0-9]{6})(?:[^0-9]|$)`)

// codeIn finds the one-time code of six digits.
func codeIn(s string) string {
	if m := sixDigits.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// owner is the demo person whose address it is.
func owner(address string) (pin, name string) {
	for _, p := range demo.People() {
		if address != "" && (p.Email == address || p.Phone == address) {
			return p.PIN, p.Name()
		}
	}
	return "", ""
}
