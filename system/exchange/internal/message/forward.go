package message

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
)

// exchange is one message on its way.
type exchange struct {
	record  record.Record
	client  exchangeapi.Subsystem
	target  exchangeapi.Target
	hash    string // of the request
	request *http.Request
	body    []byte
}

// answer is what the provider said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ServeHTTP takes a message: {method} /r1/{instance}/{class}/{member}/{subsystem}/{service}[/path][?query].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r}
	x.record = record.Record{Kind: record.Request, RequestID: id.New(), Method: r.Method, StartedAt: s.Clock.Now()}
	began := time.Now()
	client, refused := s.authenticate(r)
	if refused != nil {
		// Nobody we know spoke: nothing of theirs goes into the log but that it happened.
		s.error(w, x, refused, began)
		return
	}
	x.client, x.record.Client = client, client.String()
	if refused = s.read(w, x); refused == nil {
		if x.target.Service == "listMethods" || x.target.Service == "allowedMethods" || x.target.Service == "getOpenAPI" {
			s.metadata(w, x)
			return
		}
		x.record.Endpoint, refused = s.allow(r.Context(), client, x.target, r.Method)
	}
	if refused != nil {
		s.error(w, x, refused, began)
		return
	}
	forward := s.prepare(x)
	if err := s.Log.Append(r.Context(), x.record); err != nil {
		s.error(w, x, refuse(loggingFailed, "The message could not be logged", err), began)
		return
	}
	a, refused := s.ask(r.Context(), x, forward)
	if refused != nil {
		s.error(w, x, refused, began)
		return
	}
	s.give(w, x, a, began)
}

// read takes the target, the client's headers and the body.
func (s *Service) read(w http.ResponseWriter, x *exchange) *refusal {
	var refused *refusal
	var ok bool
	r := x.request
	if x.record.QueryID, ok = given(r, exchangeapi.HeaderID); !ok {
		return refuse(badRequest, "X-Road-Id is too long or has a character that is not allowed", nil)
	}
	if x.record.QueryID == "" {
		x.record.QueryID = id.New()
	}
	if x.record.UserID, ok = given(r, exchangeapi.HeaderUser); !ok {
		return refuse(badRequest, "X-Road-UserId is too long or has a character that is not allowed", nil)
	}
	if x.record.Issue, ok = given(r, exchangeapi.HeaderIssue); !ok {
		return refuse(badRequest, "X-Road-Issue is too long or has a character that is not allowed", nil)
	}
	if x.target, refused = target(r); refused != nil {
		return refused
	}
	x.record.Provider, x.record.Service = x.target.Provider.String(), x.target.Service
	if r.Header.Get("Upgrade") != "" {
		return refuse(badRequest, "only synchronous requests pass", nil)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, exchangeapi.MaxMessage))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return refuse(tooLarge, "The message is larger than "+strconv.Itoa(exchangeapi.MaxMessage)+" bytes", nil)
		}
		return refuse(badRequest, "The message could not be read", err)
	}
	x.body, x.record.RequestBytes = body, int64(len(body))
	return nil
}

// prepare makes the headers that the provider will see, and the hash over them.
func (s *Service) prepare(x *exchange) http.Header {
	h := passed(x.request.Header, setOnRequest...)
	h.Set(exchangeapi.HeaderID, x.record.QueryID)
	h.Set(exchangeapi.HeaderRequestID, x.record.RequestID)
	path := x.request.URL.EscapedPath()
	if x.request.URL.RawQuery != "" {
		path += "?" + x.request.URL.RawQuery
	}
	x.hash = Hash(x.request.Method, path, h, x.body)
	x.record.RequestHash = x.hash
	return h
}

// ask calls the provider, which is met at its site under /exchange/.
func (s *Service) ask(ctx context.Context, x *exchange, h http.Header) (*answer, *refusal) {
	site := s.site(x.target.Provider)
	if site == "" {
		return nil, refuse(network, "The provider's address is not known", nil)
	}
	address := strings.TrimSuffix(site, "/") + "/exchange/" + url.PathEscape(x.target.Service) + x.target.Rest
	if x.request.URL.RawQuery != "" {
		address += "?" + x.request.URL.RawQuery
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 12 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var body io.Reader = http.NoBody
	if len(x.body) > 0 {
		body = bytes.NewReader(x.body)
	}
	request, err := http.NewRequestWithContext(ctx, x.request.Method, address, body)
	if err != nil {
		return nil, refuse(badRequest, "The request could not be passed on", err)
	}
	request.Header = h.Clone()
	request.Header["User-Agent"] = nil // none at all
	request.Header.Set(exchangeapi.HeaderKey, "Bearer "+s.shared(x.target.Provider))
	client := *s.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return nil, unanswered(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, exchangeapi.MaxMessage+1))
	if err != nil {
		return nil, unanswered(ctx, err)
	}
	if response.StatusCode == http.StatusMisdirectedRequest {
		// A server is there, but the provider does not run on it (RFC 9110, 15.5.20).
		return nil, refuse(network, "The provider does not run at its address", nil)
	}
	if len(data) > exchangeapi.MaxMessage {
		return nil, refuse(answerTooLarge, "The provider's answer is larger than "+strconv.Itoa(exchangeapi.MaxMessage)+" bytes", nil)
	}
	return &answer{response.StatusCode, response.Header, data}, nil
}

