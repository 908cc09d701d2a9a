package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"golang.org/x/net/html"

	"github.com/sanarip/sanarip/demo"
)

// hand is a person at a browser whose side, or line, may be gone at any moment:
// what did not come through is done again.
type hand struct {
	*plain
	base string
}

// send asks and reads the page that comes; anything but a page to go on with is
// an error.
func (p *hand) send(method, path string, values url.Values) error {
	request, err := http.NewRequest(method, p.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Accept-Language", "ru")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if p.page, err = html.Parse(bytes.NewReader(data)); err != nil {
		return err
	}
	p.at = response.Request.URL
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnprocessableEntity {
		return fmt.Errorf("%s %s answers %d: %s", method, path, response.StatusCode, tail(p.text(), 600))
	}
	return nil
}

// fill sends the page's form that has the field, filled as it came and with the
// values.
func (p *hand) fill(field string, values url.Values) error {
	for _, form := range all(p.page, "form") {
		entered, has := contents(form, field)
		if !has {
			continue
		}
		for name := range values {
			entered[name] = values[name]
		}
		target, err := p.at.Parse(attribute(form, "action"))
		if err != nil {
			return err
		}
		return p.send(http.MethodPost, target.Path, entered)
	}
	return fmt.Errorf("no form with %s at %s: %s", field, p.at.Path, tail(p.text(), 600))
}

// until does the step again until it came through.
func (p *hand) until(what string, step func() error) {
	p.t.Helper()
	deadline, said := time.Now().Add(patience), error(nil)
	for {
		err := step()
		if err == nil {
			return
		}
		if dropped := (*url.Error)(nil); !errors.As(err, &dropped) {
			said = err // by the program, not by its absence
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("never: %s: %v; last said: %v", what, err, said)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

var stayPath = regexp.MustCompile(`^/stays/[^/]+`)

// stay leads the person through a whole stay, each step as often as it takes, and
// gives the number of form 066/у.
func (p *hand) stay(who demo.Person, department string) (number string) {
	p.t.Helper()
	person, stay := "", ""
	p.until("registered", func() error {
		err := p.send(http.MethodPost, "/patients/new", url.Values{
			"kind": {"citizen"}, "sex": {"female"}, "pin": {who.PIN}, "family_name": {who.FamilyName}, "given_name": {who.GivenName},
			"birth_date": {fmt.Sprintf("%s.%s.%s", who.PIN[1:3], who.PIN[3:5], who.PIN[5:9])}, "address": {who.Address},
		})
		if err != nil {
			return err
		}
		if person = regexp.MustCompile(`^/patients/[^/]+`).FindString(p.at.Path); person == "" || person == "/patients/new" {
			return fmt.Errorf("at %s: %s", p.at.Path, tail(p.text(), 900))
		}
		return nil
	})
	p.until("admitted", func() error {
		if err := p.send(http.MethodGet, person+"/admit", nil); err != nil {
			return err
		}
		if stay = stayPath.FindString(p.at.Path); stay != "" { // the answer before was lost
			return nil
		}
		place := ""
		for _, option := range all(p.page, "option") {
			_, taken := lookup(option, "disabled")
			if v := attribute(option, "value"); place == "" && !taken && strings.HasPrefix(v, department+"/") && len(v) > 3 {
				place = v
			}
		}
		err := p.fill("place", url.Values{"kind": {"planned"}, "place": {place}, "brought_by": {"self"}, "admission_text": {"I20.0"}, "at": {ago(20 * time.Hour)}})
		if err != nil {
			return err
		}
		if stay = stayPath.FindString(p.at.Path); stay == "" {
			return fmt.Errorf("at %s: %s", p.at.Path, tail(p.text(), 1500))
		}
		return nil
	})
	write := func(kind, body string) {
		p.until(kind, func() error {
			if err := p.send(http.MethodGet, stay, nil); err != nil {
				return err
			}
			if strings.Contains(p.text(), body) {
				return nil
			}
			if err := p.fill("body", url.Values{"kind": {kind}, "body": {body}}); err != nil {
				return err
			}
			return fmt.Errorf("written, to be seen: %s", tail(p.text(), 900))
		})
	}
	write("examination", "Жалобы на давящие боли за грудиной, "+who.GivenName+".")
	write("diary", "Состояние удовлетворительное, "+who.GivenName+".")
	for _, stage := range []string{"clinical", "final"} {
		p.until(stage, func() error {
			if err := p.send(http.MethodGet, stay+"/diagnoses", nil); err != nil {
				return err
			}
			return p.fill("icd_text", url.Values{"stage": {stage}, "rank": {"main"}, "icd_text": {"I20.0"}, "icd": {"I20.0"}})
		})
	}
	write("discharge_epicrisis", "Выписана с улучшением, "+who.GivenName+".")
	p.until("discharged", func() error {
		if err := p.send(http.MethodGet, stay+"/discharge", nil); err != nil {
			return err
		}
		refused := ""
		err := p.fill("outcome", url.Values{
			"do": {"discharge"}, "at": {ago(time.Hour)}, "outcome": {"discharged"}, "result": {"improved"}, "recommendations": {"Наблюдение кардиолога."},
		})
		if err == nil {
			refused = tail(p.text(), 2500)
		}
		if err := p.send(http.MethodGet, stay+"/form", nil); err != nil {
			return err
		}
		digits := regexp.MustCompile(`\b(\d{7}) ?(\d{2}) ?(\d{6}) ?(\d{2})\b`).FindStringSubmatch(p.text())
		if digits == nil {
			return errors.Join(errors.New("no number: "+refused), err)
		}
		number = strings.Join(digits[1:], "")
		return nil
	})
	return number
}

// refer sends the registered person on to the other hospital and gives the
// referral's number.
func (p *hand) refer(who demo.Person) (number string) {
	p.t.Helper()
	p.until("referred", func() error {
		if err := p.send(http.MethodPost, "/patients/find", url.Values{"q": {who.PIN}}); err != nil {
			return err
		}
		person := regexp.MustCompile(`^/patients/[^/]+`).FindString(p.at.Path)
		if err := p.send(http.MethodGet, person+"/referrals/new", nil); err != nil {
			return err
		}
		err := p.fill("reason", url.Values{
			"to": {demo.SecondHospital + "/" + demo.Therapy}, "code": {"I20.0"}, "code_text": {"I20.0"}, "reason": {"Нужна консультация кардиолога."},
		})
		if err != nil {
			return err
		}
		digits := regexp.MustCompile(`\b(\d{7})[ \x{a0}]?(` + demo.Hospital + `)[ \x{a0}]?(\d{2})\b`).FindStringSubmatch(p.text())
		if !strings.HasPrefix(p.at.Path, "/referrals/") || digits == nil {
			return fmt.Errorf("at %s: %s", p.at.Path, tail(p.text(), 1500))
		}
		number = strings.Join(digits[1:], "")
		return nil
	})
	return number
}
