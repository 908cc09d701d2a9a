package design

import (
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/page"
)

func TestAssetsAreServed(t *testing.T) {
	mux := http.NewServeMux()
	Mount(mux)
	types := map[string]string{
		"app.css": "text/css", "app.js": "text/javascript", "icon.svg": "image/svg+xml", "fonts/golos-text-kyrgyz.woff2": "font/woff2",
	}
	for name, kind := range types {
		w := get(t, mux, Asset(name))
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", name, w.Code, w.Header().Get("Content-Type"))
		}
		if !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %s", name, w.Header().Get("Cache-Control"))
		}
		if old := get(t, mux, "/assets/"+name+"?v=old"); strings.Contains(old.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: an address of another version is kept forever", name)
		}
	}
	if w := get(t, mux, "/assets/../design.go"); w.Code == http.StatusOK {
		t.Error("a file outside is served")
	}
	if w := get(t, mux, "/assets/none.css"); w.Code != http.StatusNotFound {
		t.Errorf("status %d for no file", w.Code)
	}
}

func TestAssetsAreZipped(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, Asset("app.css"), nil)
	r.Header.Set("Accept-Encoding", "br, gzip;q=0.8")
	w := httptest.NewRecorder()
	Assets().ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > 20<<10 {
		t.Fatalf("encoding %q, %d bytes", w.Header().Get("Content-Encoding"), w.Body.Len())
	}
	unzip, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(unzip)
	if err != nil || string(plain) != contents(t, "app.css") {
		t.Errorf("unzipped is not what was zipped: %v", err)
	}
	r.Header.Set("Accept-Encoding", "gzip;q=0")
	w = httptest.NewRecorder()
	Assets().ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") != "" {
		t.Error("zipped for one who refuses")
	}
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	w = httptest.NewRecorder()
	Assets().ServeHTTP(w, r)
	if w.Code != http.StatusNotModified {
		t.Errorf("status %d for what the reader has", w.Code)
	}
}

// The addresses of the fonts in the css are made by build.mjs: they must carry
// the versions that the server knows.
func TestFontsInCSSAreFresh(t *testing.T) {
	css := contents(t, "app.css")
	found := regexp.MustCompile(`url\("?([^")]+)"?\)`).FindAllStringSubmatch(css, -1)
	if len(found) < 3 {
		t.Fatalf("%d addresses in app.css", len(found))
	}
	for _, m := range found {
		name, _, _ := strings.Cut(m[1], "?")
		if "/assets/"+m[1] != Asset(name) {
			t.Errorf("app.css has %s, the server %s", m[1], Asset(name))
		}
	}
	for _, foreign := range []string{"GDS Transport", "crown", "//fonts."} {
		if strings.Contains(css, foreign) {
			t.Errorf("app.css holds %q", foreign)
		}
	}
}

func TestLookIsKept(t *testing.T) {
	mux := http.NewServeMux()
	Mount(mux)
	shown := testSite(t).Wrap(func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, Citizen("a page"))
	})
	if w := get(t, shown, "/"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "large.css") {
		t.Errorf("usual look: %d: %s", w.Code, w.Body.String())
	}
	r := httptest.NewRequest(http.MethodPost, "/assets/look", strings.NewReader(url.Values{"look": {"large"}, "back": {"/beds?q=1"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/beds?q=1" {
		t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	again := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, cookie := range w.Result().Cookies() {
		again.AddCookie(cookie)
	}
	w = httptest.NewRecorder()
	shown.ServeHTTP(w, again)
	if !strings.Contains(w.Body.String(), Asset("large.css")) {
		t.Error("the large look is not on the page: ", w.Body.String())
	}
	if w := get(t, mux, Asset("large.css")); w.Code != http.StatusOK || w.Body.Len() == 0 {
		t.Errorf("the large look: %d, %d bytes", w.Code, w.Body.Len())
	}
}

// Contrast as WCAG 2 counts it: 7:1 for text on citizen pages. Both densities
// share the tokens, so work pages pass with them.
func TestContrast(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("src", "scss", "_tokens.scss"))
	if err != nil {
		t.Fatal(err)
	}
	colour := map[string]string{"white": "#ffffff"}
	for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(string(source), -1) {
		colour[m[1]] = m[2]
	}
	for _, pair := range [][2]string{
		{"ink", "paper"},
		{"ink", "sheet"},
		{"ink", "stone-soft"},
		{"ink-soft", "paper"},
		{"ink-soft", "sheet"},
		{"ink-soft", "stone-soft"},
		{"lake", "paper"},
		{"lake", "lake-soft"},
		{"white", "lake"},
		{"white", "lake-deep"},
		{"white", "felt-deep"},
		{"white", "spruce-deep"},
		{"felt-deep", "paper"},
		{"felt-deep", "felt-soft"},
		{"spruce-deep", "spruce-soft"},
		{"saffron-deep", "saffron-soft"},
		{"ink", "focus"},
		{"ink", "lake-soft"},
		{"ink", "felt-soft"},
		{"ink", "spruce-soft"},
		{"ink", "saffron-soft"},
	} {
		if got := contrast(t, colour[pair[0]], colour[pair[1]]); got < 7 {
			t.Errorf("%s on %s: %.2f", pair[0], pair[1], got)
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light, dark := luminance(t, a), luminance(t, b)
	if light < dark {
		light, dark = dark, light
	}
	return (light + 0.05) / (dark + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) != 7 {
		t.Fatalf("no colour: %q", hex)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += c * weight
	}
	return sum
}

// Every key used in kit and here has its words, and every design word is used.
func TestWordsAreThereAndUsed(t *testing.T) {
	texts := testSite(t).Texts
	used := map[string]bool{}
	key := regexp.MustCompile(`"((?:kit|design)\.[a-z_]+(?:\.[a-z_]+)*)"`)
	for _, dir := range []string{"../kit", "."} {
		err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
			if err != nil || (d.IsDir() && d.Name() == "node_modules") {
				if err == nil {
					return filepath.SkipDir
				}
				return err
			}
			if ext := filepath.Ext(name); (ext != ".go" && ext != ".templ") || strings.HasSuffix(name, "_test.go") {
				return nil
			}
			source, err := os.ReadFile(name) //nolint:gosec // a path of our own tree
			if err != nil {
				return err
			}
			for _, m := range key.FindAllStringSubmatch(string(source), -1) {
				used[m[1]] = true
				if !texts.Has(m[1]) {
					return fmt.Errorf("%s: no words for %s", name, m[1])
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, k := range texts.Keys() {
		if strings.HasPrefix(k, "design.") && !used[k] {
			t.Errorf("nobody says %s", k)
		}
	}
}

// contents is a file as it is embedded.
func contents(t *testing.T, name string) string {
	t.Helper()
	body, err := io.ReadAll(assets()[name].open())
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
