package openid

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// Our own reading of a form is net/http's, whatever comes.
func TestFormsAreReadAsNetHTTPReadsThem(t *testing.T) {
	for _, each := range []struct{ address, kind, body string }{
		{"/connect/token", formType, "a=1&b=%D0%B0+x&a=2&empty=&=x"},
		{"/connect/token", formType, ""},
		{"/connect/token", formType, "a=%zz&b=1"},
		{"/connect/token", formType, "a=1;b=2"},
		{"/connect/token?c=3", formType, "a=1"},
		{"/connect/token", formType + "; charset=utf-8", "a=1"},
		{"/connect/token", "application/json", "a=1"},
		{"/connect/token", "", "a=1"},
		{"/connect/token", formType, "a=" + strings.Repeat("x", maxForm-2)},
		{"/connect/token", formType, "a=" + strings.Repeat("x", maxForm)},
	} {
		read := func(by func(*http.Request) error) (*http.Request, error) {
			r := httptest.NewRequest(http.MethodPost, each.address, strings.NewReader(each.body))
			r.Header.Set("Content-Type", each.kind)
			err := by(r)
			_ = r.FormValue("a") // as the library asks
			return r, err
		}
		ours, err := read(readForm)
		theirs, want := read((*http.Request).ParseForm)
		if (err == nil) != (want == nil) || !maps.EqualFunc(ours.PostForm, theirs.PostForm, slices.Equal[[]string]) || !maps.EqualFunc(ours.Form, theirs.Form, slices.Equal[[]string]) {
			t.Errorf("%.60q as %q: %v, %v; net/http %v", each.body, each.kind, ours.PostForm, err, want)
		}
	}
	// Less than was announced is no form.
	r := httptest.NewRequest(http.MethodPost, "/connect/token", strings.NewReader("a=1"))
	r.Header.Set("Content-Type", formType)
	r.ContentLength = 10
	if readForm(r) == nil || r.PostForm.Has("a") {
		t.Error("a form that was cut off is taken")
	}
}

// Whom we take the request to be from, and by which secret, is what the library
// reads from it; a name that Basic would cut in two is nobody's.
func TestCredentialsAreThoseThatTheLibraryReads(t *testing.T) {
	for _, each := range []struct {
		basic        [2]string
		form         string
		name, secret string
		refused      bool
	}{
		{basic: [2]string{"system", "secret"}, name: "system", secret: "secret"},
		{basic: [2]string{"system", "s%3Ae+c%25"}, name: "system", secret: "s:e c%"},
		{basic: [2]string{"a%3Ab", "secret"}, refused: true},
		{basic: [2]string{"system", "%zz"}, refused: true},
		{basic: [2]string{"system", "secret"}, form: "client_secret=secret", refused: true},
		{form: "client_id=system&client_secret=s%3Ae", name: "system", secret: "s:e"},
		{form: "client_id=system%3As&client_secret=e", refused: true},
		{form: "client_id=system"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/connect/introspect", strings.NewReader(each.form))
		r.Header.Set("Content-Type", formType)
		if each.basic[0] != "" {
			r.SetBasicAuth(each.basic[0], each.basic[1])
		}
		call := &call{}
		if err := credentials(r, call); (err != nil) != each.refused {
			t.Errorf("%v %q: %v", each.basic, each.form, err)
			continue
		}
		if each.refused {
			continue
		}
		name, secret, _ := r.BasicAuth()
		if call.asking != name || call.secret != secret || name != each.name || secret != each.secret {
			t.Errorf("%v %q: %q and %q, the library reads %q and %q", each.basic, each.form, call.asking, call.secret, name, secret)
		}
	}
}
