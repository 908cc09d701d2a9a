// Command sanarip is the whole house in one program: it runs any set of the ten
// systems in one process, on SQLite or PostgreSQL. `sanarip help` says how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/sanarip/sanarip/cmd/sanarip/internal/cardagent"
)

// command is one of the program's commands.
type command struct {
	name, usage, about string
	run                func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"run", "[--demo] [--addr ADDRESS] [--data DIR] [--database URL] [--only a,b] [--node NAME] [--config FILE]", "run the systems until stopped; --node: the card as a hospital's own node", run},
		{"migrate", "[--data DIR] [--database URL] [--only a,b]", "bring the databases up to date and end", migrate},
		{"import", "icd10|soate|groups|operations|routes|rights|senders|referral-days|appeal-days FILE… | fhir FILE… [--json] [--lang ky|ru|en]", "read a classification, or FHIR resources, into its system; again with the same file changes nothing", importFiles},
		{"verify", "FILE | audit [--head HEAD] [--heads FILE] [--json]", "ask the portal of a running house whether it issued the document; check that no access record was changed or taken out", verify},
		{"config", "[the flags of run]", "list every key with its value and where it comes from", showConfig},
		{"exchange-key", "SYSTEM|CLASS/MEMBER/SUBSYSTEM", "print the key that a system, or a guest, shares with the exchange", printExchangeKey},
		{"client-secret", "SYSTEM|CLIENT", "print the secret of a system, or of a client of the demo, as a client of ЕСИ", printClientSecret},
		{"node-key", "NAME", "at the centre of the card: print the key of a hospital's node", printNodeKey},
		{"node-code", "NAME CHALLENGE", "at the centre of the card: the code that opens numbers at a node which was put back from a backup and has no line", printNodeCode},
		{"card-agent", cardagent.Usage, "for developers: an e-ID card in a file and the agent that the page of ЕСИ asks to sign (docs/card.md)", cardagent.Run},
		{"version", "", "print the version", func(_ context.Context, _ []string, out io.Writer) error {
			_, err := fmt.Fprintln(out, "sanarip", version())
			return err
		}},
	}
}

// errUsage says that the command line was wrong and that it has been told.
var errUsage = errors.New("see `sanarip help`")

// errHelp says that somebody asked for the flags of a command.
type errHelp struct{ flags *flag.FlagSet }

// Error is never shown: dispatch answers with the flags.
func (errHelp) Error() string { return flag.ErrHelp.Error() }

// main ends with 0, with 2 where the command line was wrong, else with 1.
func main() {
	err := dispatch(context.Background(), os.Args[1:], os.Stdout)
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "sanarip:", err)
	if errors.Is(err, errUsage) || errors.Is(err, cardagent.ErrUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 1 && args[0] == "help" {
		args = []string{args[1], "--help"}
	}
	if len(args) == 0 || slices.Contains([]string{"help", "--help", "-h"}, args[0]) {
		return help(out)
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		err := c.run(ctx, args[1:], out)
		if asked, ok := errors.AsType[errHelp](err); ok {
			return c.help(out, asked.flags)
		}
		return err
	}
	return fmt.Errorf("there is no command %q: %w", args[0], errUsage)
}

func help(out io.Writer) error {
	var b strings.Builder
	_, _ = fmt.Fprint(&b, "sanarip: open software for a digital state\n\n")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(&b, "  %s\n      %s\n", strings.TrimSpace("sanarip "+c.name+" "+c.usage), c.about)
	}
	_, _ = fmt.Fprint(&b, "\n`sanarip help COMMAND` lists a command's flags, `sanarip config` every key of the configuration, which\nmay stand in a file (--config) or in the environment as SANARIP_….\n")
	_, err := io.WriteString(out, b.String())
	return err
}

// help tells of one command, with its flags.
func (c command) help(out io.Writer, flags *flag.FlagSet) error {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "  sanarip %s %s\n      %s\n\n", c.name, c.usage, c.about)
	w := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	flags.VisitAll(func(f *flag.Flag) {
		told := f.Usage
		if f.DefValue != "" && f.DefValue != "false" {
			told += " (" + f.DefValue + ")"
		}
		_, _ = fmt.Fprintf(w, "  --%s\t%s\n", f.Name, told)
	})
	_ = w.Flush()
	_, err := io.WriteString(out, b.String())
	return err
}

// released is set by the linker when a release is built.
var released string

// version is the release, else the commit, else "dev".
func version() string {
	if released != "" {
		return released
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return s.Value[:12]
			}
		}
	}
	return "dev"
}
