package r4

import (
	"encoding/xml"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sanarip/sanarip/kit/clock"
)

// formats are the primitive types with what their text must look like. JSON has
// numbers and flags of its own; those types are in numbers.
var formats = map[string]func(string) bool{
	"string": words, "markdown": words, "code": code, "id": ID, "uri": address, "url": address, "canonical": address,
	"oid": func(s string) bool {
		return strings.HasPrefix(s, "urn:oid:") && len(s) > 10 && only(s[8:], "0123456789.")
	},
	"uuid": func(s string) bool { return strings.HasPrefix(s, "urn:uuid:") && uuid(s[9:]) },
	"date": func(s string) bool { return len(s) <= 10 && dated(s) }, "dateTime": dated,
	"instant": func(s string) bool { return len(s) > 10 && dated(s) },
	"time":    clockTime, "base64Binary": base64, "xhtml": xhtml,
}

const maxString = 1 << 20 // bytes, says R4

func words(s string) bool {
	if s == "" || len(s) > maxString || strings.TrimSpace(s) == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 && s[i] != '\t' && s[i] != '\n' && s[i] != '\r' {
			return false
		}
	}
	return utf8.ValidString(s)
}

func only(s, letters string) bool { return strings.Trim(s, letters) == "" }

func code(s string) bool {
	return words(s) && !strings.ContainsAny(s, "\t\n\r") && s[0] != ' ' && s[len(s)-1] != ' ' && !strings.Contains(s, "  ")
}

func address(s string) bool { return words(s) && !strings.ContainsAny(s, " \t\n\r") }

func uuid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !only(s[i:i+1], "0123456789abcdefABCDEF") {
			return false
		}
	}
	return true
}

// ID says that the text can be the id of a resource.
func ID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// dated is a date or dateTime: a time has always a zone.
func dated(s string) bool {
	_, _, ok := Span(s)
	return ok && (len(s) <= 10 || len(s) >= 20)
}

var layouts = map[int]string{4: "2006", 7: "2006-01", 10: "2006-01-02"}

// Span is the time from, until, that a date or dateTime of a resource can mean.
// A date without a zone is one of Bishkek.
func Span(s string) (low, high time.Time, ok bool) {
	if layout, short := layouts[len(s)]; short {
		t, err := time.ParseInLocation(layout, s, clock.Bishkek)
		if err != nil || t.Year() < 1 {
			return low, high, false
		}
		switch len(s) {
		case 4:
			return t, t.AddDate(1, 0, 0), true
		case 7:
			return t, t.AddDate(0, 1, 0), true
		}
		return t, t.AddDate(0, 0, 1), true
	}
	if len(s) < 20 || s[10] != 'T' {
		return low, high, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || strings.Contains(s, ",") {
		return low, high, false
	}
	if strings.Contains(s, ".") {
		return t, t.Add(time.Microsecond), true
	}
	return t, t.Add(time.Second), true
}

func clockTime(s string) bool {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return false
	}
	_, err := time.Parse("15:04:05.999999999", s)
	return err == nil && !strings.Contains(s, ",")
}

func base64(s string) bool {
	n, end := 0, false
	for i := range len(s) {
		c := s[i]
		switch {
		case c == ' ' || c == '\n' || c == '\r' || c == '\t':
			continue
		case c == '=':
			end = true
		case end, (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '+' && c != '/':
			return false
		}
		n++
	}
	return n > 0 && n%4 == 0
}

// forbidden are the parts of HTML that a narrative may not have: whatever acts
// or is fetched by itself.
var forbidden = map[string]bool{
	"script": true, "style": true, "iframe": true, "object": true, "embed": true, "form": true, "input": true, "button": true,
	"link": true, "meta": true, "base": true, "head": true, "body": true, "html": true, "frame": true, "frameset": true, "applet": true, "svg": true,
}

func xhtml(s string) bool {
	d := xml.NewDecoder(strings.NewReader(s))
	d.Strict = true
	d.Entity = xml.HTMLEntity
	first := true
	for {
		token, err := d.Token()
		if err != nil {
			return err == io.EOF && !first //nolint:errorlint // the decoder gives io.EOF itself
		}
		switch e := token.(type) {
		case xml.StartElement:
			if first && e.Name.Local != "div" || forbidden[strings.ToLower(e.Name.Local)] {
				return false
			}
			first = false
			for _, a := range e.Attr {
				name := strings.ToLower(a.Name.Local)
				if strings.HasPrefix(name, "on") || strings.Contains(strings.ToLower(strings.Join(strings.Fields(a.Value), "")), "javascript:") {
					return false
				}
			}
		case xml.CharData:
			if first && strings.TrimSpace(string(e)) != "" {
				return false
			}
		case xml.Directive, xml.ProcInst:
			return false
		}
	}
}
