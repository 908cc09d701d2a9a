// Package place says in which town and country a network address is, from a
// table of the operator's own: a file in MaxMind's format (.mmdb), as DB-IP Lite
// and GeoLite2 are given out. It is asked when a page or a message is made, and
// nothing leaves the machine. Without a table an address stands alone.
//
//	table, err := place.Open(env.Settings["places"])      // "" is no table
//	handler = table.Handler(handler)
//	place.Here(ctx, "212.112.100.1")                      // "Бишкек, Кыргызстан · 212.112.100.1"
package place

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"unicode"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/sanarip/sanarip/kit/text"
)

const (
	// most is how large a file may be, in bytes: towns of the whole world take
	// 60 to 900 MB.
	most = 2 << 30
	// longest is how long a name may be, in letters.
	longest = 60
	// dot stands between a place and its address, as in the lists of pages.
	dot = " · "
)

// Table is a table of places. A nil one knows none.
type Table struct{ file *maxminddb.Reader }

// Place is a town and its country; each may be unknown.
type Place struct{ Town, Country text.Words }

// entry is what we read of the file; https://dev.maxmind.com/geoip/docs/databases/city-and-country
type entry struct {
	City struct {
		Names names `maxminddb:"names"`
	} `maxminddb:"city"`
	Country struct {
		Code  string `maxminddb:"iso_code"`
		Names names  `maxminddb:"names"`
	} `maxminddb:"country"`
}

type names struct {
	KY string `maxminddb:"ky"`
	RU string `maxminddb:"ru"`
	EN string `maxminddb:"en"`
}

// Open opens the file; without a name there is no table. A file that is broken,
// too large or holds no places is an error. It is read where it lies, so a newer
// one is put in its place by renaming, and serves from the next start.
func Open(name string) (*Table, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no table is a table that knows nothing
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	if info.Size() > most {
		return nil, fmt.Errorf("larger than %d MB", most>>20)
	}
	var t *Table
	if err = guarded(func() error {
		file, err := maxminddb.Open(name)
		t = &Table{file}
		return err
	}); err != nil {
		return nil, fmt.Errorf("not a table of places in MaxMind's format (.mmdb): %w", err)
	}
	if err := t.check(); err != nil {
		return nil, err
	}
	return t, nil
}

// check looks up an address of every 256th network of IPv4, so that a broken
// file is seen at the start and not by a person.
func (t *Table) check() error {
	found := false
	for n := range 1 << 16 {
		address := netip.AddrFrom4([4]byte{byte(n >> 8), byte(n), 1, 1}) //nolint:gosec // the two bytes of n
		if !public(address) {
			continue
		}
		e, err := t.read(address)
		if err != nil {
			return fmt.Errorf("the table of places is broken at %s: %w", address, err)
		}
		found = found || placeOf(e) != (Place{})
	}
	if found {
		return nil
	}
	return guarded(func() error { // a table of few and small networks
		looked := 0 // also at networks of which nothing is said: a broken file may be a ring of them
		for each := range t.file.Networks(maxminddb.IncludeNetworksWithoutData(), maxminddb.IncludeAliasedNetworks()) {
			var e entry
			if err := each.Decode(&e); err != nil {
				return fmt.Errorf("the table of places is broken at %s: %w", each.Prefix(), err)
			}
			if placeOf(e) != (Place{}) {
				return nil
			}
			if looked++; looked > 1<<16 {
				break
			}
		}
		return errors.New("the file holds no places: a table of cities or countries is needed")
	})
}

// guarded turns what a broken file may do into an error: a panic, and reading
// where a file that was cut short meanwhile has ended.
func guarded(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("broken file: %v", r)
		}
	}()
	return read()
}

func (t *Table) read(address netip.Addr) (entry, error) {
	var e entry
	err := guarded(func() error {
		found := t.file.Lookup(address)
		if !found.Found() {
			return found.Err()
		}
		return found.Decode(&e)
	})
	return e, err
}

// Of is where the address is, or the IPv6 network; nothing for one that is
// private, unknown or no address.
func (t *Table) Of(address string) Place {
	if t == nil {
		return Place{}
	}
	at, ok := parse(address)
	if !ok || !public(at) {
		return Place{}
	}
	e, err := t.read(at)
	if err != nil {
		return Place{}
	}
	return placeOf(e)
}

// parse reads an address or a network, as page.Address writes them.
func parse(address string) (netip.Addr, bool) {
	if len(address) > 64 {
		return netip.Addr{}, false
	}
	if network, err := netip.ParsePrefix(address); err == nil {
		return network.Addr().Unmap(), true
	}
	at, err := netip.ParseAddr(address)
	return at.WithZone("").Unmap(), err == nil
}

// shared is what providers give to several homes at once (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

func public(at netip.Addr) bool {
	return at.IsGlobalUnicast() && !at.IsPrivate() && !shared.Contains(at)
}

func placeOf(e entry) Place {
	code := strings.ToUpper(e.Country.Code)
	town := plain(e.City.Names.EN)
	p := Place{Town: townNames(code, town), Country: own.Countries[code]}
	if p.Town == (text.Words{}) {
		p.Town = inThree(e.City.Names)
	}
	if p.Country == (text.Words{}) {
		p.Country = inThree(e.Country.Names)
	}
	return p
}

// inThree is the file's names in our languages: where one is missing, the next
// that the reader can read.
func inThree(n names) text.Words {
	ky, ru, en := plain(n.KY), plain(n.RU), plain(n.EN)
	return text.Words{KY: first(ky, ru, en), RU: first(ru, en), EN: first(en, ru)}
}

func first(some ...string) string {
	for _, each := range some {
		if each != "" {
			return each
		}
	}
	return ""
}

// plain is a name without the quarter that some tables add in brackets, without
// letters that are not seen, and not longer than a line.
func plain(name string) string {
	if len(name) > 16*longest {
		return ""
	}
	name, _, _ = strings.Cut(name, " (")
	name = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimSpace(name)
	if letters := []rune(name); len(letters) > longest {
		return string(letters[:longest-1]) + "…"
	}
	return name
}

// In is the place in the language: «Бишкек, Кыргызстан»; "" for an unknown one.
func (p Place) In(l text.Lang) string {
	town, country := p.Town.In(l), p.Country.In(l)
	if town == "" || country == "" {
		return town + country
	}
	return town + ", " + country
}

// In is the place and the address, in the language; the address alone where no
// place is known.
func (t *Table) In(l text.Lang, address string) string {
	if at := t.Of(address).In(l); at != "" {
		return at + dot + address
	}
	return address
}

type contextKey struct{}

// Handler gives requests the table.
func (t *Table) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(With(r.Context(), t)))
	})
}

// With gives the context the table.
func With(ctx context.Context, t *Table) context.Context {
	return context.WithValue(ctx, contextKey{}, t)
}

// Here is the place and the address in the language of the context.
func Here(ctx context.Context, address string) string {
	t, _ := ctx.Value(contextKey{}).(*Table)
	return t.In(text.LangOf(ctx), address)
}

// Within is a list with dots between, in which addresses have got their places:
// "Firefox · 212.112.100.1".
func Within(ctx context.Context, list string) string {
	parts := strings.Split(list, dot)
	for i, each := range parts {
		if _, ok := parse(each); ok {
			parts[i] = Here(ctx, each)
		}
	}
	return strings.Join(parts, dot)
}
