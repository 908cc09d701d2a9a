package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/config"
	"github.com/sanarip/sanarip/kit/observe"
)

// flagged are the keys of the configuration that are flags too.
var flagged = []string{"addr", "data", "database", "only", "log_level", "demo", "open"}

// load reads the configuration: file, environment and command line. own declares
// the flags that the command has besides. It also gives the arguments that are no
// flags. A flag that is none is an errUsage, a question for help an errHelp.
func load(name string, args []string, own ...func(*flag.FlagSet)) (*config.Values, []string, error) {
	all := append(keys(), config.Key{Name: "config", Doc: "file of key = value lines"})
	flags := flag.NewFlagSet("sanarip "+name, flag.ContinueOnError)
	file := flags.String("config", os.Getenv("SANARIP_CONFIG"), "file of key = value lines")
	node := flags.String("node", "", "name of this hospital's own node of the card")
	for _, key := range all {
		switch {
		case !slices.Contains(flagged, key.Name):
		case key.Default == "true" || key.Default == "false":
			flags.Bool(key.Name, key.Default == "true", key.Doc)
		default:
			flags.String(key.Name, key.Default, key.Doc)
		}
	}
	for _, declare := range own {
		declare(flags)
	}
	rest, err := anywhere(flags, args)
	if err != nil {
		return nil, nil, err
	}
	given := map[string]string{}
	flags.Visit(func(f *flag.Flag) {
		switch {
		case f.Name == "node":
			given["card_node"] = *node
		case slices.Contains(flagged, f.Name):
			given[f.Name] = f.Value.String()
		}
	})
	v, err := config.Load(all, *file, os.Environ(), given)
	return v, rest, err
}

// anywhere reads flags that stand before, between or after the other arguments,
// which it gives back; after -- there are no more flags.
func anywhere(flags *flag.FlagSet, args []string) (rest []string, err error) {
	flags.SetOutput(io.Discard) // main tells
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, errHelp{flags}
		} else if err != nil {
			return nil, fmt.Errorf("%w: %w", err, errUsage)
		}
		left := flags.Args()
		if done := len(args) - len(left); len(left) == 0 || (done > 0 && args[done-1] == "--") {
			return append(rest, left...), nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

func logger(v *config.Values) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(v.Text("log_level"))); err != nil {
		return nil, errors.New("log_level must be debug, info, warn or error")
	}
	return observe.NewLogger(os.Stderr, level), nil
}

// collectAt is by how much, in percent, the heap may grow before garbage is
// collected: what lives is 5 to 15 MB, which Go's own 100 would go through many
// times a second under load.
const collectAt = 200

// run is the command run.
func run(ctx context.Context, args []string, out io.Writer) error {
	began := time.Now()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	v, rest, err := load("run", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("run takes no %q: %w", rest[0], errUsage)
	}
	log, err := logger(v)
	if err != nil {
		return err
	}
	stopTimeout, err := v.Duration("stop_timeout")
	if err != nil {
		return err
	}
	// Bound to the port before anything is opened: a port that is taken is told
	// at once, and the port is known when it was left to the machine (:0).
	var bind net.ListenConfig
	listener, err := bind.Listen(ctx, "tcp", v.Text("addr"))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w\nanother program listens there: choose another port with --addr", err)
	}
	if err != nil {
		return fmt.Errorf("%w\n--addr is an address of this machine and a port, such as 127.0.0.1:8080, or :8080 for every address", err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	h, err := newHouse(v, port, log)
	if err == nil {
		err = h.open(ctx)
	}
	if err != nil {
		_ = listener.Close()
		return err
	}
	return serve(ctx, h, listener, log, stopTimeout, func(filled context.Context) {
		if h.demo {
			h.fill(filled)
		}
		announce(out, h, port)
		log.Info("ready", "systems", len(h.running), "took_ms", time.Since(began).Milliseconds(), "version", version())
		openBrowser(h, port)
		giveBack()
	})
}

// serve answers until a signal comes: then no new connections are taken,
// requests and jobs in hand end, and the databases are closed. A second signal
// ends the program at once.
func serve(ctx context.Context, h *house, listener net.Listener, log *slog.Logger, stopTimeout time.Duration, up func(context.Context)) error {
	ctx, release := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	defer release()
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 90 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	working, endWork := context.WithCancel(context.WithoutCancel(ctx))
	defer endWork()
	wait := h.work(working)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	go up(working)

	var failure error
	select {
	case failure = <-ended:
	case <-ctx.Done():
	}
	release() // from here a second signal kills
	log.Info("stopping")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		log.Warn("requests were cut off", "error", err.Error())
		_ = server.Close()
	}
	endWork()
	if !wait(stopTimeout) {
		log.Warn("jobs were cut off; they will be done again after the start")
	}
	if err := h.close(); err != nil {
		log.Warn("closing", "error", err.Error())
	}
	log.Info("stopped")
	if errors.Is(failure, http.ErrServerClosed) {
		failure = nil
	}
	return failure
}

// announce tells a person where everything is and who can sign in how.
func announce(out io.Writer, h *house, port string) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }
	p("\n  Sanarip is ready: http://localhost:%s\n\n", port)
	for _, s := range systems {
		if _, here := h.running[s.name]; here {
			p("    %-11s %s\n", s.name, h.sites[s.name])
		}
	}
	if h.demo {
		p("\n  Sign in with a ПИН, the password %s and the code that comes\n  to the demo inbox %s\n\n", demo.Password, h.sites["message"]+"/inbox")
		for _, person := range demo.SignIns {
			second := "code in the demo inbox"
			if person.TOTP != "" {
				second = "authenticator, secret " + person.TOTP + " (the start page shows the code)"
			}
			p("    %s  %-34s %s\n", person.PIN, person.Name(), second)
		}
	}
	p("\n")
}

// openBrowser opens the start page for a person at a terminal who asked for the
// demo, never for a script.
func openBrowser(h *house, port string) {
	if open, err := h.values.Bool("open"); err != nil || !open || !h.demo || os.Getenv("CI") != "" {
		return
	}
	if !observe.IsTerminal(os.Stdout) || !observe.IsTerminal(os.Stdin) {
		return
	}
	name := map[string]string{"darwin": "open", "linux": "xdg-open", "windows": "explorer"}[runtime.GOOS]
	if name == "" || (runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "") {
		return
	}
	// Without a context: the browser stays when we stop.
	_ = exec.Command(name, "http://localhost:"+port).Start() //nolint:gosec,noctx // a fixed program, our own address
}
