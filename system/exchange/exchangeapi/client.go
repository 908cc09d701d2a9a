package exchangeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/id"
)

// MaxMessage bounds a message's body in bytes, either way.
const MaxMessage = 8 << 20

// Client calls other systems through the exchange, as one subsystem.
type Client struct {
	Self    Subsystem
	Address string        // where the exchange is: http://tunduk.localhost:8080
	Key     string        // shared with the exchange
	HTTP    *http.Client  // may run in the process itself; nil: over the network, following no redirect
	Timeout time.Duration // of one call; 0: 15 s
}

// Call is one request to a service of another system.
type Call struct {
	Provider Subsystem
	Service  string // service code: "treated-cases"
	Method   string // "" is POST
	Path     string // rest of the path with its leading slash; never a person's data
	Body     any    // sent as JSON; nil for none
	ID       string // X-Road-Id, by which the provider knows a repetition; "": a new one
	User     string // X-Road-UserId: ПИН of the person who acts; "" for a system by itself
	Issue    string // X-Road-Issue: why, a code such as "treatment", or a case's number
}

// network follows no redirect: it would take the exchange's key elsewhere.
var network = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Do sends the call and reads the answer into out (nil: dropped). A provider's
// own error comes back as the *fail.Error it was. When the exchange or the
// provider is away, slow, or answers what cannot be read, the error is
// fail.Unavailable or fail.BadNeighbor with the cause for the log.
func (c *Client) Do(ctx context.Context, call Call, out any) error {
	timeout := c.Timeout
	if timeout == 0 {
		timeout = 15 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := c.request(ctx, call)
	if err != nil {
		return err
	}
	client := c.HTTP
	if client == nil {
		client = network
	}
	response, err := client.Do(request)
	if err != nil {
		return fail.Wrap(fmt.Errorf("exchange call to %s/%s: %w", call.Provider.Code, call.Service, err), fail.Unavailable, "kit.neighbor_away")
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxMessage+1))
	if err != nil {
		return fail.Wrap(err, fail.Unavailable, "kit.neighbor_away")
	}
	if len(body) > MaxMessage {
		return fail.New(fail.BadNeighbor, "kit.bad_neighbor")
	}
	if response.StatusCode >= 300 {
		return c.failure(call, response, body)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fail.Wrap(fmt.Errorf("answer of %s/%s: %w", call.Provider.Code, call.Service, err), fail.BadNeighbor, "kit.bad_neighbor")
	}
	return nil
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	method := call.Method
	if method == "" {
		method = http.MethodPost
	}
	var body io.Reader = http.NoBody
	if call.Body != nil {
		data, err := json.Marshal(call.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	target := Target{Provider: call.Provider, Service: call.Service, Rest: call.Path}
	request, err := http.NewRequestWithContext(ctx, method, c.Address+target.Path(), body)
	if err != nil {
		return nil, err
	}
	if call.ID == "" {
		call.ID = id.New()
	}
	h := request.Header
	h.Set(HeaderClient, c.Self.String())
	h.Set(HeaderID, call.ID)
	h.Set(HeaderKey, "Bearer "+c.Key)
	h.Set("Accept", "application/json")
	if call.Body != nil {
		h.Set("Content-Type", "application/json")
	}
	if call.User != "" {
		h.Set(HeaderUser, call.User)
	}
	if call.Issue != "" {
		h.Set(HeaderIssue, call.Issue)
	}
	return request, nil
}

// failure tells an error of the exchange (X-Road-Error) from one of the provider.
func (c *Client) failure(call Call, response *http.Response, body []byte) error {
	where := call.Provider.Code + "/" + call.Service
	if response.Header.Get(HeaderError) != "" {
		var e Error
		if err := json.Unmarshal(body, &e); err != nil {
			return fail.Wrap(fmt.Errorf("exchange error %d for %s", response.StatusCode, where), fail.Unavailable, "kit.neighbor_away")
		}
		cause := fmt.Errorf("exchange call to %s: %w (%s)", where, &e, e.Detail)
		if AccessDenied(&e) {
			return fail.Wrap(cause, fail.Forbidden, "kit.exchange_denied")
		}
		return fail.Wrap(cause, fail.Unavailable, "kit.neighbor_away")
	}
	var p problem
	if err := json.Unmarshal(body, &p); err != nil || p.Kind == "" {
		return fail.Wrap(fmt.Errorf("%s answered %d without a reason", where, response.StatusCode), fail.BadNeighbor, "kit.bad_neighbor")
	}
	return &fail.Error{
		Kind: p.Kind, Key: p.Key, Args: p.Args, Findings: p.Findings,
		Cause: errors.New(where + ": " + p.Key),
	}
}

// AccessDenied says that the exchange refused the right. The spelling of the
// type changed with X-Road 7.8: compare in lower case without underscores.
func AccessDenied(e *Error) bool {
	normal := strings.ReplaceAll(strings.ToLower(e.Type), "_", "")
	return normal == "server.serverproxy.accessdenied"
}

// problem is how a provider's *fail.Error travels.
type problem struct {
	Kind     fail.Kind      `json:"kind"`
	Key      string         `json:"key"`
	Args     map[string]any `json:"args,omitempty"`
	Findings []fail.Finding `json:"findings,omitempty"`
}

// NewClient makes the client of a system from what the program hands it.
func NewClient(env host.Env, self Subsystem) *Client {
	return &Client{Self: self, Address: env.ExchangeAddress, Key: env.ExchangeKey, HTTP: env.HTTP}
}
