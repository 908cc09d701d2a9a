package seal

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

// shown is a certificate on the page.
type shown struct {
	Name, Fingerprint, Address string
	From, Until                time.Time
	Current                    bool
}

// Mount puts the pages into the mux.
func (s *Service) Mount(mux *http.ServeMux, site *page.Site) {
	site.Handle(mux, "GET /{$}", s.list)
	site.Handle(mux, "GET /certificates/{name}", s.download)
}

func (s *Service) list(w http.ResponseWriter, r *http.Request) error {
	keys, err := allKeys(r.Context(), s.DB.Read)
	if err != nil {
		return err
	}
	var all []shown
	for i, k := range keys {
		one, err := show(k.certificate, fmt.Sprintf("/certificates/key-%d.pem", k.number))
		if err != nil {
			return err
		}
		one.Current = i == 0
		all = append(all, one)
	}
	authority, _, err := findAuthority(r.Context(), s.DB.Read)
	if err == nil {
		one, err := show(authority, "/certificates/authority.pem")
		if err != nil {
			return err
		}
		all = append(all, one)
	} else if !errors.Is(err, sql.ErrNoRows) {
		return db.Explain(err)
	}
	return page.Render(w, r, http.StatusOK, listPage(all))
}

func show(certificate, address string) (shown, error) {
	parsed, err := parse(certificate)
	if err != nil {
		return shown{}, err
	}
	sum := sha256.Sum256(parsed.Raw)
	return shown{
		Name: parsed.Subject.CommonName, Fingerprint: grouped(hex.EncodeToString(sum[:])), Address: address,
		From: parsed.NotBefore, Until: parsed.NotAfter,
	}, nil
}

// grouped parts a fingerprint so that it can be compared by eye and wraps.
func grouped(s string) string {
	var parts []string
	for i := 0; i < len(s); i += 8 {
		parts = append(parts, s[i:min(i+8, len(s))])
	}
	return strings.Join(parts, " ")
}

func (s *Service) download(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	var certificate string
	var err error
	if name == "authority.pem" {
		certificate, _, err = findAuthority(r.Context(), s.DB.Read)
	} else {
		var keys []signingKey
		if keys, err = allKeys(r.Context(), s.DB.Read); err == nil {
			err = sql.ErrNoRows
			for _, k := range keys {
				if name == fmt.Sprintf("key-%d.pem", k.number) {
					certificate, err = k.certificate, nil
				}
			}
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return db.Explain(err)
	}
	return page.Attach(w, "application/x-pem-file", "sanarip-"+name, []byte(certificate))
}
