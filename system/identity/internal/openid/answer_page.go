package openid

import (
	"bytes"
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"regexp"
	"strconv"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/page"
)

// answer holds an answer back until it is known to be the right one.
type answer struct {
	w      http.ResponseWriter
	status int
	body   bytes.Buffer
	ready  []byte // instead of the body: bytes that are answered again
}

func (a *answer) Header() http.Header { return a.w.Header() }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func (a *answer) reset() {
	a.status, a.ready = 0, nil
	a.body.Reset()
	for _, name := range []string{"Location", "Content-Type", "Content-Length", "Content-Encoding"} { // of an error page perhaps
		a.Header().Del(name)
	}
}

func (a *answer) refuse(err error) {
	e, _ := errors.AsType[goidc.Error](err)
	data, marshalErr := json.Marshal(e)
	if marshalErr != nil {
		data = []byte(`{"error":"invalid_request"}`)
	}
	a.Header().Set("Content-Type", "application/json")
	a.Header().Set("Cache-Control", "no-store")
	a.WriteHeader(e.StatusCode())
	_, _ = a.body.Write(data) // a buffer takes everything
}

// again answers with another error.
func (a *answer) again(e goidc.Error, status int) {
	a.reset()
	a.refuse(e.WithStatusCode(status))
}

func (a *answer) send() error {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	data := a.ready
	if data == nil {
		data = a.body.Bytes()
	}
	if len(data) > 0 { // told before, net/http sends what is long in one piece too
		a.Header()["Content-Length"] = []string{strconv.Itoa(len(data))}
	}
	a.w.WriteHeader(a.status)
	_, _ = a.w.Write(data) // a reader that left is no error of ours
	return nil
}

// isFormPost recognises the library's page of response_mode=form_post, the only
// one that it writes itself.
func (a *answer) isFormPost() bool {
	return a.status == http.StatusOK && a.Header().Get("Content-Type") == "text/html"
}

var (
	formAction = regexp.MustCompile(`<form id="auth-response" method="post" action="([^"]*)">`)
	formValue  = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)"/>`)
)

// formPost shows the library's form in our own page: its script is inline, which
// our Content-Security-Policy forbids, and it has no button without a script.
func (p *Provider) formPost(w http.ResponseWriter, r *http.Request, body string) error {
	action := formAction.FindStringSubmatch(body)
	if action == nil {
		return errors.New("openid: the form of form_post was not understood")
	}
	target := html.UnescapeString(action[1])
	var fields [][2]string
	for _, field := range formValue.FindAllStringSubmatch(body, -1) {
		fields = append(fields, [2]string{field[1], html.UnescapeString(field[2])})
	}
	w.Header().Del("Content-Type")
	page.Permit(w, "form-action", originOf(target))
	return page.Render(w, r, http.StatusOK, formPostPage(target, fields))
}

// formPostScript sends the form by itself where there are scripts.
func formPostScript(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write([]byte(`document.querySelector("form[data-form-post]").submit()`)) // a reader that left is no error of ours
}
