package operator

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/exchange/internal/contract"
	"github.com/sanarip/sanarip/system/exchange/internal/record"
)

const logPage = 50 // messages on a page of the log

type logData struct {
	form    *page.Form
	records []record.Record
	next    string // address of the older page, "" for none
}

// filtered says that only some messages are asked for.
func (v logData) filtered() bool {
	return slices.ContainsFunc([]string{"client", "provider", "service", "id", "failed"}, func(name string) bool { return v.form.Get(name) != "" })
}

func (d *Desk) log(w http.ResponseWriter, r *http.Request) error {
	data := logData{form: page.QueryForm(r)}
	f := record.Filter{
		Client: systemIn(data.form, "client"), Provider: systemIn(data.form, "provider"), Service: data.form.Text("service", 100),
		Failed: data.form.Get("failed") == "1", ID: data.form.Text("id", 255), Limit: logPage + 1,
	}
	f.Before, _ = strconv.ParseInt(data.form.Get("before"), 10, 64)
	var err error
	if data.records, err = d.Log.Search(r.Context(), f); err != nil {
		return err
	}
	if len(data.records) > logPage {
		data.records = data.records[:logPage]
		q := r.URL.Query()
		q.Del("lang")
		q.Set("before", strconv.FormatInt(data.records[logPage-1].Sequence, 10))
		data.next = "/log?" + q.Encode()
	}
	return page.Render(w, r, http.StatusOK, logListPage(data))
}

func systemIn(form *page.Form, name string) string {
	if s, ok := exchangeapi.Systems[form.Get(name)]; ok {
		return s.String()
	}
	return ""
}

func systemOptions(ctx context.Context, chosen string) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "exchange.any")}}
	for _, name := range names() {
		options = append(options, design.Option{Value: name, Label: title(ctx, name), Selected: name == chosen})
	}
	return options
}

func serviceOptions(ctx context.Context, chosen string) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "exchange.any")}}
	seen := map[string]bool{}
	for _, e := range contract.All {
		if !seen[e.Service] {
			seen[e.Service] = true
			options = append(options, design.Option{Value: e.Service, Label: e.Service, Selected: e.Service == chosen})
		}
	}
	return options
}

func (d *Desk) message(w http.ResponseWriter, r *http.Request) error {
	m, err := d.Log.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	related, err := d.Log.Search(r.Context(), record.Filter{ID: m.QueryID, Limit: 20})
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, messagePage(m, related))
}

func (d *Desk) checkChain(w http.ResponseWriter, r *http.Request) error {
	verdict, err := d.Log.Verify(r.Context())
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, chainPage(verdict))
}

func (d *Desk) rights(w http.ResponseWriter, r *http.Request) error {
	rights, err := d.Rights.All(r.Context())
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, rightsPage(rights))
}

// causeKey is the sentence for an X-Road error. The spelling of types changed
// with X-Road 7.8: compared in lower case without underscores.
func causeKey(kind string) string {
	switch normal := strings.ReplaceAll(strings.ToLower(kind), "_", ""); {
	case normal == "server.serverproxy.accessdenied":
		return "exchange.cause.denied"
	case normal == "server.serverproxy.unknownservice", normal == "server.clientproxy.unknownmember":
		return "exchange.cause.unknown"
	case strings.HasSuffix(normal, ".timeout"):
		return "exchange.cause.slow"
	case normal == "server.serverproxy.networkerror":
		return "exchange.cause.away"
	case strings.HasSuffix(normal, "messagetoolarge"):
		return "exchange.cause.large"
	case strings.Contains(normal, "logging"):
		return "exchange.cause.log"
	case normal == "client.sslauthenticationfailed":
		return "exchange.cause.key"
	case strings.HasPrefix(normal, "client."):
		return "exchange.cause.request"
	}
	return "exchange.cause.other"
}

// explain is the sentence for the last error of a job.
func explain(err string) string {
	for _, kind := range []string{
		"Server.ServerProxy.AccessDenied", "Server.ServerProxy.UnknownService", "Server.ClientProxy.UnknownMember",
		"Server.ServerProxy.ServiceFailed.Timeout", "Server.ServerProxy.NetworkError", "MessageTooLarge", "LoggingFailed",
		"Client.SslAuthenticationFailed", "Client.BadRequest",
	} {
		if strings.Contains(err, kind) {
			return causeKey(kind)
		}
	}
	switch {
	case strings.Contains(err, "kit.neighbor_away"), strings.Contains(err, "connection refused"):
		return "exchange.cause.away"
	case strings.Contains(err, "kit.bad_neighbor"):
		return "exchange.cause.garbage"
	case strings.Contains(err, "kit.disk_full"), strings.Contains(err, "kit.store_away"):
		return "exchange.cause.store"
	}
	return "exchange.cause.other"
}

// next is when the job will be tried again.
func next(j Troubled) string {
	if j.State == job.Ready {
		return second(j.RunAt)
	}
	return "—"
}

func excerpt(s string) string {
	if r := []rune(s); len(r) > 140 {
		return string(r[:140]) + "…"
	}
	return s
}

func bytesText(n int64) string { return strconv.FormatInt(n, 10) }

// person says whether somebody acted, never who: the log keeps the ПИН for the
// person's own question and for a court.
func person(ctx context.Context, m record.Record) string {
	if m.UserID == "" {
		return text.T(ctx, "exchange.no_person")
	}
	return text.T(ctx, "exchange.some_person")
}
