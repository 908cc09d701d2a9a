package identity_test

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/message/messageapi"
)

// inbox is the message system.
type inbox struct {
	mu       sync.Mutex
	messages []messageapi.Message
	ever     []messageapi.Message // also what was cleared
	arrived  func()               // waits for what is on its way
}

func (i *inbox) Send(_ context.Context, m messageapi.Message) (messageapi.Receipt, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.messages = append(i.messages, m)
	i.ever = append(i.ever, m)
	return messageapi.Receipt{ID: m.ID}, nil
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

// code is the last code sent to the address.
func (i *inbox) code(t *testing.T, address string) string {
	t.Helper()
	i.arrived()
	for range 1500 {
		i.mu.Lock()
		for n := len(i.messages) - 1; n >= 0; n-- {
			if m := i.messages[n]; m.Address == address && m.Secret {
				i.mu.Unlock()
				return sixDigits.FindString(m.Body.RU)
			}
		}
		i.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("no code came to %s", address)
	return ""
}

// clear throws away what came and what is on its way: what comes later was sent later.
func (i *inbox) clear() {
	i.arrived()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.messages = nil
}

// has says whether a message with the subject came.
func (i *inbox) has(subject string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, m := range i.messages {
		if m.Subject.RU == subject {
			return true
		}
	}
	return false
}
