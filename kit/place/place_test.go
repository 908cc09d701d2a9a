package place_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/place"
	"github.com/sanarip/sanarip/kit/place/placetest"
	"github.com/sanarip/sanarip/kit/text"
)

func open(t testing.TB) *place.Table {
	t.Helper()
	table, err := place.Open(placetest.File(t))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestAnAddressGetsItsPlaceInTheReadersLanguage(t *testing.T) {
	table := open(t)
	for _, c := range []struct{ address, ky, ru, en string }{
		{"212.112.100.1", "Бишкек, Кыргызстан", "Бишкек, Кыргызстан", "Bishkek, Kyrgyzstan"},
		{"212.42.100.1", "Өзгөн, Кыргызстан", "Узген, Кыргызстан", "Uzgen, Kyrgyzstan"},          // the table has the town in English alone
		{"5.44.0.9", "Гамбург, Германия", "Гамбург, Германия", "Hamburg, Germany"},               // not our town
		{"41.90.1.1", "Кения", "Кения", "Kenya"},                                                 // no town, not our country
		{"2a02:2d8:1:2::/64", "Бишкек, Кыргызстан", "Бишкек, Кыргызстан", "Bishkek, Kyrgyzstan"}, // as limits write a home's network
		{"::ffff:212.112.100.1", "Бишкек, Кыргызстан", "Бишкек, Кыргызстан", "Bishkek, Kyrgyzstan"},
	} {
		for l, want := range map[text.Lang]string{text.KY: c.ky, text.RU: c.ru, text.EN: c.en} {
			if got := table.In(l, c.address); got != want+" · "+c.address {
				t.Errorf("%s in %s: %q, not %q", c.address, l, got, want)
			}
		}
	}
}

// The table of the test covers the whole of IPv4, so only the rule keeps these
// from having a place.
func TestPrivateAndUnknownAddressesStandAlone(t *testing.T) {
	table := open(t)
	for _, address := range []string{
		"", "10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.1.1", "127.0.0.1", "169.254.1.1", "224.0.0.1", "0.0.0.0", "::1", "fe80::1%eth0", "fd00::/64",
		"2001:db8::/64", "8.8.8.8", "no address", strings.Repeat("1", 5000),
	} {
		if got := table.In(text.RU, address); got != address {
			t.Errorf("%q became %q", address, got)
		}
	}
	if got := (*place.Table)(nil).In(text.RU, "212.112.100.1"); got != "212.112.100.1" {
		t.Errorf("without a table: %q", got)
	}
}

func TestRequestsHaveTheTable(t *testing.T) {
	ask := func(table *place.Table) string {
		w := httptest.NewRecorder()
		table.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(place.Here(r.Context(), "212.112.100.1") + "\n" + place.Within(r.Context(), "Firefox · 212.112.100.1 · 3 × 4")))
		})).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		return w.Body.String()
	}
	const with = "Бишкек, Кыргызстан · 212.112.100.1\nFirefox · Бишкек, Кыргызстан · 212.112.100.1 · 3 × 4"
	if got := ask(open(t)); got != with {
		t.Errorf("with a table: %q", got)
	}
	if got := ask(nil); got != "212.112.100.1\nFirefox · 212.112.100.1 · 3 × 4" {
		t.Errorf("without: %q", got)
	}
	if got := place.Here(context.Background(), "212.112.100.1"); got != "212.112.100.1" {
		t.Errorf("outside of a request: %q", got)
	}
}

func TestWhatIsNoTableIsRefused(t *testing.T) {
	whole := placetest.Bytes(t)
	huge := filepath.Join(t.TempDir(), "huge.mmdb")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, 3<<30); err != nil { // a hole: it takes no room
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"no file":  filepath.Join(t.TempDir(), "none.mmdb"),
		"a folder": t.TempDir(),
		"huge":     huge,
		"empty":    written(t, nil),
		"a text":   written(t, []byte("212.112.0.0/16 Bishkek")),
		"half":     written(t, whole[:len(whole)/2]),
		"beheaded": written(t, whole[len(whole)/2:]),
		"scrubbed": written(t, scrubbed(whole)),
		"a ring":   written(t, ring(whole)),
		"networks": written(t, placetest.Networks(t)), // whose network it is, not where
	} {
		if table, err := place.Open(file); err == nil || table != nil {
			t.Errorf("%s: opened without an error", name)
		}
	}
	if table, err := place.Open(""); table != nil || err != nil {
		t.Errorf("no name: %v, %v", table, err)
	}
}

// ring is the table with a tree that leads back to its root everywhere.
func ring(file []byte) []byte {
	file = bytes.Clone(file)
	clear(file[:bytes.Index(file, make([]byte, 16))])
	return file
}

// scrubbed is the table with its data gone and all pointers to them alive.
func scrubbed(file []byte) []byte {
	file = bytes.Clone(file)
	from := bytes.Index(file, []byte("Bishkek"))
	to := bytes.LastIndex(file, []byte("\xab\xcd\xefMaxMind.com"))
	for i := from - 200; i < to; i++ {
		file[i] = 0xff
	}
	return file
}

func written(t testing.TB, file []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A file that is cut short while it serves must not end the program.
func TestAFileCutShortMeanwhile(t *testing.T) {
	name := written(t, placetest.Bytes(t))
	table, err := place.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 0); err != nil {
		t.Fatal(err)
	}
	if got := table.In(text.RU, "212.112.100.1"); got != "212.112.100.1" {
		t.Errorf("of a file that is gone: %q", got)
	}
}

// Names of a file are not trusted: what cannot be seen and what is endless
// stays out of pages.
func TestNamesAreMadePlain(t *testing.T) {
	table := open(t)
	if got := table.In(text.EN, "9.9.9.9"); got != "gpj.evil · 9.9.9.9" {
		t.Errorf("turned letters: %q", got)
	}
	if got := table.In(text.EN, "9.10.9.9"); len([]rune(got)) > 80 {
		t.Errorf("an endless name: %d letters", len([]rune(got)))
	}
}

// Any bytes open to an error or to a table that answers; none panics.
func FuzzBrokenFiles(f *testing.F) {
	whole := placetest.Bytes(f)
	f.Add(whole)
	for n := range 64 {
		broken, dice := bytes.Clone(whole), rand.New(rand.NewPCG(uint64(n), 1)) //nolint:gosec // the same breaks at every run
		for range 1 + n {
			broken[dice.IntN(len(broken))] = byte(dice.IntN(256))
		}
		f.Add(broken)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		end := time.AfterFunc(20*time.Second, func() { panic("a broken file holds the start up") })
		table, err := place.Open(written(t, file))
		end.Stop()
		if err != nil {
			return
		}
		for _, address := range []string{"212.112.100.1", "41.90.1.1", "2a02:2d8:1:2::/64"} {
			got := table.In(text.KY, address)
			if !strings.HasSuffix(got, address) || len(got) > 2000 {
				t.Errorf("%s: %q", address, got)
			}
		}
	})
}

func BenchmarkIn(b *testing.B) {
	table := open(b)
	for b.Loop() {
		_ = table.In(text.KY, "212.112.100.1")
	}
}
