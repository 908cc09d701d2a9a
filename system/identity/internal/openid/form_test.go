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
