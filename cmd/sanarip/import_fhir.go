package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card"
)

// importFHIR is the command import fhir FILE… [--json] [--lang ky|ru|en]: one
// report a file, in the language of the flag, else of the variable LANG. A file
// with a fault is left out, the others are in.
func importFHIR(ctx context.Context, args []string, out io.Writer) error {
	args, asJSON, lang, err := fhirFlags(args, os.Getenv("LANG"))
	if err != nil {
		return err
	}
	v, rest, err := load("import", args)
	if err != nil {
		return err
	}
	if len(rest) < 2 {
		return fmt.Errorf("import fhir needs a file: %w", errUsage)
	}
	log, err := logger(v)
	if err != nil {
		return err
	}
	h, err := newHouse(v, "8080", log)
	if err != nil {
		return err
	}
	env, err := h.env("card")
	if err != nil {
		return err
	}
	to, err := card.OpenFHIRImport(ctx, env)
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	started, total, faulty := time.Now(), 0, 0
	terminal := observe.IsTerminal(os.Stderr)
	for _, path := range rest[1:] {
		report, err := importFHIRFile(ctx, to, lang, path, func(resources int) {
			if terminal {
				_, _ = fmt.Fprintf(os.Stderr, "\r%s ", to.Progress(lang, filepath.Base(path), total+resources, time.Since(started)))
			}
		})
		if terminal {
			_, _ = fmt.Fprintln(os.Stderr)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if len(report.Faults) > 0 {
			faulty++
		} else {
			total += report.Resources
		}
		if asJSON {
			if err := json.NewEncoder(out).Encode(report); err != nil {
				return err
			}
			continue
		}
		for _, line := range to.Tell(lang, report) {
			_, _ = fmt.Fprintln(out, line)
		}
	}
	if !asJSON {
		_, _ = fmt.Fprintln(out, to.Sum(lang, total, time.Since(started)))
	}
	if faulty > 0 {
		return to.Faulty(lang, faulty)
	}
	return nil
}

func importFHIRFile(ctx context.Context, to *card.FHIRImport, lang text.Lang, path string, progress func(int)) (card.FHIRReport, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return card.FHIRReport{}, err
	}
	defer func() { _ = file.Close() }()
	return to.File(ctx, lang, file, filepath.Base(path), progress)
}

// fhirFlags takes the flags of this command alone out of the arguments. Without
// --lang the language is that of the terminal (ru_RU.UTF-8), English if it is
// none of ours.
func fhirFlags(args []string, terminal string) (rest []string, asJSON bool, lang text.Lang, err error) {
	terminal, _, _ = strings.Cut(terminal, "_")
	lang, ok := text.Parse(terminal)
	if !ok {
		lang = text.EN
	}
	for n := 0; n < len(args); n++ {
		name, value, given := strings.Cut(strings.TrimLeft(args[n], "-"), "=")
		flagged := strings.HasPrefix(args[n], "-")
		switch {
		case flagged && name == "json" && !given:
			asJSON = true
		case flagged && name == "lang":
			if !given && n+1 < len(args) {
				n++
				value = args[n]
			}
			if lang, ok = text.Parse(value); !ok {
				return nil, false, lang, fmt.Errorf("--lang is ky, ru or en: %w", errUsage)
			}
		default:
			rest = append(rest, args[n])
		}
	}
	return rest, asJSON, lang, nil
}