func unanswered(ctx context.Context, err error) *refusal {
	var slow net.Error
	if ctx.Err() != nil || (errors.As(err, &slow) && slow.Timeout()) {
		return refuse(timedOut, "The provider did not answer in time", err)
	}
	return refuse(network, "The provider could not be reached or did not speak HTTP", err)
}

// give writes the answer into the log and only then hands it over.
func (s *Service) give(w http.ResponseWriter, x *exchange, a *answer, began time.Time) {
	h := passed(a.header, setOnAnswer...)
	h.Set(exchangeapi.HeaderClient, x.record.Client)
	h.Set(exchangeapi.HeaderID, x.record.QueryID)
	h.Set(exchangeapi.HeaderService, x.record.Provider+"/"+url.PathEscape(x.record.Service))
	h.Set(exchangeapi.HeaderRequestID, x.record.RequestID)
	h.Set(exchangeapi.HeaderRequestHash, x.hash)
	if a.status < 200 || a.status > 599 {
		s.error(w, x, refuse(network, "The provider answered with a status that HTTP does not have", nil), began)
		return
	}
	x.record.Status, x.record.ResponseBytes = a.status, int64(len(a.body))
	x.record.ResponseHash = answerHash(strconv.Itoa(a.status), h, a.body)
	if err := s.closed(x, began); err != nil {
		s.error(w, x, refuse(loggingFailed, "The answer could not be logged", err), began)
		return
	}
	out := w.Header()
	for name, values := range h {
		out[name] = values
	}
	w.WriteHeader(a.status)
	if x.request.Method != http.MethodHead {
		_, _ = w.Write(a.body)
	}
}

// closed appends the answer's record. It outlives the client: what happened is
// kept although nobody waits any more.
func (s *Service) closed(x *exchange, began time.Time) error {
	r := x.record
	r.Kind, r.Duration = record.Response, time.Since(began)
	if s.Observe != nil {
		outcome := "answered"
		if r.Error != "" {
			outcome = r.Error
		}
		s.Observe(nameOf(r.Client), nameOf(r.Provider), r.Service, outcome, r.Duration)
	}
	return s.Log.Append(context.WithoutCancel(x.request.Context()), r)
}

func nameOf(subsystem string) string {
	if parsed, err := exchangeapi.ParseSubsystem(subsystem); err == nil {
		return exchangeapi.NameOf(parsed)
	}
	return ""
}

// error answers with an X-Road error. It stands in the message log whenever a
// client is known, and in ours.
func (s *Service) error(w http.ResponseWriter, x *exchange, refused *refusal, began time.Time) {
	status := http.StatusInternalServerError
	if strings.HasPrefix(refused.kind, "Client.") {
		status = http.StatusBadRequest
	}
	cause := ""
	if refused.cause != nil {
		cause = refused.cause.Error()
	}
	s.Slog.LogAttrs(x.request.Context(), slog.LevelWarn, "exchange refused", slog.String("type", refused.kind),
		slog.String("client", nameOf(x.record.Client)), slog.String("provider", nameOf(x.record.Provider)),
		slog.String("service", x.record.Service), slog.String("request", x.record.RequestID), slog.String("error", cause))
	if x.record.Client != "" && refused.kind != loggingFailed {
		x.record.Status, x.record.Error, x.record.ErrorMessage = status, refused.kind, refused.message
		if err := s.closed(x, began); err != nil {
			s.Slog.Error("exchange error not logged", "request", x.record.RequestID, "error", err.Error())
		}
	}
	h := w.Header()
	h.Set(exchangeapi.HeaderError, refused.kind)
	if x.record.QueryID != "" {
		h.Set(exchangeapi.HeaderID, x.record.QueryID)
	}
	h.Set(exchangeapi.HeaderRequestID, x.record.RequestID)
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if x.request.Method == http.MethodHead {
		return
	}
	// As with X-Road, detail is the number under which the log knows the message.
	data, _ := json.Marshal(exchangeapi.Error{Type: refused.kind, Message: refused.message, Detail: x.record.RequestID})
	_, _ = w.Write(data)
}
