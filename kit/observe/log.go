// Package observe lets the program be watched: logs, metrics, health. None of
// it holds personal data: routes are logged by their pattern, never by path or
// query, and a safety net takes ПИН-like numbers out of everything logged.
package observe

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// NewLogger writes JSON lines, or plain text for a person at a terminal.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if f, ok := w.(*os.File); ok && IsTerminal(f) {
		h = slog.NewTextHandler(w, options)
	}
	return slog.New(Redact(h))
}

// IsTerminal says that a person reads what is written to f.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Redact puts a safety net under the handler: runs of 14 or more digits, which
// may be a ПИН or a number made with one, leave the process as ▒.
func Redact(h slog.Handler) slog.Handler { return redactor{h} }

type redactor struct{ next slog.Handler }

func (r redactor) Enabled(ctx context.Context, l slog.Level) bool { return r.next.Enabled(ctx, l) }

func (r redactor) Handle(ctx context.Context, in slog.Record) error {
	out := slog.NewRecord(in.Time, in.Level, Clean(in.Message), in.PC)
	in.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(cleanAttr(a))
		return true
	})
	return r.next.Handle(ctx, out)
}

func (r redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	cleaned := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		cleaned[i] = cleanAttr(a)
	}
	return redactor{r.next.WithAttrs(cleaned)}
}

func (r redactor) WithGroup(name string) slog.Handler { return redactor{r.next.WithGroup(name)} }

func cleanAttr(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	switch value.Kind() {
	case slog.KindString:
		value = slog.StringValue(Clean(value.String()))
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		if s := value.String(); Clean(s) != s {
			value = slog.StringValue(Clean(s))
		}
	case slog.KindGroup:
		group := make([]slog.Attr, 0, len(value.Group()))
		for _, inner := range value.Group() {
			group = append(group, cleanAttr(inner))
		}
		value = slog.GroupValue(group...)
	case slog.KindAny:
		value = slog.StringValue(Clean(fmt.Sprintf("%+v", value.Any())))
	case slog.KindBool, slog.KindDuration, slog.KindTime, slog.KindLogValuer:
	}
	return slog.Attr{Key: Clean(a.Key), Value: value}
}

const pinDigits = 14

// Clean replaces every run of at least 14 digits. Spaces within a ПИН written
// in groups (1 1503 1985 00123) do not hide it.
func Clean(s string) string {
	var b strings.Builder
	digits, start := 0, -1 // of the run in hand
	from := 0
	flush := func(end int) {
		if digits >= pinDigits {
			b.WriteString(s[from:start])
			b.WriteString("▒")
			from = end
		}
		digits, start = 0, -1
	}
	last := 0 // end of the run's last digit
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			if start < 0 {
				start = i
			}
			digits++
			last = i + 1
		case c == ' ' && start >= 0 && i == last: // one space may part groups
		default:
			flush(last)
		}
	}
	flush(last)
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}
