package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/sanarip/sanarip/kit/id"
)

// Receiver is the demo's mail server: it listens on the loopback alone, on a
// port that the system chooses, and puts what arrives into the box.
type Receiver struct {
	Address string // host:port
	server  *smtp.Server
}

// Listen starts the receiver.
func Listen(ctx context.Context, box *Box, log *slog.Logger) (*Receiver, error) {
	var bind net.ListenConfig
	listener, err := bind.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &conversation{box: box}, nil }))
	server.Domain = "localhost"
	server.ReadTimeout, server.WriteTimeout = 10*time.Second, 10*time.Second
	server.MaxMessageBytes, server.MaxRecipients = 1<<20, 10
	go func() {
		if err := server.Serve(listener); err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			log.Warn("the demo's mail receiver ended", "system", "message", "error", err.Error())
		}
	}()
	return &Receiver{Address: listener.Addr().String(), server: server}, nil
}

// Close stops listening.
func (r *Receiver) Close() error { return r.server.Close() }

// conversation is one SMTP session.
type conversation struct {
	box *Box
	to  []string
}

// Mail implements smtp.Session.
func (c *conversation) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt implements smtp.Session.
func (c *conversation) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.to = append(c.to, to)
	return nil
}

// Reset implements smtp.Session.
func (c *conversation) Reset() { c.to = nil }

// Logout implements smtp.Session.
func (c *conversation) Logout() error { return nil }

// Data implements smtp.Session.
func (c *conversation) Data(r io.Reader) error {
	item, err := read(r)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "the letter cannot be read"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for n, to := range c.to {
		one := item
		one.Address = to
		if n > 0 {
			one.ID = fmt.Sprintf("%s-%d", item.ID, n)
		}
		if err := c.box.put(ctx, one); err != nil {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "not kept, try again"}
		}
	}
	return nil
}

var lastLink = regexp.MustCompile(`\n\s*(https?://\S+)\s*$`)

// read takes a plain text letter apart (RFC 5322, RFC 2045).
func read(r io.Reader) (Item, error) {
	letter, err := mail.ReadMessage(r)
	if err != nil {
		return Item{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(letter.Header.Get("Subject"))
	if err != nil {
		return Item{}, err
	}
	body := letter.Body
	if strings.EqualFold(letter.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return Item{}, err
	}
	item := Item{ID: strings.Trim(letter.Header.Get("Message-Id"), "<>"), Channel: "email", Subject: subject, Body: strings.ReplaceAll(string(data), "\r\n", "\n")}
	item.ID, _, _ = strings.Cut(item.ID, "@")
	if item.ID == "" || len(item.ID) > 100 {
		item.ID = id.New()
	}
	if m := lastLink.FindStringSubmatch(item.Body); m != nil {
		item.Link, item.Body = m[1], strings.TrimSuffix(item.Body, m[0])
	}
	item.Body = strings.TrimSpace(item.Body)
	return item, nil
}
