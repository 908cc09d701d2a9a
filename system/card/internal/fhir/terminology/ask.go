package terminology

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Bounds of what is asked.
const (
	maxBody   = 64 << 10 // bytes of Parameters
	maxParams = 50
	maxValue  = 1000 // bytes of one value
	mostCount = 1000 // concepts of one page of an expansion
	usual     = 100
	maxOffset = 1_000_000
)

// asked is what an operation is asked, by whichever way it came.
type asked struct {
	values  map[string]string
	codings []datatype.Coding
	lang    text.Lang
	at      time.Time
}

func (a asked) get(name string) string { return a.values[name] }

// parameters is the FHIR resource, as it comes in.
type parameters struct {
	ResourceType string `json:"resourceType"`
	Parameter    []struct {
		Name     string            `json:"name"`
		URI      string            `json:"valueUri"`
		URL      string            `json:"valueUrl"`
		Canon    string            `json:"valueCanonical"`
		Code     string            `json:"valueCode"`
		String   string            `json:"valueString"`
		Date     string            `json:"valueDate"`
		DateTime string            `json:"valueDateTime"`
		Integer  *json.Number      `json:"valueInteger"`
		Boolean  *bool             `json:"valueBoolean"`
		Coding   *datatype.Coding  `json:"valueCoding"`
		Concept  *datatype.Concept `json:"valueCodeableConcept"`
	} `json:"parameter"`
}

func bad(name string) error {
	return fail.New(fail.BadRequest, "card.fhir.term.bad_parameter", "Name", name)
}

// readParameters reads a Parameters resource.
func readParameters(body []byte) (asked, error) {
	a := asked{values: map[string]string{}}
	var p parameters
	if err := json.Unmarshal(body, &p); err != nil || p.ResourceType != "Parameters" || len(p.Parameter) > maxParams {
		return a, fail.New(fail.BadRequest, "card.fhir.term.no_parameters")
	}
	for _, one := range p.Parameter {
		switch {
		case one.Coding != nil:
			a.codings = append(a.codings, *one.Coding)
			continue
		case one.Concept != nil:
			a.codings = append(a.codings, one.Concept.Coding...)
			continue
		}
		value := strings.TrimSpace(one.URI + one.URL + one.Canon + one.Code + one.String + one.Date + one.DateTime)
		if one.Integer != nil {
			value = one.Integer.String()
		}
		if one.Boolean != nil {
			value = strconv.FormatBool(*one.Boolean)
		}
		if err := a.put(one.Name, value); err != nil {
			return a, err
		}
	}
	if len(a.codings) > maxParams {
		return a, fail.New(fail.BadRequest, "card.fhir.term.no_parameters")
	}
	return a, nil
}

// readQuery reads the parameters of a URL.
func readQuery(in url.Values) (asked, error) {
	a := asked{values: map[string]string{}}
	for name, values := range in {
		if len(values) != 1 {
			return a, bad(clip(name))
		}
		if err := a.put(name, values[0]); err != nil {
			return a, err
		}
	}
	return a, nil
}

func (a *asked) put(name, value string) error {
	if _, twice := a.values[name]; twice || len(value) > maxValue || value == "" {
		return bad(clip(name))
	}
	a.values[name] = value
	return nil
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 60)], "") }

// settle checks what is asked against what the operation knows.
func (a *asked) settle(known []string, lang text.Lang, now time.Time) error {
	for name := range a.values {
		if name != "_format" && name != "_pretty" && !slices.Contains(known, name) {
			return fail.New(fail.BadRequest, "card.fhir.refused_parameter", "Name", clip(name))
		}
	}
	a.lang, a.at = lang, now
	if said := a.get("displayLanguage"); said != "" {
		a.lang = text.Accept(said)
	}
	if day := a.get("date"); day != "" {
		at, err := moment(day)
		if err != nil {
			return bad("date")
		}
		a.at = at
	}
	if code := a.get("code"); code != "" {
		a.codings = append(a.codings, datatype.Coding{System: a.get("system"), Code: code, Display: a.get("display")})
	}
	return nil
}

// moment reads a day, which is meant to its end in Bishkek, or a moment.
func moment(s string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, s, clock.Bishkek)
	return at.AddDate(0, 0, 1).Add(-time.Second), err
}

// number reads a count that is not below 0.
func (a asked) number(name string, otherwise, most int) (int, error) {
	said := a.get(name)
	if said == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < 0 {
		return 0, bad(name)
	}
	return min(n, most), nil
}
