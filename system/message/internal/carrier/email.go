package carrier

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

// Email hands letters to an SMTP server (RFC 5321).
type Email struct {
	Address  string // host:port
	From     string
	FromName string
	User     string // "" without sign-in
	Password string
	TLS      string // required, opportunistic, none; "" is required
	Timeout  time.Duration
}

// Carry implements Carrier. An answer of 5xx to the recipient means unreachable,
// everything else is tried again.
func (e Email) Carry(ctx context.Context, l Letter) error {
	m := mail.NewMsg()
	if err := m.FromFormat(e.FromName, e.From); err != nil {
		return fmt.Errorf("the sender's address is no address: %w", err)
	}
	if err := m.To(l.Address); err != nil {
		return ErrUnreachable
	}
	m.Subject(l.Subject)
	m.SetDate()
	m.SetMessageIDWithValue(l.ID + "@sanarip")
	body := l.Body
	if l.Link != "" {
		body += "\n\n" + l.Link
	}
	m.SetBodyString(mail.TypeTextPlain, body+"\n")
	client, err := e.client()
	if err != nil {
		return err
	}
	timeout := e.Timeout
	if timeout == 0 {
		timeout = 20 * time.Second
	}
	// The whole conversation has this long; the library's own limit is for one
	// step of it, and a server that drips bytes keeps within every step.
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- client.DialAndSendWithContext(ctx, m) }()
	select {
	case err = <-done:
	case <-ctx.Done():
		return fmt.Errorf("the mail server was too slow: %w", ctx.Err())
	}
	if err == nil {
		return nil
	}
	if m.HasSendError() && !m.SendErrorIsTemp() && refusedRecipient(m) {
		return hide(fmt.Errorf("%w: %w", ErrUnreachable, err), l)
	}
	return hide(err, l)
}

func (e Email) client() (*mail.Client, error) {
	host, port, err := net.SplitHostPort(e.Address)
	if err != nil {
		return nil, fmt.Errorf("smtp_address: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("smtp_address: %w", err)
	}
	policy := mail.TLSMandatory
	switch e.TLS {
	case "opportunistic":
		policy = mail.TLSOpportunistic
	case "none":
		policy = mail.NoTLS
	}
	options := []mail.Option{mail.WithPort(number), mail.WithTLSPolicy(policy), mail.WithTimeout(10 * time.Second)}
	if e.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(e.User), mail.WithPassword(e.Password))
	}
	return mail.NewClient(host, options...)
}

// refusedRecipient says that the server refused the recipient, not us.
func refusedRecipient(m *mail.Msg) bool {
	sent, ok := m.SendError().(*mail.SendError) //nolint:errorlint // the library gives it bare
	return ok && sent.Reason == mail.ErrSMTPRcptTo
}
