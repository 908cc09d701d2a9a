package page_test

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

var things = db.Set{Name: "things", Files: fstest.MapFS{
	"00001_thing.sql": {Data: []byte("-- +goose Up\nCREATE TABLE thing (id TEXT PRIMARY KEY);\n")},
}}

// PostgreSQL fails on a NUL and on bytes that are no UTF-8, SQLite does not:
// on both the reader is told the same, and never that the fault is ours.
func TestBytesThatAreNoTextAreRefusedAlikeOnBothEngines(t *testing.T) {
	dbtest.Each(t, "card", []db.Set{things}, func(t *testing.T, d *db.DB) {
		var log bytes.Buffer
		s := site(t, &log)
		mux := http.NewServeMux()
		find := func(r *http.Request, id string) error {
			err := d.Read.QueryRowContext(r.Context(), `SELECT id FROM thing WHERE id = $1`, id).Scan(&id)
			if err == sql.ErrNoRows {
				return fail.New(fail.NotFound, "kit.bad_request")
			}
			return err
		}
		s.Handle(mux, "GET /things/{id}", func(_ http.ResponseWriter, r *http.Request) error { return find(r, r.PathValue("id")) })
		s.Handle(mux, "GET /things", func(_ http.ResponseWriter, r *http.Request) error { return find(r, page.QueryForm(r).Get("id")) })
		s.Handle(mux, "POST /things", func(w http.ResponseWriter, r *http.Request) error {
			form, err := page.ReadForm(w, r)
			if err != nil {
				return err
			}
			return find(r, form.Get("id"))
		})
		for name, bytes := range map[string]string{"NUL": "a\x00b", "no UTF-8": "a\xffb", "half a letter": "\xd0"} {
			escaped := url.QueryEscape(bytes)
			for request, want := range map[*http.Request]int{
				httptest.NewRequest(http.MethodGet, "/things/"+escaped, nil):                      http.StatusNotFound,
				httptest.NewRequest(http.MethodGet, "/things?id="+escaped, nil):                   http.StatusBadRequest,
				httptest.NewRequest(http.MethodPost, "/things", strings.NewReader("id="+escaped)): http.StatusBadRequest,
				httptest.NewRequest(http.MethodGet, "/things?other=1&"+escaped+"=1", nil):         http.StatusBadRequest,
			} {
				request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				if code, body := answer(mux, request); code != want {
					t.Errorf("%s, %s %s: %d %s", name, request.Method, request.URL, code, body)
				}
			}
			err := d.Tx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, `INSERT INTO thing (id) VALUES ($1)`, bytes)
				return err
			})
			if d.Dialect == db.Postgres && !fail.Is(err, fail.BadRequest) {
				t.Errorf("%s past every page: %v", name, err)
			}
		}
	})
}
