package page

import (
	"bytes"
	"encoding/json"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/text"
)

func stack() string { return string(debug.Stack()) }

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render writes a whole page or nothing: a component that fails half-way leaves
// no torn page behind.
func Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	buf := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buf)
	buf.Reset()
	if err := c.Render(r.Context(), buf); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	write(w, r, status, buf.Bytes())
	return nil
}

// JSON writes v as JSON.
func JSON(w http.ResponseWriter, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data)
	return nil
}

// Redirect leads on after a POST (303). Only paths of this site are taken:
// anything else leads to "/". A notice that has come here and is not shown here goes
// along, but for one that is left anew.
func Redirect(w http.ResponseWriter, r *http.Request, path string) error {
	switch v := Of(r.Context()); {
	case v.Message == "" || leaves(w):
	case v.Attends:
		Attention(w, v.Message)
	default:
		Notice(w, v.Message)
	}
	http.Redirect(w, r, Local(path), http.StatusSeeOther)
	return nil
}

// Local gives the path back if it is one of this site, else "/": a guard
// against being used to lead people elsewhere.
func Local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

const noticeCookie = "notice"

// Notice leaves a message (a translation key) for the next page: "saved".
func Notice(w http.ResponseWriter, key string) {
	keep(w, noticeCookie, key, 60)
}

// leaves says that the answer leaves a notice already.
func leaves(w http.ResponseWriter) bool {
	return slices.ContainsFunc(w.Header()["Set-Cookie"], func(c string) bool {
		value, is := strings.CutPrefix(c, noticeCookie+"=")
		return is && !strings.HasPrefix(value, ";")
	})
}

// attention stands before the key of a notice that something was not done.
const attention = "!"

// Attention leaves a message that something was not done, or has to be done first: it
// does not look as what Notice leaves.
func Attention(w http.ResponseWriter, key string) {
	keep(w, noticeCookie, attention+key, 60)
}

func takeNotice(w http.ResponseWriter, r *http.Request, texts *text.Catalogue) (key string, attends bool) {
	cookie, err := r.Cookie(noticeCookie)
	if err != nil || r.Method != http.MethodGet {
		return "", false
	}
	drop(w, noticeCookie)
	key, attends = strings.CutPrefix(cookie.Value, attention)
	if !texts.Has(key) {
		return "", false
	}
	return key, attends
}

// IsPartial says that a script asked for a part of the page (htmx).
func IsPartial(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }
