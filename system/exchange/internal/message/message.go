// Package message passes messages on by the X-Road REST message protocol: it
// knows who asks, whether they may, writes both halves into the message log
// and gives the answer with the headers by which it can be proven. The same
// service plays the consumer's and the provider's security server.
package message

import (
	"context"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
	"github.com/sanarip/sanarip/system/exchange/internal/right"
)

// Service answers /r1/… and the metadata addresses.
type Service struct {
	Rights right.Rights
	Log    *record.Log
	Clock  clock.Clock
	Slog   *slog.Logger
	HTTP   *http.Client
	// Sites are the providers' addresses by system, KeyOf the key that each
	// shares with the exchange.
	Sites map[string]string
	KeyOf func(system string) string
	// Guests are other information systems, with their addresses.
	Guests Guests
	// Timeout is how long a provider may take; 0: 12 s, less than consumers wait.
	Timeout time.Duration
	// Observe is told of every message, for metrics; may be nil.
	Observe func(client, provider, service, outcome string, took time.Duration)
}

// New makes the service from what the program hands the exchange.
func New(env host.Env, rights right.Rights, log *record.Log, guests Guests) *Service {
	return &Service{
		Rights: rights, Log: log, Clock: env.Clock, Slog: env.Log, HTTP: env.HTTP, Sites: env.Sites, KeyOf: env.ExchangeKeyOf, Guests: guests,
	}
}

// Types of X-Road errors that are made here. Client.* are answered with 400,
// Server.* with 500.
const (
	badRequest     = "Client.BadRequest"
	tooLarge       = "Client.MessageTooLarge"
	authentication = "Client.SslAuthenticationFailed" // X-Road's name; here the key takes the certificate's place
	unknownMember  = "Server.ClientProxy.UnknownMember"
	unknownService = "Server.ServerProxy.UnknownService"
	accessDenied   = "Server.ServerProxy.AccessDenied"
	network        = "Server.ServerProxy.NetworkError"
	timedOut       = "Server.ServerProxy.ServiceFailed.Timeout"
	answerTooLarge = "Server.ServerProxy.ServiceFailed.MessageTooLarge"
	loggingFailed  = "Server.ServerProxy.LoggingFailed"
	internal       = "Server.ClientProxy.InternalError"
)

// refusal is an X-Road error in the making.
type refusal struct {
	kind    string
	message string
	cause   error // for our log
}

func refuse(kind, message string, cause error) *refusal { return &refusal{kind, message, cause} }

// authenticate knows the client by the key that it shares with the exchange:
// whoever does not hold it cannot speak in its name.
func (s *Service) authenticate(r *http.Request) (exchangeapi.Subsystem, *refusal) {
	values := r.Header.Values(exchangeapi.HeaderClient)
	if len(values) != 1 {
		return exchangeapi.Subsystem{}, refuse(badRequest, "X-Road-Client must be given once", nil)
	}
	client, err := exchangeapi.ParseSubsystem(values[0])
	if err != nil {
		return exchangeapi.Subsystem{}, refuse(badRequest, "X-Road-Client: "+err.Error(), err)
	}
	key := ""
	if s.known(client) {
		key = s.shared(client)
	}
	given := r.Header.Get(exchangeapi.HeaderKey)
	// The same comparison for an unknown client, so that time tells nothing.
	same := subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+key)) == 1
	if key == "" || !same {
		return exchangeapi.Subsystem{}, refuse(authentication, "The client could not be authenticated", nil)
	}
	return client, nil
}

// target reads what the path names and keeps it from leading elsewhere.
func target(r *http.Request) (exchangeapi.Target, *refusal) {
	t, err := exchangeapi.ParsePath(r.URL.EscapedPath())
	if err != nil {
		return t, refuse(badRequest, err.Error(), err)
	}
	if !safeRest(t.Rest) {
		return t, refuse(badRequest, "the path after the service leads out of it", nil)
	}
	return t, nil
}

// safeRest refuses a rest of the path that a server behind might resolve to
// something else than what the rights were asked for.
func safeRest(rest string) bool {
	if len(rest) > 2000 {
		return false
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(rest, "/"), "/") {
		decoded, ok := fullyDecoded(segment)
		if !ok || decoded == "." || decoded == ".." || strings.ContainsAny(decoded, "/\\\x00\r\n") {
			return false
		}
	}
	return true
}

// allow asks the rights; what is not allowed is refused.
func (s *Service) allow(ctx context.Context, client exchangeapi.Subsystem, t exchangeapi.Target, method string) (string, *refusal) {
	if !s.known(t.Provider) {
		return "", refuse(unknownMember, "Could not find addresses for service provider "+t.Provider.String(), nil)
	}
	endpoint, ok, err := s.Rights.Allow(ctx, client, t, method)
	if err != nil {
		return "", refuse(internal, "The rights could not be read", err)
	}
	if ok {
		return endpoint, nil
	}
	if !s.gives(t.Provider, t.Service) {
		if any, err := s.Rights.AllowedService(ctx, client, t.Provider, t.Service); err == nil && !any {
			return "", refuse(unknownService, "Unknown service: SERVICE:"+t.Provider.String()+"/"+t.Service, nil)
		}
	}
	return "", refuse(accessDenied, "Request is not allowed: SERVICE:"+t.Provider.String()+"/"+t.Service, nil)
}
