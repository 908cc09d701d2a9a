package identity_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// weight is what a browser fetches to show a page: answers and their bytes,
// packed as they travel, without headers.
type weight struct{ requests, bytes int }

// light is a browser that counts. It keeps what it may keep, asks again for what
// it must ask for, and fetches of the fonts those that a page has letters of.
type light struct {
	t      *testing.T
	b      *browser
	lang   string
	kept   map[string]bool   // for ever
	tags   map[string]string // address → ETag
	weight weight
}

func (l *light) fetch(address string) (*http.Response, string) {
	l.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	r.Header.Set("User-Agent", l.b.agent)
	r.Header.Set("Accept-Language", l.lang)
	r.Header.Set("Accept-Encoding", "gzip") // set by us, Go leaves the body as it came
	if tag := l.tags[address]; tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	response, err := l.b.client.Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNotModified {
		l.t.Fatalf("%s: %d %v", address, response.StatusCode, err)
	}
	l.weight.requests++
	l.weight.bytes += len(raw)
	l.tags[address] = response.Header.Get("ETag")
	l.kept[address] = strings.Contains(response.Header.Get("Cache-Control"), "immutable")
	if response.Header.Get("Content-Encoding") != "gzip" {
		return response, string(raw)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		l.t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		l.t.Fatal(err)
	}
	return response, string(plain)
}

var (
	fetched  = regexp.MustCompile(`<(?:link|script|img)\b[^>]*?\b(?:href|src)="(/[^"]*)"`)
	fontFace = regexp.MustCompile(`@font-face\{[^}]*?url\("([^"]+)"\)[^}]*?unicode-range:([^}]+)\}`)
)

// open is a visit to the page: what it weighs, and the names of its fonts.
func (l *light) open(address string) (weight, []string) {
	l.t.Helper()
	l.weight = weight{}
	response, body := l.fetch(address)
	base := response.Request.URL
	var addresses, fonts []string
	for _, m := range fetched.FindAllStringSubmatch(body, -1) {
		addresses = append(addresses, m[1])
	}
	seen := map[string]bool{}
	for i := 0; i < len(addresses); i++ {
		at, err := base.Parse(strings.ReplaceAll(addresses[i], "&amp;", "&"))
		if err != nil {
			l.t.Fatal(err)
		}
		if seen[at.String()] {
			continue
		}
		seen[at.String()] = true
		if strings.Contains(at.Path, "/fonts/") {
			fonts = append(fonts, at.Path[strings.LastIndex(at.Path, "/")+1:])
		}
		if strings.HasSuffix(at.Path, "/app.css") && strings.HasPrefix(at.Path, "/assets/") {
			addresses = append(addresses, l.lettered(at, tags.ReplaceAllString(body, " "))...)
		}
		if !l.kept[at.String()] {
			l.fetch(at.String())
		}
	}
	return l.weight, fonts
}

// lettered are the fonts of the style sheet that the text has letters of.
func (l *light) lettered(sheet *url.URL, text string) []string {
	l.t.Helper()
	response, err := l.b.client.Get(sheet.String()) // to read it, not to count
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	css, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	faces := fontFace.FindAllStringSubmatch(string(css), -1)
	if len(faces) < 3 {
		l.t.Fatalf("%d fonts in %s", len(faces), sheet)
	}
	var found []string
	for _, face := range faces {
		if strings.ContainsFunc(text, within(l.t, face[2])) {
			at, err := sheet.Parse(face[1])
			if err != nil {
				l.t.Fatal(err)
			}
			found = append(found, at.RequestURI())
		}
	}
	return found
}

// within says of a letter whether a unicode-range has it.
func within(t *testing.T, ranges string) func(rune) bool {
	t.Helper()
	var spans [][2]int64
	for each := range strings.SplitSeq(ranges, ",") {
		first, last, _ := strings.Cut(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(each)), "U+"), "-")
		if last == "" {
			last = first
		}
		from, err := strconv.ParseInt(first, 16, 32)
		if err != nil {
			t.Fatalf("%q: %v", ranges, err)
		}
		to, err := strconv.ParseInt(last, 16, 32)
		if err != nil {
			t.Fatalf("%q: %v", ranges, err)
		}
		spans = append(spans, [2]int64{from, to})
	}
	return func(r rune) bool {
		for _, s := range spans {
			if int64(r) >= s[0] && int64(r) <= s[1] {
				return true
			}
		}
		return false
	}
}

// On a weak line each page of the way in is light: at the first visit, with
// style, script and font, and at the second, which asks for the page and little
// else. The figures are bytes as they travel; at 50 kbit/s 6 KB take a second.
func TestPagesAreLight(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	for lang, name := range map[string]string{"ky": "Кыргызча", "ru": "Русский", "en": "English"} {
		t.Run(name, func(t *testing.T) {
			l := &light{t: t, b: h.browser(), lang: lang, kept: map[string]bool{}, tags: map[string]string{}}
			visit := func(what, address string, requests, kilobytes int) {
				t.Helper()
				w, fonts := l.open(address)
				t.Logf("%s: %d requests, %d bytes", what, w.requests, w.bytes)
				if w.requests > requests || w.bytes > kilobytes<<10 {
					t.Errorf("%s: %d requests, %d bytes; not more than %d and %d KB", what, w.requests, w.bytes, requests, kilobytes)
				}
				for _, font := range fonts {
					if strings.Contains(font, "-rest") {
						t.Errorf("%s: fetches %s for a letter or two", what, font)
					}
				}
			}
			visit("sign-in", h.base+"/sign-in", 9, 67)
			visit("sign-in again", h.base+"/sign-in", 2, 5) // the page, and whether a script has changed
			visit("registration after it", h.base+"/register", 2, 5)
			visit("recovery after it", h.base+"/sign-in/recover", 1, 5)
		})
	}
	l := &light{t: t, b: h.browser(), lang: "ky", kept: map[string]bool{}, tags: map[string]string{}}
	h.signIn(l.b, l.b.get(h.base+"/sign-in"), demo.Doctor)
	for _, each := range []struct {
		what, path          string
		requests, kilobytes int
	}{
		{"account", "/", 8, 66},
		{"account again", "/", 1, 5},
		{"app", "/app/", 4, 8},
		{"app again", "/app/", 3, 5},
		{"security", "/security", 1, 5},
	} {
		w, _ := l.open(h.base + each.path)
		t.Logf("%s: %d requests, %d bytes", each.what, w.requests, w.bytes)
		if w.requests > each.requests || w.bytes > each.kilobytes<<10 {
			t.Errorf("%s: %d requests, %d bytes; not more than %d and %d KB", each.what, w.requests, w.bytes, each.requests, each.kilobytes)
		}
	}
}
