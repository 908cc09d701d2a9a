package text

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
)

// What is said without a template is word for word what the template would say,
// whatever the arguments.
func TestSentencesAreSaidAsByTheirTemplate(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"a": "Палата {{.Room}}", "b": "{{.Room}}, {{.Name}}: {{.Room}}.", "c": "{{.Name}}", "d": "{{ .Name }} и {{.Room}}", "e": "{{if .Name}}да{{end}} {{.Room}}",
		"f": "{{.Name | printf \"%q\"}} {{.Room}}", "g": "{ {{.Name}} }} {{.Count}}", "h": "{{/* тихо */}}{{.Name}}",
	}
	for key, sentence := range texts {
		source := fstest.MapFS{"text/t.json": {Data: []byte(`{"` + key + `": {"ky": ` + quoted(sentence) + `, "ru": ` + quoted(sentence) + `, "en": ` + quoted(sentence) + `}}`)}}
		quick, err := Load(source)
		if err != nil {
			t.Fatal(key, err)
		}
		slow := template.Must(template.New(key).Parse(sentence))
		for _, args := range []map[string]any{
			nil,
			{"Room": "5"},
			{"Room": 5, "Name": "Эрмек <b>&"},
			{"Room": int64(5), "Name": ""},
			{"Room": nil, "Name": 1.5},
			{"Room": []string{"a"}, "Name": Words{RU: "x"}},
			{"Count": 3, "Name": "n", "Room": -1},
			{"Count": "3", "Name": "n", "Room": true},
		} {
			for _, always := range []map[string]any{nil, {"Name": "всегда", "Room": 7}} {
				all := map[string]any{}
				maps.Copy(all, always)
				maps.Copy(all, args)
				var want strings.Builder
				if err := slow.Execute(&want, all); err != nil {
					t.Fatal(sentence, args, err)
				}
				quick.Always = always
				if got := quick.Say(RU, key, args); got != want.String() {
					t.Errorf("%s of %v: %q, the template says %q", sentence, args, got, want.String())
				}
			}
		}
	}
	for text, simple := range map[string]bool{texts["a"]: true, texts["b"]: true, texts["c"]: true, texts["d"]: false, texts["e"]: false, texts["f"]: false, texts["h"]: false} {
		if _, ok := sentenceOf(text); ok != simple {
			t.Errorf("%q: simple is %v", text, ok)
		}
	}
}

func BenchmarkSay(b *testing.B) {
	c, err := Load(fstest.MapFS{"text/t.json": {Data: []byte(`{"a": {"ky": "{{.Day}}-күн", "ru": "{{.Day}}-й день", "en": "day {{.Day}}"}}`)}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Say(RU, "a", map[string]any{"Day": 5})
	}
}

func quoted(s string) string {
	encoded, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}
