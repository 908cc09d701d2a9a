package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/observe"
)

// importer reads one kind of file into the system that keeps it. lines are what
// is told at the end, bad the rows that were left out.
type importer struct {
	system string
	read   func(ctx context.Context, env host.Env, in io.Reader, name string, progress func(rows, bad int)) (lines []string, bad []string, err error)
}

// importFiles is the command import. A classification that several systems keep
// goes into each of those that --only leaves. Importing the same file again changes
// nothing; rows that cannot be read are told and left out.
func importFiles(ctx context.Context, args []string, out io.Writer) error {
	own := fhirFlags{lang: terminalLang(os.Getenv("LANG"))}
	v, rest, err := load("import", args, own.declare)
	if err != nil {
		return err
	}
	if len(rest) < 2 {
		return fmt.Errorf("import needs a kind (icd10, soate, groups, operations, routes, rights, senders, referral-days, appeal-days, fhir) and a file: %w", errUsage)
	}
	if rest[0] == "fhir" {
		return importFHIR(ctx, v, own, rest[1:], out)
	}
	if own.given {
		return fmt.Errorf("--json and --lang go with import fhir: %w", errUsage)
	}
	with, ok := importers[rest[0]]
	if !ok {
		return fmt.Errorf("import knows icd10, soate, groups, operations, routes, rights, senders, referral-days, appeal-days and fhir, not %q: %w", rest[0], errUsage)
	}
	log, err := logger(v)
	if err != nil {
		return err
	}
	h, err := newHouse(v, "8080", log)
	if err != nil {
		return err
	}
	picked, err := chosen(v)
	if err != nil {
		return err
	}
	with = slices.DeleteFunc(slices.Clone(with), func(i importer) bool {
		return !slices.ContainsFunc(picked, func(p part) bool { return p.name == i.system })
	})
	if len(with) == 0 {
		return fmt.Errorf("none of the systems of --only keeps %s: %w", rest[0], errUsage)
	}
	failed := 0
	for _, one := range with {
		env, err := h.env(one.system)
		if err != nil {
			return err
		}
		for _, path := range rest[1:] {
			bad, err := importOne(ctx, one, env, path, out)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", one.system, path, err)
			}
			failed += bad
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d rows were left out, the others are in", failed)
	}
	return nil
}

func importOne(ctx context.Context, with importer, env host.Env, path string, out io.Writer) (bad int, err error) {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	progress := func(int, int) {}
	if observe.IsTerminal(os.Stderr) {
		progress = func(rows, bad int) { _, _ = fmt.Fprintf(os.Stderr, "\r%d rows, %d bad ", rows, bad) }
		defer func() { _, _ = fmt.Fprintln(os.Stderr) }()
	}
	lines, rows, err := with.read(ctx, env, bufio.NewReaderSize(file, 1<<16), filepath.Base(path), progress)
	for _, row := range rows {
		_, _ = fmt.Fprintln(os.Stderr, row)
	}
	if err != nil {
		return 0, err
	}
	for _, line := range lines {
		_, _ = fmt.Fprintf(out, "%s: %s\n", with.system, line)
	}
	return len(rows), nil
}
