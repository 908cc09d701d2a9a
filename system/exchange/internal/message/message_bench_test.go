package message_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/message"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
	"github.com/sanarip/sanarip/system/exchange/internal/right"
	"github.com/sanarip/sanarip/system/exchange/migration"
)

// question is a call of a common size: a kilobyte there, a little back.
type question struct {
	Text string `json:"text"`
}

// call asks the provider once.
type call func(ctx context.Context, q question) error

// One call after another: client, rights, record, provider, record, client, all
// over HTTP. The reference calls the same provider itself, which logs nothing.
func BenchmarkExchange(b *testing.B) {
	engines(b, func(b *testing.B, through, _ call) { oneByOne(b, through) })
}

func BenchmarkExchangeReference(b *testing.B) {
	engines(b, func(b *testing.B, _, straight call) { oneByOne(b, straight) })
}

// Many at once: records that come together share a transaction.
func BenchmarkExchangeParallel(b *testing.B) {
	engines(b, func(b *testing.B, through, _ call) { atOnce(b, through) })
}

func BenchmarkExchangeParallelReference(b *testing.B) {
	engines(b, func(b *testing.B, _, straight call) { atOnce(b, straight) })
}

func oneByOne(b *testing.B, ask call) {
	q := question{string(bytes.Repeat([]byte("a"), 1000))}
	for b.Loop() {
		if err := ask(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
}

func atOnce(b *testing.B, ask call) {
	q := question{string(bytes.Repeat([]byte("a"), 1000))}
	b.SetParallelism(16) // times the processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := ask(b.Context(), q); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func engines(b *testing.B, run func(b *testing.B, through, straight call)) {
	each := func(d *db.DB) {
		through, straight := road(b, d)
		b.Run(string(d.Dialect), func(b *testing.B) { run(b, through, straight) })
	}
	each(dbtest.SQLite(b, "exchange", migration.Sets...))
	each(dbtest.Open(b, dbtest.Postgres(b), "exchange", migration.Sets...)) // skips what follows where there is none
}

// road is an exchange and a provider behind it, and the two ways to the provider.
func road(b *testing.B, d *db.DB) (through, straight call) {
	b.Helper()
	rights := right.Rights{DB: d, Clock: clock.System{}}
	if err := rights.Seed(b.Context()); err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	provider := exchangeapi.NewProvider(exchangeapi.Insurance, key("insurance"), log)
	exchangeapi.Serve(provider, "treated-cases", "/submit", func(_ context.Context, q question) (question, error) { return q, nil })
	behind := httptest.NewServer(provider)
	b.Cleanup(behind.Close)
	client := inproc.New(nil).Client()
	exchange := httptest.NewServer(&message.Service{
		Rights: rights, Log: record.New(d), Clock: clock.System{}, Slog: log, HTTP: client, KeyOf: key,
		Sites: map[string]string{"insurance": behind.URL},
	})
	b.Cleanup(exchange.Close)

	card := exchangeapi.Client{Self: exchangeapi.Card, Address: exchange.URL, Key: key("card"), HTTP: client}
	through = func(ctx context.Context, q question) error {
		var answer question
		return card.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Insurance, Service: "treated-cases", Path: "/submit", Body: q}, &answer)
	}
	straight = func(ctx context.Context, q question) error {
		body, err := json.Marshal(q)
		if err != nil {
			return err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, behind.URL+"/exchange/treated-cases/submit", bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set(exchangeapi.HeaderClient, exchangeapi.Card.String())
		request.Header.Set(exchangeapi.HeaderKey, "Bearer "+key("insurance"))
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		data, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		var answer question
		return json.Unmarshal(data, &answer)
	}
	return through, straight
}
