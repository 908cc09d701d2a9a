package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
)

// migrate is the command migrate: what run does before it serves.
func migrate(ctx context.Context, args []string, out io.Writer) error {
	v, rest, err := load("migrate", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("migrate takes no %q: %w", rest[0], errUsage)
	}
	log, err := logger(v)
	if err != nil {
		return err
	}
	h, err := newHouse(v, "8080", log)
	if err != nil {
		return err
	}
	if err := h.open(ctx); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "%d databases are up to date\n", len(h.running))
	return h.close()
}

// showConfig is the command config.
func showConfig(_ context.Context, args []string, out io.Writer) error {
	v, rest, err := load("config", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("config takes no %q: %w", rest[0], errUsage)
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, value := range v.All() {
		_, _ = fmt.Fprintf(w, "%s\t%s\t(%s)\t%s\n", value.Name, value.Shown(), value.Origin, value.Doc)
	}
	return w.Flush()
}

func printExchangeKey(_ context.Context, args []string, out io.Writer) error {
	return printSecret("exchange-key", args, out, func(s *secrets, name string) string {
		if isGuest(name) { // goes by its whole name
			name = exchangeapi.Instance + "/" + name
		}
		return s.ExchangeKey(name)
	})
}

func printClientSecret(_ context.Context, args []string, out io.Writer) error {
	return printSecret("client-secret", args, out, (*secrets).ClientSecret)
}

// isGuest says whether the name is written as one of exchange_guests.
func isGuest(name string) bool {
	_, err := exchangeapi.ParseSubsystem(exchangeapi.Instance + "/" + name)
	return err == nil
}

// printSecret prints one derived secret, for a process elsewhere that is not to
// have the master secret.
func printSecret(name string, args []string, out io.Writer, of func(*secrets, string) string) error {
	v, rest, err := load(name, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return fmt.Errorf("%s needs one name: %w", name, errUsage)
	}
	if name == "client-secret" && !isSystem(rest[0]) && !slices.Contains(identityapi.DemoMachines, rest[0]) {
		return fmt.Errorf("%s: %q is neither a system (%s) nor a client of the demo (%s); the secret of a system registered in ЕСИ is shown there, once: %w",
			name, rest[0], systemNames(), strings.Join(identityapi.DemoMachines, ", "), errUsage)
	}
	if name == "exchange-key" && !isSystem(rest[0]) && !isGuest(rest[0]) {
		return fmt.Errorf("%s: %q is neither a guest (CLASS/MEMBER/SUBSYSTEM) nor one of %s: %w", name, rest[0], systemNames(), errUsage)
	}
	s, err := newSecrets(v, parts)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, of(s, rest[0]))
	return err
}
