package patch_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/system/card/internal/fhir/patch"
)

// The cases of RFC 6902's appendix that a resource can meet, and what breaks them.
func TestApply(t *testing.T) {
	const was = `{"a":{"b":[1,2.50]},"c":"x","m~/n":true}`
	for _, c := range []struct{ patch, want string }{
		{`[{"op":"add","path":"/a/b/1","value":{"d":1}}]`, `{"a":{"b":[1,{"d":1},2.50]},"c":"x","m~/n":true}`},
		{`[{"op":"add","path":"/a/b/-","value":"<y>"}]`, `{"a":{"b":[1,2.50,"<y>"]},"c":"x","m~/n":true}`},
		{`[{"op":"replace","path":"/m~0~1n","value":false}]`, `{"a":{"b":[1,2.50]},"c":"x","m~/n":false}`},
		{`[{"op":"remove","path":"/a/b/0"},{"op":"test","path":"/a/b","value":[2.5]}]`, `{"a":{"b":[2.50]},"c":"x","m~/n":true}`},
		{`[{"op":"move","from":"/a/b","path":"/e"}]`, `{"a":{},"c":"x","e":[1,2.50],"m~/n":true}`},
		{`[{"op":"copy","from":"/a","path":"/e"},{"op":"remove","path":"/e/b/0"}]`, `{"a":{"b":[1,2.50]},"c":"x","e":{"b":[2.50]},"m~/n":true}`},
		{`[{"op":"replace","path":"","value":{"z":1}}]`, `{"z":1}`},
		{`[{"op":"add","path":"/a/b/3","value":1}]`, ""},
		{`[{"op":"add","path":"/a/b/01","value":1}]`, ""},
		{`[{"op":"add","path":"/no/b","value":1}]`, ""},
		{`[{"op":"replace","path":"/no","value":1}]`, ""},
		{`[{"op":"remove","path":"/no"}]`, ""},
		{`[{"op":"remove","path":""}]`, ""},
		{`[{"op":"test","path":"/c","value":"y"}]`, ""},
		{`[{"op":"move","from":"/a","path":"/a/b"}]`, ""},
		{`[{"op":"add","path":"/c/d","value":1}]`, ""},
		{`[{"op":"add","path":"/c","value":"y"},{"op":"test","path":"/c","value":"x"}]`, ""},
	} {
		p, err := patch.Read([]byte(c.patch))
		if err != nil {
			t.Errorf("%s: %v", c.patch, err)
			continue
		}
		got, err := p.Apply([]byte(was))
		if m, ok := errors.AsType[*patch.Misfit](err); c.want == "" && (!ok || m.Operation < 0) || string(got) != c.want {
			t.Errorf("%s: %s %v", c.patch, got, err)
		}
	}
	for _, none := range []string{
		``, `{}`, `[]`, `null`, `[{}]`, `[{"op":"add","path":"/a"}]`, `[{"op":"add","path":"a","value":1}]`, `[{"op":"add","path":"/~2","value":1}]`,
		`[{"op":"move","path":"/a"}]`, `[{"op":"x","path":"/a"}]`, `[{"op":"remove"}]`, "[{\"op\":\"remove\",\"path\":\"/\xff\"}]",
		"[" + strings.Repeat(`{"op":"remove","path":"/a"},`, 200) + `{"op":"remove","path":"/a"}]`, strings.Repeat(" ", patch.MostBytes) + `[{"op":"remove","path":"/a"}]`,
	} {
		if _, err := patch.Read([]byte(none)); !errors.Is(err, patch.ErrUnread) {
			t.Errorf("%.60s: %v", none, err)
		}
	}
}

// A copy of a copy of a copy ends before the memory does.
func TestCopiesAreBounded(t *testing.T) {
	p, err := patch.Read([]byte("[" + strings.Repeat(`{"op":"copy","from":"/a","path":"/a/-"},`, 60) + `{"op":"test","path":"/b","value":1}]`))
	if err != nil {
		t.Fatal(err)
	}
	var m *patch.Misfit
	if out, err := p.Apply([]byte(`{"a":["` + strings.Repeat("x", 100) + `"]}`)); !errors.As(err, &m) || m.Operation > 30 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

// Whatever is sent, the answer is a document, or a refusal.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{`[{"op":"add","path":"/a/-","value":1}]`, `[{"op":"copy","from":"","path":"/a"}]`, `[{"op":"move","from":"/a/0","path":"/b"}]`, `[{"op":"test","path":"/a~1","value":[1e400]}]`} {
		f.Add(seed, `{"a":[1,{"b":"x"}],"b":{"c":1.0}}`)
	}
	f.Fuzz(func(t *testing.T, sent, resource string) {
		if len(resource) > 1<<16 {
			return
		}
		p, err := patch.Read([]byte(sent))
		if err != nil {
			return
		}
		out, err := p.Apply([]byte(resource))
		if err == nil && !json.Valid(out) {
			t.Fatalf("%q", out)
		}
	})
}
