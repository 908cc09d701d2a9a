package page

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
)

// Form holds what a person entered and what is wrong with it, so that a page
// can be shown again with nothing lost. Read fields with Text, Date, Moment…;
// each read bounds and cleans its value and notes a finding when it is wrong.
type Form struct {
	values   url.Values
	Findings []fail.Finding
}

// NewForm is an empty form, or one filled with what is known already.
func NewForm(pairs ...string) *Form {
	f := &Form{values: url.Values{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.values.Set(pairs[i], pairs[i+1])
	}
	return f
}

// ReadForm reads the body of a POST, at most MaxBody bytes and 1,000 fields.
func ReadForm(w http.ResponseWriter, r *http.Request) (*Form, error) {
	if r.ContentLength > MaxUpload { // a form with files, which ParseForm would leave unread
		return nil, tooLarge(r)
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	if err := r.ParseForm(); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, fail.Wrap(err, fail.TooLarge, "kit.too_large_form")
		}
		return nil, fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	if len(r.PostForm) > 1000 {
		return nil, fail.New(fail.BadRequest, "kit.bad_request")
	}
	if err := ReadableValues(r.PostForm); err != nil {
		return nil, err
	}
	return &Form{values: r.PostForm}, nil
}

// QueryForm is the form of a GET (search).
func QueryForm(r *http.Request) *Form { return &Form{values: r.URL.Query()} }

// Get is the raw value, for showing it again.
func (f *Form) Get(name string) string { return f.values.Get(name) }

// Chosen is the two values of a design.Combobox: what was chosen, and what stands
// in the input. Where scripts are off, an input that was emptied still sends what
// was chosen before: that is gone with the words.
func (f *Form) Chosen(name string) (value, typed string) {
	typed = Clean(f.Get(name + "_text"))
	if typed == "" && f.Has(name+"_text") {
		return "", ""
	}
	return f.Get(name), typed
}

// All is every raw value of the name (checkboxes).
func (f *Form) All(name string) []string { return f.values[name] }

// Has says whether the name was sent at all.
func (f *Form) Has(name string) bool { return f.values.Has(name) }

// Set changes a value, for prefilled pages.
func (f *Form) Set(name, value string) { f.values.Set(name, value) }

// Fail notes what is wrong with a field; pairs are the sentence's arguments.
func (f *Form) Fail(field, key string, pairs ...any) {
	f.Findings = append(f.Findings, fail.Finding{Field: field, Key: key, Args: fail.Args(pairs...)})
}

// OK says that nothing is wrong.
func (f *Form) OK() bool { return len(f.Findings) == 0 }

// Err is the findings as an error, nil when there are none.
func (f *Form) Err() error {
	if f.OK() {
		return nil
	}
	return fail.Fields(f.Findings...)
}

// Take notes the findings of an Invalid or Conflict error of a use case beside
// their fields and says whether the page can be shown again with them. An error
// without findings is noted for the whole form (field "").
func (f *Form) Take(err error) bool {
	e := fail.As(err)
	if e == nil || (e.Kind != fail.Invalid && e.Kind != fail.Conflict) {
		return false
	}
	if len(e.Findings) == 0 {
		f.Findings = append(f.Findings, fail.Finding{Key: e.Key, Args: e.Args})
	}
	f.Findings = append(f.Findings, e.Findings...)
	return true
}

// Arrange puts the findings into the order in which the fields stand on the page,
// where it is not that in which they were read; what is said of the whole form, or of
// a field not named, comes first.
func (f *Form) Arrange(fields ...string) {
	slices.SortStableFunc(f.Findings, func(a, b fail.Finding) int {
		return slices.Index(fields, a.Field) - slices.Index(fields, b.Field)
	})
}

// Error is the first sentence about the field in the reader's language, or "".
func (f *Form) Error(ctx context.Context, field string) string {
	for _, finding := range f.Findings {
		if finding.Field == field {
			return text.TArgs(ctx, finding.Key, finding.Args)
		}
	}
	return ""
}

// Text is a cleaned line or paragraph of at most limit runes: NFC, trimmed, without
// control characters (line ends stay).
func (f *Form) Text(name string, limit int) string {
	value := Clean(f.values.Get(name))
	if utf8.RuneCountInString(value) > limit {
		f.Fail(name, "kit.field.too_long", "Count", limit)
		return string([]rune(value)[:limit])
	}
	return value
}

// Need is Text that must not be empty.
func (f *Form) Need(name string, limit int) string {
	value := f.Text(name, limit)
	if value == "" {
		f.Fail(name, "kit.field.required")
	}
	return value
}

// Choice is a value that must be one of those allowed ("" if optional is wanted: allow it).
func (f *Form) Choice(name string, allowed ...string) string {
	value := f.values.Get(name)
	if !slices.Contains(allowed, value) {
		f.Fail(name, "kit.field.choose")
		return ""
	}
	return value
}

// Date is a required day (2026-11-22 or 22.11.2026).
func (f *Form) Date(name string) clock.Date {
	value := strings.TrimSpace(f.values.Get(name))
	if value == "" {
		f.Fail(name, "kit.field.required")
		return clock.Date{}
	}
	d, ok := clock.ParseDate(value)
	if !ok {
		f.Fail(name, "kit.field.date")
	}
	return d
}

// Moment is a required day and hour in Bishkek from a datetime-local input.
func (f *Form) Moment(name string) time.Time {
	value := strings.TrimSpace(f.values.Get(name))
	if value == "" {
		f.Fail(name, "kit.field.required")
		return time.Time{}
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "02.01.2006 15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, value, clock.Bishkek); err == nil && t.Year() > 1850 && t.Year() < 2200 {
			return t.UTC()
		}
	}
	f.Fail(name, "kit.field.moment")
	return time.Time{}
}

// InputMoment writes a time as a datetime-local input wants it.
func InputMoment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Bishkek).Format("2006-01-02T15:04")
}

// Clean composes (NFC), trims, unifies line ends and drops control characters.
func Clean(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	s = norm.NFC.String(strings.ReplaceAll(s, "\r\n", "\n"))
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}
