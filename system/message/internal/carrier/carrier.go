// Package carrier takes a letter to the world outside: by e-mail, SMS or
// Telegram. Each way is an interface because its provider is somebody else's.
package carrier

import (
	"context"
	"errors"
	"strings"
)

// Letter is what is carried, in one language.
type Letter struct {
	ID      string // of the delivery: the receiver may know a repetition by it
	Address string
	Subject string
	Body    string
	Link    string
}

// Carrier is one way. An error means: again later, unless it is Unreachable.
type Carrier interface {
	Carry(ctx context.Context, l Letter) error
}

// ErrUnreachable says that this address will never take this letter.
var ErrUnreachable = errors.New("the address does not take the letter")

// Text is subject, body and link as one text, for ways without a subject.
func (l Letter) Text() string {
	parts := []string{}
	for _, part := range []string{l.Subject, l.Body, l.Link} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n")
}

// hide keeps the person's address out of errors, which go to logs and to the
// operator's page.
func hide(err error, l Letter) error {
	if err == nil || l.Address == "" || !strings.Contains(err.Error(), l.Address) {
		return err
	}
	hidden := errors.New(strings.ReplaceAll(err.Error(), l.Address, "•••"))
	if errors.Is(err, ErrUnreachable) {
		return errors.Join(ErrUnreachable, hidden)
	}
	return hidden
}
