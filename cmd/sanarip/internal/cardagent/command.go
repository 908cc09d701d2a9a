package cardagent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/sanarip/sanarip/kit/inproc"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Usage of the command.
const Usage = "[new --pin ПИН --card-pin 1234 | unblock --puk PUK --card-pin 1234] [--card card.json] [--addr 127.0.0.1:6127]"

// ErrUsage says that the command line was wrong.
var ErrUsage = errors.New("see `sanarip card-agent --help`")

// errHelped says that the flags were told, and nothing else is to be done.
var errHelped = errors.New("told")

// Run is the command card-agent: the agent itself, or new or unblock.
func Run(ctx context.Context, args []string, out io.Writer) error {
	var err error
	switch {
	case len(args) > 0 && args[0] == "new":
		err = makeCard(ctx, args[1:], out)
	case len(args) > 0 && args[0] == "unblock":
		err = unblock(args[1:], out)
	default:
		err = serve(ctx, args, out)
	}
	if errors.Is(err, errHelped) {
		return nil
	}
	return err
}

func parse(name string, args []string, out io.Writer, declare func(*flag.FlagSet)) error {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the program tells what is wrong
	declare(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(out)
		flags.Usage()
		return errHelped
	} else if err != nil {
		return fmt.Errorf("%w: %w", err, ErrUsage)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s does not know %q: %w", name, flags.Arg(0), ErrUsage)
	}
	return nil
}

func makeCard(ctx context.Context, args []string, out io.Writer) error {
	var person, cardPIN, path, site, algorithm string
	err := parse("card-agent new", args, out, func(f *flag.FlagSet) {
		f.StringVar(&person, "pin", "", "ПИН of one of the demo's people")
		f.StringVar(&cardPIN, "card-pin", "", "PIN of the card, four digits")
		f.StringVar(&path, "out", "card.json", "file of the card")
		f.StringVar(&site, "site", "http://sign.localhost:8080", "address of the demo's signature service")
		f.StringVar(&algorithm, "key", "p256", "kind of the keys: p256 or rsa")
	})
	if err != nil {
		return err
	}
	number, err := pin.Parse(person)
	if err != nil {
		return errors.New("--pin is the ПИН of a person, 14 digits")
	}
	puk, err := Make(path, number, cardPIN, algorithm, func(r signatureapi.CardRequest) (signatureapi.CardCertificates, error) {
		return Ask(ctx, site, r)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: the card of %s\nPUK %s: sets a new PIN when the card is blocked\n", path, number, puk)
	return err
}

// Ask asks the demo's authority for the certificates of a card.
func Ask(ctx context.Context, site string, r signatureapi.CardRequest) (signatureapi.CardCertificates, error) {
	var certificates signatureapi.CardCertificates
	body, err := json.Marshal(r)
	if err != nil {
		return certificates, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(site, "/")+signatureapi.DemoCards, bytes.NewReader(body))
	if err != nil {
		return certificates, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := inproc.New(nil).Client().Do(request)
	if err != nil {
		return certificates, fmt.Errorf("the demo's signature service does not answer (is `sanarip run --demo` running?): %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return certificates, fmt.Errorf("%s answers %s: only the demo's people get cards", site, response.Status)
	}
	return certificates, json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&certificates)
}

func unblock(args []string, out io.Writer) error {
	var puk, cardPIN, path string
	err := parse("card-agent unblock", args, out, func(f *flag.FlagSet) {
		f.StringVar(&puk, "puk", "", "PUK of the card, eight digits")
		f.StringVar(&cardPIN, "card-pin", "", "new PIN, four digits")
		f.StringVar(&path, "card", "card.json", "file of the card")
	})
	if err != nil {
		return err
	}
	card := &Card{Path: path}
	if err := card.Unblock(puk, cardPIN); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "the card has its new PIN")
	return err
}

func serve(ctx context.Context, args []string, out io.Writer) error {
	var path, addr, origins, certificate, key string
	err := parse("card-agent", args, out, func(f *flag.FlagSet) {
		f.StringVar(&path, "card", "card.json", "file of the card; while it is not there the reader is empty")
		f.StringVar(&addr, "addr", "127.0.0.1:6127", "where to listen, on this machine")
		f.StringVar(&origins, "origins", "http://esi.localhost:8080,http://localhost:8080", "whose pages may ask, comma-separated")
		f.StringVar(&certificate, "tls-cert", "", "certificate file (PEM) of wss; empty: ws")
		f.StringVar(&key, "tls-key", "", "key file (PEM) of wss")
	})
	if err != nil {
		return err
	}
	if (certificate == "") != (key == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	allowed, err := readOrigins(origins)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	agent := &Agent{Card: &Card{Path: path}, Origins: allowed, Log: slog.New(slog.NewTextHandler(out, nil))}
	server := &http.Server{Handler: agent.Handler(), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close() // a signature takes no time worth waiting for
	}()
	scheme := "ws"
	if certificate != "" {
		scheme = "wss"
	}
	if _, err := fmt.Fprintf(out, "card agent at %s://%s%s for %s\n", scheme, listener.Addr(), Path, strings.Join(allowed, " ")); err != nil {
		return err
	}
	if certificate != "" {
		err = server.ServeTLS(listener, certificate, key)
	} else {
		err = server.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// listen takes an address of this machine alone: nobody on the network may try
// the card's PIN.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("the agent listens on this machine alone (127.0.0.1:6127), not at %s", addr)
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
}

func readOrigins(list string) ([]string, error) {
	var all []string
	for each := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(each))
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" {
			return nil, fmt.Errorf("an origin is scheme://host[:port], not %q", each)
		}
		all = append(all, u.Scheme+"://"+u.Host)
	}
	return all, nil
}
