// Package cabinet is a person's place at the portal: it signs people in through
// ЕСИ and gives every subject of the portal what it works with.
package cabinet

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"

	"github.com/google/uuid"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// Cabinet is what every subject of the portal works with.
type Cabinet struct {
	DB       *db.DB
	Clock    clock.Clock
	Log      *slog.Logger
	Queue    *job.Queue
	Exchange *exchangeapi.Client
	Site     *page.Site
	SignIn   *signin.Client
	Sessions *session.Store
	Mux      *http.ServeMux
	Texts    *text.Catalogue
	BaseURL  string
	Secret   []byte
}

// Person is who is signed in, with what ЕСИ handed over.
type Person struct {
	PIN       string `json:"pin"`
	Name      string `json:"name"`
	BirthDate string `json:"birth_date"` // 2026-11-22
	Email     string `json:"email"`
	Phone     string `json:"phone"`
}

// Admit lets in everybody whom ЕСИ knows (PT-2).
func Admit(_ context.Context, c signin.Claims) (any, error) {
	name := c.Name
	if c.FamilyName != "" {
		name = text.Joined(c.FamilyName, c.GivenName, c.MiddleName)
	}
	return Person{PIN: c.PIN, Name: name, BirthDate: c.BirthDate, Email: c.Email, Phone: c.Phone}, nil
}

// Who is the person of the request; ok is false for somebody not signed in.
func (c *Cabinet) Who(r *http.Request) (Person, bool, error) {
	s, ok, err := c.Sessions.Of(r)
	if err != nil || !ok {
		return Person{}, false, err
	}
	var p Person
	err = s.Bind(&p)
	return p, err == nil, err
}

// Handler answers a request of somebody signed in.
type Handler func(w http.ResponseWriter, r *http.Request, p Person) error

// Page mounts a page for those signed in.
func (c *Cabinet) Page(pattern string, h Handler) {
	c.Site.Handle(c.Mux, pattern, c.SignIn.Require(func(w http.ResponseWriter, r *http.Request) error {
		p, ok, err := c.Who(r)
		if err != nil {
			return err
		}
		if !ok {
			return fail.New(fail.SignedOut, "kit.session_ended")
		}
		return h(w, r, p)
	}))
}

// Public mounts a page for everybody.
func (c *Cabinet) Public(pattern string, h page.Handler) { c.Site.Handle(c.Mux, pattern, h) }

// ID is the id in the path; what is none is not found, and no such bytes reach
// the store.
func ID(r *http.Request) (string, error) {
	v := r.PathValue("id")
	if uuid.Validate(v) != nil {
		return "", fail.New(fail.NotFound, "kit.not_found")
	}
	return v, nil
}

// Key derives a key from the portal's secret: the same words give the same key.
func (c *Cabinet) Key(words string) string {
	mac := hmac.New(sha256.New, c.Secret)
	mac.Write([]byte("sanarip portal\n" + words))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Seen records an access to the person's data.
func (c *Cabinet) Seen(ctx context.Context, q db.Querier, r audit.Record) error {
	r.Via = "portal"
	return audit.Add(ctx, q, c.Clock, r)
}

// In gives a context in which words are spoken in the language.
func (c *Cabinet) In(ctx context.Context, l text.Lang) context.Context {
	return text.With(ctx, c.Texts, l)
}
