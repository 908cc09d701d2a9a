// Package pagetest reads pages as a browser without scripts does, for tests.
package pagetest

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Form is one that a page sends by POST, by its first button.
type Form struct {
	Action string
	Empty  url.Values // nothing typed or chosen, and what stood in its lines rubbed out
	Came   url.Values // as it came
	Asks   bool       // there is something to fill in, not only a button
}

// Forms are those of the page that are sent by POST.
func Forms(t *testing.T, body string) []Form {
	t.Helper()
	var all []Form
	for n := range parse(t, body).Descendants() {
		if n.Data != "form" || attribute(n, "method") != "post" {
			continue
		}
		form := Form{Action: attribute(n, "action"), Empty: url.Values{}, Came: url.Values{}}
		for c := range n.Descendants() {
			form.take(c)
		}
		all = append(all, form)
	}
	return all
}

// take notes what the control sends.
func (f *Form) take(c *html.Node) {
	name, kind, value := attribute(c, "name"), attribute(c, "type"), attribute(c, "value")
	if name == "" {
		return
	}
	switch c.Data {
	case "button":
		if !f.Came.Has(name) { // the first stands for Enter
			f.Empty.Set(name, value)
			f.Came.Set(name, value)
		}
		return
	case "select":
		value = chosen(c)
	case "textarea":
		if c.FirstChild != nil {
			value = c.FirstChild.Data
		}
	case "input":
	default:
		return
	}
	switch kind {
	case "hidden":
		f.Empty.Add(name, value)
		f.Came.Add(name, value)
		return
	case "radio", "checkbox":
		if has(c, "checked") {
			f.Came.Add(name, value)
		}
	case "file":
	default:
		f.Empty.Add(name, "")
		f.Came.Add(name, value)
	}
	f.Asks = true
}

// chosen is the value of the list's option that is selected, or else of its first.
func chosen(list *html.Node) string {
	value, first := "", true
	for o := range list.Descendants() {
		if o.Data == "option" && (first || has(o, "selected")) {
			value, first = attribute(o, "value"), false
		}
	}
	return value
}

// Summary fails for an error of the page's summary that leads to no field, or is told
// after one of a field further down.
func Summary(t *testing.T, what, body string) {
	t.Helper()
	at, place := map[string]int{}, 0
	var told []string
	for n := range parse(t, body).Descendants() {
		place++
		if id := attribute(n, "id"); id != "" {
			at[id] = place
		}
		if !strings.Contains(attribute(n, "class"), "govuk-error-summary__list") {
			continue
		}
		for a := range n.Descendants() {
			if field, ok := strings.CutPrefix(attribute(a, "href"), "#"); ok {
				told = append(told, field)
			}
		}
	}
	last := 0
	for _, field := range told {
		switch {
		case at[field] == 0:
			t.Errorf("%s: an error leads to #%s, and nothing stands there", what, field)
		case at[field] < last:
			t.Errorf("%s: #%s is told after a field further down: %s", what, field, strings.Join(told, " "))
		}
		last = max(last, at[field])
	}
}

func parse(t *testing.T, body string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
