package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/config"
	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card"
)

// importFHIR is the command import fhir FILE… [--json] [--lang ky|ru|en]: one
// report a file, in the language of the flag, else of the variable LANG. A file
// with a fault is left out, the others are in.
func importFHIR(ctx context.Context, v *config.Values, own fhirFlags, paths []string, out io.Writer) error {
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
	for _, path := range paths {
		report, err := importFHIRFile(ctx, to, own.lang, path, func(resources int) {
			if terminal {
				_, _ = fmt.Fprintf(os.Stderr, "\r%s ", to.Progress(own.lang, filepath.Base(path), total+resources, time.Since(started)))
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
		if own.json {
			if err := json.NewEncoder(out).Encode(report); err != nil {
				return err
			}
			continue
		}
		for _, line := range to.Tell(own.lang, report) {
			_, _ = fmt.Fprintln(out, line)
		}
	}
	if !own.json {
		_, _ = fmt.Fprintln(out, to.Sum(own.lang, total, time.Since(started)))
	}
	if faulty > 0 {
		return to.Faulty(own.lang, faulty)
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

// fhirFlags are those of this command alone.
type fhirFlags struct {
	json  bool
	lang  text.Lang
	given bool
}

func (f *fhirFlags) declare(flags *flag.FlagSet) {
	flags.BoolFunc("json", "with fhir: a line of JSON for each file", func(value string) (err error) {
		f.given = true
		f.json, err = strconv.ParseBool(value)
		return err
	})
	flags.Func("lang", "with fhir: language of the report, ky, ru or en; without it that of the terminal", func(value string) error {
		lang, ok := text.Parse(value)
		if !ok {
			return errors.New("ky, ru or en")
		}
		f.given, f.lang = true, lang
		return nil
	})
}

// terminalLang is the language of the variable LANG (ru_RU.UTF-8), English if it
// is none of ours.
func terminalLang(variable string) text.Lang {
	name, _, _ := strings.Cut(variable, "_")
	if lang, ok := text.Parse(name); ok {
		return lang
	}
	return text.EN
}
