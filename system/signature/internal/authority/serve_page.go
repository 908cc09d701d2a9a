package authority

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

// Mount puts the public addresses that certificates name into the mux. A GET of
// a question (OCSPPath) has slashes in its path and comes to Before.
func (s *Service) Mount(mux *http.ServeMux, site *page.Site) {
	site.Handle(mux, "GET /ca/{file}", s.file)
	mux.HandleFunc("POST /ocsp", s.ask)
	mux.HandleFunc("POST /tsp", s.stampTime)
}

// OCSPPath stands before the base64 of a question in a GET (RFC 6960, A.1).
const OCSPPath = "/ocsp/"

// Before takes the GETs of OCSP out of what the mux would clean: base64 may have
// two slashes in a row.
func (s *Service) Before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page.Reads(r) && strings.HasPrefix(r.URL.Path, OCSPPath) {
			s.askInPath(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// file serves certificates and lists: root.crt, issuing.crt, root-1.crl. A name
// without a number is the one in use.
func (s *Service) file(w http.ResponseWriter, r *http.Request) error {
	missing := fail.New(fail.NotFound, "kit.not_found")
	name, kind, _ := strings.Cut(r.PathValue("file"), ".")
	name, text, numbered := strings.Cut(name, "-")
	if (name != root && name != issuing) || (kind != "crt" && kind != "crl") {
		return missing
	}
	k, err := s.pick(r.Context(), name, text, numbered)
	if errors.Is(err, sql.ErrNoRows) {
		return missing
	}
	if err != nil {
		return err
	}
	h := w.Header()
	if kind == "crt" {
		h.Set("Cache-Control", "public, max-age=3600")
		return page.Attach(w, "application/pkix-cert", "sanarip-"+k.id()+".crt", k.certificate.Raw)
	}
	l, err := s.revocations(r.Context(), k)
	if err != nil {
		return err
	}
	h.Set("Cache-Control", "public, max-age=60") // a revocation is soon known
	h.Set("Last-Modified", l.this.UTC().Format(http.TimeFormat))
	return page.Attach(w, "application/pkix-crl", "sanarip-"+k.id()+".crl", l.der)
}

func (s *Service) pick(ctx context.Context, name, text string, numbered bool) (own, error) {
	if !numbered {
		return newest(ctx, s.DB.Read, name)
	}
	number, err := strconv.ParseInt(text, 10, 32)
	if err != nil || strconv.FormatInt(number, 10) != text {
		return own{}, sql.ErrNoRows
	}
	return findOwn(ctx, s.DB.Read, name, number)
}

// ask answers the POST of a question.
func (s *Service) ask(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuestion))
	if err != nil {
		writeDER(w, http.StatusOK, "application/ocsp-response", refusal(malformed))
		return
	}
	writeDER(w, http.StatusOK, "application/ocsp-response", s.answer(r.Context(), body))
}

// askInPath answers a GET: the question in base64, whose own / and + may or may
// not be escaped.
func (s *Service) askInPath(w http.ResponseWriter, r *http.Request) {
	text := strings.ReplaceAll(strings.TrimPrefix(r.URL.Path, OCSPPath), " ", "+")
	if len(text) > base64.StdEncoding.EncodedLen(maxQuestion) {
		writeDER(w, http.StatusOK, "application/ocsp-response", refusal(malformed))
		return
	}
	der, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		writeDER(w, http.StatusOK, "application/ocsp-response", refusal(malformed))
		return
	}
	writeDER(w, http.StatusOK, "application/ocsp-response", s.answer(r.Context(), der))
}

// stampTime answers a time-stamp query.
func (s *Service) stampTime(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxStampQuery))
	if err != nil {
		body = nil // refused as what it is: no query
	}
	writeDER(w, http.StatusOK, "application/timestamp-reply", s.reply(r.Context(), body))
}

func writeDER(w http.ResponseWriter, status int, kind string, der []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(der)
}
