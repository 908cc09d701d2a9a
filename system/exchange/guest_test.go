package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// clinic is another information system as an engineer of its own would write it:
// net/http, the names of docs/integrate.md, nothing of ours.
type clinic struct {
	key   string       // as `sanarip exchange-key` gave it
	ill   atomic.Value // string: how it misbehaves, "" not at all
	asked atomic.Int64
	last  atomic.Pointer[http.Request]
}

func (c *clinic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.asked.Add(1)
	c.last.Store(r)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, exchangeapi.MaxMessage))
	if err != nil {
		return
	}
	if r.Header.Get("Proxy-Authorization") != "Bearer "+c.key {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	switch c.ill.Load() {
	case "slow":
		<-r.Context().Done() // until the exchange has given up
		return
	case "large":
		_, _ = io.CopyN(w, zeros{}, exchangeapi.MaxMessage+1)
		return
	case "gone":
		panic(http.ErrAbortHandler)
	case "elsewhere":
		http.Redirect(w, r, "http://elsewhere.test/steal", http.StatusTemporaryRedirect)
		return
	case "refuses":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"kind":"invalid","key":"kit.invalid","findings":[{"field":"organisation","key":"kit.field.required"}]}`)
		return
	}
	if r.URL.Path != "/exchange/referrals/capacity" {
		http.NotFound(w, r)
		return
	}
	var in struct {
		Organisation string `json:"organisation"`
	}
	if json.Unmarshal(body, &in) != nil || in.Organisation == "" {
		http.Error(w, "no organisation", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `[{"organisation":"`+in.Organisation+`","department":"18","profile":"Терапия","beds":12,"free":5,"waiting":1}]`)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

const clinicName, otherName = "central-server/COM/70000099/clinic", "central-server/COM/70000098/laboratory"

// village is an exchange over real HTTP with two guests; no system of ours runs
// beside it.
type village struct {
	system  *System
	address string
	clinic  *clinic
}

func newVillage(t *testing.T, database string, timeout time.Duration) *village {
	t.Helper()
	v := &village{clinic: &clinic{key: key(clinicName)}}
	v.clinic.ill.Store("")
	there := httptest.NewServer(v.clinic)
	t.Cleanup(there.Close)
	sites := map[string]string{}
	for name := range exchangeapi.Systems {
		sites[name] = "http://" + name + ".localhost:1"
	}
	env := host.Env{
		Database: database, Connections: 4, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), HTTP: inproc.New(nil).Client(),
		BaseURL: sites["exchange"], Sites: sites, Issuer: sites["identity"], ExchangeAddress: sites["exchange"], ExchangeKey: key("exchange"), ExchangeKeyOf: key,
		Settings: map[string]string{"guests": "COM/70000099/clinic=" + there.URL + "; COM/70000098/laboratory=http://127.0.0.1:1"},
	}
	var err error
	if v.system, err = New(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.system.Close() })
	v.system.messages.Timeout = timeout
	server := httptest.NewServer(v.system.Handler())
	t.Cleanup(server.Close)
	v.address = server.URL
	return v
}

// call is a message as curl would send it.
func (v *village) call(t *testing.T, client, bearer, path, body string) (status int, kind, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.address+"/r1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Road-Client", client)
	r.Header.Set("Proxy-Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, 10_000))
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get(exchangeapi.HeaderError), string(data)
}

func (v *village) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	if err := v.system.db.Read.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// patience is longer than any machine takes to answer.
const patience = time.Minute

func eachVillage(t *testing.T, timeout time.Duration, run func(t *testing.T, v *village)) {
	t.Helper()
	dbtest.Both(t,
		func(t *testing.T) { run(t, newVillage(t, "sqlite:"+t.TempDir(), timeout)) },
		func(t *testing.T) { run(t, newVillage(t, dbtest.Postgres(t), timeout)) })
}

// MC-2, EX-1, EX-2: the card calls a guest through the exchange by the contract of
// referrals; the guest's answer comes back, and both halves are in the message log.
func TestTheCardCallsAGuestThroughTheExchange(t *testing.T) {
	eachVillage(t, patience, func(t *testing.T, v *village) {
		guest, err := exchangeapi.ParseSubsystem(clinicName)
		if err != nil {
			t.Fatal(err)
		}
		card := cardapi.ReferralClient{Provider: guest, Exchange: &exchangeapi.Client{Self: exchangeapi.Card, Address: v.address, Key: key("card"), HTTP: http.DefaultClient}}
		free, err := card.Capacity(t.Context(), cardapi.CapacityQuery{Organisation: "950201"})
		if err != nil || len(free) != 1 || free[0].Free != 5 || free[0].Organisation != "950201" {
			t.Fatalf("%+v, %v", free, err)
		}
		got := v.clinic.last.Load()
		if got.Header.Get(exchangeapi.HeaderClient) != exchangeapi.Card.String() || got.Header.Get(exchangeapi.HeaderID) == "" || got.Header.Get(exchangeapi.HeaderRequestID) == "" {
			t.Errorf("the guest is told %v", got.Header)
		}
		for kind, want := range map[string]string{"request": "status = 0", "response": "status = 200"} {
			if n := v.count(t, `SELECT COUNT(*) FROM message_record WHERE kind = $1 AND client = $2 AND provider = $3 AND service = 'referrals' AND `+want,
				kind, exchangeapi.Card.String(), clinicName); n != 1 {
				t.Errorf("%d records of the %s", n, kind)
			}
		}
		// What the guest refuses is the guest's answer, as it said it.
		v.clinic.ill.Store("refuses")
		if _, err := card.Capacity(t.Context(), cardapi.CapacityQuery{Organisation: "950201"}); !fail.Is(err, fail.Invalid) {
			t.Errorf("refused by the guest: %v", err)
		}
	})
}

// Whatever is wrong with a caller or a guest is said in X-Road's words, and a
// call that was anybody's is in the message log with them.
func TestWrongCallsOfGuestsAreRefusedClearly(t *testing.T) {
	eachVillage(t, patience, func(t *testing.T, v *village) {
		const capacity, body = "/referrals/capacity", `{"organisation":"950201"}`
		card := exchangeapi.Card.String()
		for name, c := range map[string]struct {
			client, key, path, ill, kind string
			status                       int
			reached, logged              bool // the guest was reached; the call is in the log
		}{
			"a wrong key":                {client: card, key: "guess", path: clinicName + capacity, kind: "Client.SslAuthenticationFailed", status: 400},
			"a key of another guest":     {client: clinicName, key: key(otherName), path: card + capacity, kind: "Client.SslAuthenticationFailed", status: 400},
			"nobody's name":              {client: "central-server/COM/70000001/nobody", key: key("x"), path: clinicName + capacity, kind: "Client.SslAuthenticationFailed", status: 400},
			"a provider nobody knows":    {client: card, key: key("card"), path: "central-server/COM/70000001/nobody" + capacity, kind: "Server.ClientProxy.UnknownMember", status: 500, logged: true},
			"a service it does not give": {client: card, key: key("card"), path: clinicName + "/patients/find", kind: "Server.ServerProxy.UnknownService", status: 500, logged: true},
			"a path out of the contract": {client: card, key: key("card"), path: clinicName + "/referrals/everything", kind: "Server.ServerProxy.AccessDenied", status: 500, logged: true},
			"a guest of another guest":   {client: otherName, key: key(otherName), path: clinicName + capacity, kind: "Server.ServerProxy.AccessDenied", status: 500, logged: true},
			"a guest of the fund":        {client: clinicName, key: key(clinicName), path: exchangeapi.Insurance.String() + "/treated-cases/submit", kind: "Server.ServerProxy.AccessDenied", status: 500, logged: true},
			"a guest that is not there":  {client: card, key: key("card"), path: otherName + capacity, kind: "Server.ServerProxy.NetworkError", status: 500, logged: true},
			"a guest that hangs up":      {client: card, key: key("card"), path: clinicName + capacity, ill: "gone", kind: "Server.ServerProxy.NetworkError", status: 500, reached: true, logged: true},
			"an answer too large":        {client: card, key: key("card"), path: clinicName + capacity, ill: "large", kind: "Server.ServerProxy.ServiceFailed.MessageTooLarge", status: 500, reached: true, logged: true},
		} {
			v.clinic.ill.Store(c.ill)
			asked, logged := v.clinic.asked.Load(), v.count(t, `SELECT COUNT(*) FROM message_record WHERE kind = 'response' AND error = $1`, c.kind)
			status, kind, answer := v.call(t, c.client, c.key, c.path, body)
			if status != c.status || kind != c.kind {
				t.Errorf("%s: %d %q, want %d %q", name, status, kind, c.status, c.kind)
			}
			var said exchangeapi.Error
			if err := json.Unmarshal([]byte(answer), &said); err != nil || said.Type != c.kind || said.Message == "" || said.Detail == "" {
				t.Errorf("%s: answered %q", name, answer)
			}
			if reached := v.clinic.asked.Load() > asked; reached != c.reached {
				t.Errorf("%s: the guest was reached: %t", name, reached)
			}
			if now := v.count(t, `SELECT COUNT(*) FROM message_record WHERE kind = 'response' AND error = $1`, c.kind); (now == logged+1) != c.logged {
				t.Errorf("%s: %d records of %s before, %d after", name, logged, c.kind, now)
			}
		}
		// A redirect is handed to the caller and never followed: a key goes nowhere else.
		v.clinic.ill.Store("elsewhere")
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		target, err := url.Parse(v.address + "/r1/" + clinicName + capacity)
		if err != nil {
			t.Fatal(err)
		}
		r := (&http.Request{Method: http.MethodPost, URL: target, Header: http.Header{
			"X-Road-Client": {card}, "Proxy-Authorization": {"Bearer " + key("card")},
		}}).WithContext(t.Context())
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("a redirect of the guest: %s", response.Status)
		}
		// A call that is too large is not passed on.
		v.clinic.ill.Store("")
		asked := v.clinic.asked.Load()
		large, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target.String(), io.LimitReader(zeros{}, exchangeapi.MaxMessage+1))
		if err != nil {
			t.Fatal(err)
		}
		large.Header = r.Header.Clone()
		answer, err := http.DefaultClient.Do(large)
		if err == nil {
			defer func() { _ = answer.Body.Close() }()
		}
		// The exchange may close the line before all is sent.
		if v.clinic.asked.Load() != asked || (err == nil && answer.Header.Get(exchangeapi.HeaderError) != "Client.MessageTooLarge") ||
			(err != nil && errors.Is(err, context.DeadlineExceeded)) {
			t.Errorf("a call too large: %v, passed on: %t", err, v.clinic.asked.Load() != asked)
		}
	})
}

// A guest that does not answer keeps nobody waiting: the call ends, and is in the log.
func TestASlowGuestIsNotWaitedForLong(t *testing.T) {
	eachVillage(t, 200*time.Millisecond, func(t *testing.T, v *village) {
		const kind = "Server.ServerProxy.ServiceFailed.Timeout"
		v.clinic.ill.Store("slow")
		status, said, answer := v.call(t, exchangeapi.Card.String(), key("card"), clinicName+"/referrals/capacity", `{"organisation":"950201"}`)
		if status != http.StatusInternalServerError || said != kind {
			t.Errorf("%d %q: %s", status, said, answer)
		}
		if n := v.count(t, `SELECT COUNT(*) FROM message_record WHERE kind = 'response' AND error = $1`, kind); n != 1 {
			t.Errorf("%d records of it", n)
		}
	})
}
