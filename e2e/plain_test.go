package e2e_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/sanarip/sanarip/demo"
)

// plain is a browser that knows no JavaScript at all: pages, links, forms,
// cookies. What it can do, everybody can.
type plain struct {
	t      *testing.T
	client *http.Client
	at     *url.URL
	page   *html.Node
}

func newPlain(t *testing.T) *plain {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := *local
	client.Jar = jar
	return &plain{t: t, client: &client}
}

func (p *plain) take(response *http.Response, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.at = response.Request.URL
	if p.page, err = html.Parse(bytes.NewReader(data)); err != nil {
		p.t.Fatal(err)
	}
	if response.StatusCode >= 400 {
		p.t.Fatalf("%s answers %d: %s", p.at, response.StatusCode, tail(p.text(), 1500))
	}
}

func (p *plain) goTo(address string) {
	p.t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Accept-Language", "ru")
	p.take(p.client.Do(request))
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// all gives the elements of the tag below n.
func all(n *html.Node, tag string) []*html.Node {
	var found []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag {
			found = append(found, d)
		}
	}
	return found
}

func (p *plain) text() string {
	var b strings.Builder
	for d := range p.page.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "script" {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\u00a0", " ")), " ")
}

// submit sends the form that has the visible field, filled as it came and with
// the values given, by its first button.
func (p *plain) submit(field string, values map[string]string) {
	p.t.Helper()
	for _, form := range all(p.page, "form") {
		entered, has := contents(form, field)
		if !has {
			continue
		}
		for name, value := range values {
			entered.Set(name, value)
		}
		target, err := p.at.Parse(attribute(form, "action"))
		if err != nil {
			p.t.Fatal(err)
		}
		if strings.EqualFold(attribute(form, "method"), "post") {
			p.take(p.client.PostForm(target.String(), entered))
		} else {
			target.RawQuery = entered.Encode()
			p.goTo(target.String())
		}
		return
	}
	p.t.Fatalf("no form with %s at %s: %s", field, p.at, tail(p.text(), 1500))
}

// contents are the values a form would send as it stands.
func contents(form *html.Node, field string) (url.Values, bool) {
	entered, has := url.Values{}, false
	for _, input := range all(form, "input") {
		name, kind := attribute(input, "name"), attribute(input, "type")
		has = has || (name == field && kind != "hidden")
		_, checked := lookup(input, "checked")
		if name != "" && kind != "file" && (kind != "radio" && kind != "checkbox" || checked) {
			entered.Set(name, attribute(input, "value"))
		}
	}
	for _, area := range all(form, "textarea") {
		has = has || attribute(area, "name") == field
		entered.Set(attribute(area, "name"), "")
	}
	for _, list := range all(form, "select") {
		has = has || attribute(list, "name") == field
		for i, option := range all(list, "option") {
			if _, selected := lookup(option, "selected"); i == 0 || selected {
				entered.Set(attribute(list, "name"), attribute(option, "value"))
			}
		}
	}
	for _, button := range all(form, "button") {
		if name := attribute(button, "name"); name != "" {
			has = has || name == field
			if !entered.Has(name) {
				entered.Set(name, attribute(button, "value"))
			}
		}
	}
	return entered, has
}

func lookup(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func (p *plain) signIn(w world, who demo.Person) {
	p.t.Helper()
	seen := len(w.codes(who))
	p.submit("password", map[string]string{"pin": who.PIN, "password": demo.Password})
	w.until("a code for "+who.Name(), func() bool { return len(w.codes(who)) > seen })
	p.submit("code", map[string]string{"code": w.codes(who)[0]})
	if strings.Contains(p.at.Path, "/consent") {
		p.submit("decision", map[string]string{"decision": "allow", "agreement": "1"})
	}
}

// A doctor without JavaScript signs in, finds and admits a patient and writes in
// the case history; a diagnosis is typed, not picked from suggestions.
func TestWithoutJavaScript(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	p := newPlain(t)
	p.goTo(w.site["card"] + "/sign-in")
	p.signIn(w, demo.Doctor)
	p.goTo(w.site["card"] + "/patients")
	p.submit("q", map[string]string{"q": demo.Patient.PIN})
	if !strings.Contains(p.text(), demo.Patient.FamilyName) {
		t.Fatalf("not found: %s", tail(p.text(), 1000))
	}
	admit := ""
	for _, a := range all(p.page, "a") {
		if strings.HasSuffix(attribute(a, "href"), "/admit") {
			admit = attribute(a, "href")
		}
	}
	p.goTo(w.site["card"] + admit)
	place := ""
	for _, option := range all(p.page, "option") {
		if v := attribute(option, "value"); place == "" && strings.HasPrefix(v, demo.Therapy+"/") && len(v) > 3 {
			place = v
		}
	}
	p.submit("place", map[string]string{"kind": "planned", "place": place, "brought_by": "self", "admission_text": "I20.0"})
	if !strings.Contains(p.at.Path, "/stays/") {
		t.Fatalf("not admitted: %s", tail(p.text(), 1500))
	}
	p.submit("body", map[string]string{"kind": "diary", "body": "Состояние удовлетворительное."})
	if !strings.Contains(p.text(), "Состояние удовлетворительное.") {
		t.Fatalf("not written: %s", tail(p.text(), 1500))
	}

	// The citizen's way to a document, on the same plain forms.
	c := newPlain(t)
	c.goTo(w.site["portal"] + "/sign-in")
	c.signIn(w, demo.Patient)
	c.goTo(w.site["portal"] + "/?service_text=" + url.QueryEscape("реестр"))
	service := ""
	for _, a := range all(c.page, "a") {
		if strings.HasPrefix(attribute(a, "href"), "/services/") {
			service = attribute(a, "href")
		}
	}
	if service == "" {
		t.Fatalf("no service found: %s", tail(c.text(), 1000))
	}
	c.goTo(w.site["portal"] + service + "/order")
	for _, form := range all(c.page, "form") {
		if strings.HasSuffix(attribute(form, "action"), "/order") {
			entered, _ := contents(form, "")
			c.take(c.client.PostForm(w.site["portal"]+attribute(form, "action"), entered))
			break
		}
	}
	if !strings.Contains(c.at.Path, "/my/applications/") {
		t.Fatalf("not ordered: %s %s", c.at, tail(c.text(), 1500))
	}
	if !strings.Contains(c.text(), demo.Patient.FamilyName) {
		t.Fatalf("no answer from the register: %s", tail(c.text(), 1500))
	}
}
