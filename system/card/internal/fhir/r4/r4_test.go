package r4

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

const sample = "../testdata/synthea/liz-conn.json"

func bundle(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What another program made is read without a fault, found by marks, and
// written anew with every member as it was.
func TestSyntheaIsReadWhole(t *testing.T) {
	_, kind, entries := ReadBundle(bundle(t))
	if kind != "transaction" || len(entries) != 73 {
		t.Fatal(kind, len(entries))
	}
	for _, e := range entries {
		r := e.Resource
		if len(r.Faults) > 0 || len(r.Marks()) == 0 {
			t.Errorf("%s: %v, %d marks", r.Kind, r.Faults, len(r.Marks()))
		}
		out := r.Render("x", "7", "2026-11-22T08:00:00Z", func(int) string { return "" })
		var was, is map[string]any
		if json.Unmarshal(r.tree.raw(r.root), &was) != nil || json.Unmarshal(out, &is) != nil {
			t.Fatalf("%s", out)
		}
		for _, of := range []map[string]any{was, is} {
			delete(of, "id")
			delete(of, "meta")
		}
		before, _ := json.Marshal(was)
		after, _ := json.Marshal(is)
		if !bytes.Equal(before, after) {
			t.Errorf("%s\n%s", before, after)
		}
	}
}

func TestReferencesAreReplaced(t *testing.T) {
	r := Read([]byte(`{"resourceType":"Observation", "meta":{"versionId":"4","tag":[{"code":"a \" b"}]}, "status":"final","code":{"text":"urn:uuid:1"},
		"subject": {"reference": "urn:uuid:0b324782-31d1-4659-89ab-58e075d6e61f"}, "performer":[{"reference":"Practitioner/1"},{"reference":"urn:uuid:1"}]}`))
	if len(r.Faults) > 0 || len(r.Links) != 3 {
		t.Fatal(r.Faults, r.Links)
	}
	out := string(r.Render("o1", "2", "now", func(i int) string { return []string{"Patient/1", "", "Organization/2"}[i] }))
	want := `{"resourceType":"Observation","id":"o1","meta":{"versionId":"2","lastUpdated":"now","tag":[{"code":"a \" b"}]},"status":"final","code":{"text":"urn:uuid:1"},` +
		`"subject":{"reference":"Patient/1"},"performer":[{"reference":"Practitioner/1"},{"reference":"Organization/2"}]}`
	if out != want {
		t.Errorf("%s", out)
	}
}

func TestFormats(t *testing.T) {
	for name, cases := range map[string]map[string]bool{
		"dateTime": {
			"2026": true, "2026-11": true, "2026-11-22": true, "2026-11-22T08:00:00Z": true, "2026-11-22T08:00:00.123456+06:00": true,
			"2026-11-22T08:00": false, "2026-11-22T08:00:00": false, "2026-13": false, "2026-02-30": false, "26": false, "2026-11-22 08:00:00Z": false, "0000": false,
		},
		"instant":      {"2026-11-22T08:00:00Z": true, "2026-11-22": false},
		"date":         {"2026-11-22": true, "2026-11-22T08:00:00Z": false},
		"time":         {"08:00:00": true, "08:00": false, "25:00:00": false},
		"id":           {"a-b.C1": true, "": false, "a b": false, "ы": false, strings.Repeat("a", 65): false},
		"code":         {"a b": true, " a": false, "a  b": false, "": false},
		"uri":          {"urn:x": true, "a b": false},
		"oid":          {"urn:oid:1.2.3": true, "1.2.3": false},
		"uuid":         {"urn:uuid:0b324782-31d1-4659-89ab-58e075d6e61f": true, "0b324782-31d1-4659-89ab-58e075d6e61f": false},
		"base64Binary": {"AAAA": true, "AAA=": true, "AAA": false, "A=AA": false},
		"string":       {"а": true, " ": false, "\x01": false},
		"xhtml": {
			`<div xmlns="http://www.w3.org/1999/xhtml"><p>a&nbsp;b</p></div>`: true, `<p>a</p>`: false, `<div><p></div>`: false,
			`<div onclick="x">a</div>`: false, `<div><a href="java script:x">a</a></div>`: false, `<div><script/></div>`: false, `a`: false,
		},
	} {
		for text, ok := range cases {
			if formats[name](text) != ok {
				t.Errorf("%s %q: %v", name, text, !ok)
			}
		}
	}
}

func TestHostileTexts(t *testing.T) {
	for _, text := range []string{
		"", "{", "null", "[]", `{"resourceType":"Patient"`, `{"resourceType":"Patient"}x`, `{"resourceType":"Patient",}`, "{\"resourceType\":\"Pat\xff\"}",
		strings.Repeat("[", 100_000), `{"resourceType":"Patient","name":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}",
		`{"resourceType":"Patient","active":01}`, `{"resourceType":"Patient","active":tru}`, "{\"resourceType\":\"Patient\",\"id\":\"a\nb\"}",
		`{"resourceType":"Patient","id":"\ud8"}`, `{"resourceType":"Resource"}`, `{"resourceType":"HumanName"}`, `{"resourceType":["Patient"]}`,
	} {
		if r := Read([]byte(text)); len(r.Faults) == 0 {
			t.Errorf("%.60q is taken", text)
		}
	}
}

// Whatever comes, reading ends without a panic, and what is taken is written as
// JSON that is taken again.
func FuzzRead(f *testing.F) {
	_, _, entries := ReadBundle(bundle(f))
	for i, e := range entries {
		if i%9 == 0 {
			f.Add(e.Resource.tree.raw(e.Resource.root))
		}
	}
	f.Add([]byte(`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"x","valueString":"y"}]},"name":[{"given":["a",null],"_given":[null,{"id":"b"}]}]}`))
	f.Add([]byte(`{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, _, entries := ReadBundle(text)
		for _, e := range entries {
			if e.Resource != nil {
				e.Resource.Marks()
			}
		}
		r := Read(text)
		if !r.Usable() {
			return
		}
		r.Marks()
		r.Identifiers()
		if len(r.Faults) > 0 {
			return
		}
		out := r.Render("x", "1", "2026-11-22T08:00:00Z", func(int) string { return "" })
		if again := Read(out); len(again.Faults) > 0 {
			t.Errorf("%s became %s: %v", text, out, again.Faults)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data := bundle(b)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		_, _, entries := ReadBundle(data)
		for _, e := range entries {
			e.Resource.Marks()
			e.Resource.Render("x", "1", "x", func(int) string { return "" })
		}
	}
}
