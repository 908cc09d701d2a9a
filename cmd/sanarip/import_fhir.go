package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/observe"
	"github.com/sanarip/sanarip/system/card"
)

// importFHIR is the command import fhir FILE… [--json]: one report a file. A
// file with a fault is left out, the others are in.
func importFHIR(ctx context.Context, args []string, out io.Writer) error {
	asJSON := false
	args = slices.DeleteFunc(slices.Clone(args), func(arg string) bool {
		is := strings.TrimLeft(arg, "-") == "json" && strings.HasPrefix(arg, "-")
		asJSON = asJSON || is
		return is
	})
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
		report, err := importFHIRFile(ctx, to, path, func(resources int) {
			if terminal {
				_, _ = fmt.Fprintf(os.Stderr, "\r%s: %d resources, %.0f a second ", filepath.Base(path), total+resources, float64(total+resources)/time.Since(started).Seconds())
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
		tellFHIR(out, report)
	}
	if !asJSON {
		_, _ = fmt.Fprintf(out, "%d resources in %.1f s\n", total, time.Since(started).Seconds())
	}
	if faulty > 0 {
		return fmt.Errorf("%d files were left out, the others are in", faulty)
	}
	return nil
}

func importFHIRFile(ctx context.Context, to *card.FHIRImport, path string, progress func(int)) (card.FHIRReport, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return card.FHIRReport{}, err
	}
	defer func() { _ = file.Close() }()
	return to.File(ctx, file, filepath.Base(path), progress)
}

func tellFHIR(out io.Writer, r card.FHIRReport) {
	if len(r.Faults) > 0 {
		_, _ = fmt.Fprintf(out, "%s: left out, %d faults\n", r.Name, len(r.Faults))
		for _, f := range r.Faults {
			_, _ = fmt.Fprintf(out, "  entry %d: %s: %s\n", f.Entry, f.Path, f.What)
		}
		return
	}
	_, _ = fmt.Fprintf(out, "%s: %d resources: %d new, %d changed, %d as before, %d patients of the card\n", r.Name, r.Resources, r.Created, r.Updated, r.Same, r.Joined)
	if len(r.Unmapped) > 0 {
		_, _ = fmt.Fprintf(out, "  %d codes of diagnoses lead to no ICD-10 (kept as they are; a ConceptMap would map them):\n", len(r.Unmapped))
	}
	for _, u := range r.Unmapped {
		_, _ = fmt.Fprintf(out, "  %5d  %s|%s  %s\n", u.Count, u.System, u.Code, u.Display)
	}
}
