package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/config"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/observe"
)

// errTampered makes the command verify audit end with 1.
var errTampered = errors.New("the access records are not as they were written: leave the databases as they are and call the security officer")

// auditFlags are those of verify audit alone.
type auditFlags struct {
	heads []audit.Head
	json  bool
}

func (f *auditFlags) declare(flags *flag.FlagSet) {
	flags.BoolVar(&f.json, "json", false, "with audit: a line of JSON for each system")
	add := func(read func(string) ([]audit.Head, error)) func(string) error {
		return func(value string) error {
			heads, err := read(value)
			f.heads = append(f.heads, heads...)
			return err
		}
	}
	flags.Func("head", "with audit: a head that the chain once had, SYSTEM:NUMBER:HASH", add(readHead))
	flags.Func("heads", "with audit: a file of heads, one a line, or a log of the program", add(readHeads))
}

func readHead(s string) ([]audit.Head, error) {
	h, err := audit.ParseHead(s)
	return []audit.Head{h}, err
}

// readHeads reads a file of heads, one a line, or a log of the program in which
// they stand among other lines.
func readHeads(path string) ([]audit.Head, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var heads []audit.Head
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<16), 1<<20)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		var logged struct {
			Message string `json:"msg"`
			Head    string `json:"head"`
		}
		switch {
		case json.Unmarshal([]byte(line), &logged) == nil && logged.Message == "audit head":
			line = logged.Head
		case strings.Contains(line, `msg="audit head"`):
			_, line, _ = strings.Cut(line, "head=")
			line, _, _ = strings.Cut(line, " ")
		}
		if h, err := audit.ParseHead(line); err == nil && isSystem(h.System) {
			heads = append(heads, h)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(heads) == 0 {
		return nil, fmt.Errorf("%s holds no head", path)
	}
	return heads, nil
}

// verifyAudit is the command verify audit: it recomputes the chain of access
// records of every system whose database is here. The systems may be running.
func verifyAudit(ctx context.Context, v *config.Values, own auditFlags, out io.Writer) error {
	picked, err := chosen(v)
	if err != nil {
		return err
	}
	if err := here(v, picked); err != nil {
		return err
	}
	h, err := newHouse(v, portOf(v.Text("addr")), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	checked, tampered := 0, false
	for _, p := range picked {
		report, err := h.auditOf(ctx, p.name, own.heads)
		if errors.Is(err, audit.ErrNone) || errors.Is(err, fs.ErrNotExist) {
			if own.expects(p.name) {
				return fmt.Errorf("%s: a head was given, but no chain of access records is here", p.name)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		checked++
		tampered = tampered || !report.OK()
		if err := own.tell(out, report); err != nil {
			return err
		}
	}
	if checked == 0 {
		return errors.New("no access records are here: name the --data folder or the --database")
	}
	if tampered {
		return errTampered
	}
	return nil
}

func (f auditFlags) expects(system string) bool {
	for _, h := range f.heads {
		if h.System == system {
			return true
		}
	}
	return false
}

// here says that there is something to check, before anything is made: opening
// an SQLite database that is not there would make one, and a secret with it.
func here(v *config.Values, picked []part) error {
	dir, ok := strings.CutPrefix(database(v), "sqlite:")
	if !ok {
		return nil
	}
	for _, p := range picked {
		if _, err := os.Stat(filepath.Join(dir, p.name+".db")); err == nil {
			return nil
		}
	}
	return fmt.Errorf("no databases are in %s: name the --data folder or the --database", dir)
}

// auditOf checks one system.
func (h *house) auditOf(ctx context.Context, system string, heads []audit.Head) (audit.Report, error) {
	env, err := h.env(system)
	if err != nil {
		return audit.Report{}, err
	}
	if dir, ok := strings.CutPrefix(env.Database, "sqlite:"); ok {
		if _, err := os.Stat(filepath.Join(dir, system+".db")); err != nil {
			return audit.Report{}, err
		}
	}
	d, err := db.Open(ctx, env.Database, system, db.Options{Connections: 2})
	if err != nil {
		return audit.Report{}, err
	}
	defer func() { _ = d.Close() }()
	if err := audit.Chained(ctx, d); err != nil {
		return audit.Report{}, err
	}
	progress := func(int64, int64) {}
	if observe.IsTerminal(os.Stderr) {
		progress = func(done, all int64) { _, _ = fmt.Fprintf(os.Stderr, "\r%s: %d of %d ", system, done, all) }
		defer func() { _, _ = fmt.Fprintln(os.Stderr) }()
	}
	return audit.Verify(ctx, d.Read, audit.NewKey(system, env.Secret), heads, progress)
}

// told are the words for findings: what is wrong, where.
var told = map[audit.Kind]string{
	audit.Changed:   "record or its place was changed",
	audit.Deleted:   "record was deleted",
	audit.Missing:   "places were taken out of the chain",
	audit.CutOff:    "the newest records were cut off",
	audit.Beyond:    "places were added after the end of the chain",
	audit.Forged:    "the end of the chain was not written by the system (or its seal is another now)",
	audit.Resumed:   "before this record the end of the chain was not as the system had left it",
	audit.Outside:   "record has no place in the chain: it was put in, or its place was taken out",
	audit.Withdrawn: "record was deleted before it was sealed",
	audit.Disagrees: "the chain is not the one of which this head was kept",
}

// tell prints the report: lines to read, or one line of JSON.
func (f auditFlags) tell(out io.Writer, r audit.Report) error {
	if f.json {
		return json.NewEncoder(out).Encode(r)
	}
	verdict := "whole"
	if !r.OK() {
		verdict = "NOT WHOLE"
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%-11s %s: %d records", r.Head.System, verdict, r.Records)
	for _, part := range []struct {
		n    int64
		what string
	}{{r.Waiting, "not sealed yet"}, {r.Late, "sealed more than an hour after their time"}, {int64(r.Anchors), "kept heads compared"}} {
		if part.n > 0 {
			_, _ = fmt.Fprintf(&b, ", %d %s", part.n, part.what)
		}
	}
	_, _ = fmt.Fprintf(&b, "\n            head %s\n", r.Head)
	for _, found := range r.Findings {
		_, _ = fmt.Fprintf(&b, "            %s\n", sentence(found))
	}
	if more := r.Wrong - int64(len(r.Findings)); more > 0 {
		_, _ = fmt.Fprintf(&b, "            and %d findings more\n", more)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func sentence(f audit.Finding) string {
	var where []string
	if f.Sequence > 0 {
		where = append(where, fmt.Sprint("place ", f.Sequence))
	}
	if f.Count > 1 {
		where = append(where, fmt.Sprintf("%d of them", f.Count))
	}
	if f.RecordID != "" {
		where = append(where, "record "+f.RecordID)
	}
	return fmt.Sprintf("%s: %s", strings.Join(where, ", "), told[f.Kind])
}
