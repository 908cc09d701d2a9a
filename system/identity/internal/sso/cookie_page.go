package sso

import (
	"net/http"
)

const cookieName = "sanarip_identity"

func (s *Sessions) cookie() string {
	if s.Secure {
		return "__Host-" + cookieName
	}
	return cookieName
}

// Request is the session of the request's browser; nil when there is none.
func (s *Sessions) Request(r *http.Request) (*Session, error) {
	cookie, err := r.Cookie(s.cookie())
	if err != nil || len(cookie.Value) != 43 {
		return nil, nil //nolint:nilerr,nilnil // no cookie, no session
	}
	session, ok, err := s.BySecret(r.Context(), cookie.Value)
	if err != nil || !ok {
		return nil, err
	}
	return &session, nil
}

// Set gives the browser the session's secret; "" takes it away. A browser that
// is to be remembered keeps it when it is closed.
func (s *Sessions) Set(w http.ResponseWriter, secret string, remembered bool) {
	age := 0
	switch {
	case secret == "":
		age = -1
		Forget(w)
	case remembered:
		age = int(s.lifetime(true).Seconds())
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookie(), Value: secret, Path: "/", MaxAge: age, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
}

// Forget has the browser delete what it kept of the person: the app's documents
// and drafts (W3C Clear Site Data). Cookies stay.
func Forget(w http.ResponseWriter) { w.Header().Set("Clear-Site-Data", `"storage"`) }

// Knows says whether the browser has kept the secret that it was given. One that
// was on a page of ours and has not keeps no cookies.
func (s *Sessions) Knows(r *http.Request) bool {
	cookie, err := r.Cookie(s.cookie() + "_browser")
	return err == nil && len(cookie.Value) == 43
}

// Forgets says whether the browser keeps no cookies: it comes from a page of ours,
// which has given it one, without it. A browser that does not say where it comes
// from counts as such on pages to which a form of ours alone leads.
func (s *Sessions) Forgets(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return !s.Knows(r) && (site == "same-origin" || site == "")
}

// Browser is a secret by which the browser is known again; one is given if it
// has none. What one browser began, no other can go on with; and where a person
// has signed in before, they are not locked out by who guesses elsewhere.
func (s *Sessions) Browser(w http.ResponseWriter, r *http.Request, fresh func() string) string {
	name := s.cookie() + "_browser"
	if cookie, err := r.Cookie(name); err == nil && len(cookie.Value) == 43 {
		return cookie.Value
	}
	if given := givenNow(w, name); given != "" {
		return given
	}
	secret := fresh()
	http.SetCookie(w, &http.Cookie{Name: name, Value: secret, Path: "/", MaxAge: int(s.BrowserLife().Seconds()), HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
	return secret
}

// givenNow is the cookie that this very answer sets; "" for none.
func givenNow(w http.ResponseWriter, name string) string {
	for _, line := range w.Header()["Set-Cookie"] {
		if cookie, err := http.ParseSetCookie(line); err == nil && cookie.Name == name {
			return cookie.Value
		}
	}
	return ""
}
