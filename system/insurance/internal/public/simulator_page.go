package public

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

//go:embed example.json
var example string

// Simulator is GET /simulator: what it is, and a case to try in the browser.
func (p Pages) Simulator(w http.ResponseWriter, r *http.Request) error {
	return page.Render(w, r, http.StatusOK, simulatorPage(simulatorView{form: page.NewForm("case", example), address: p.Address}))
}

// Example is GET /simulator/example.json: a case with nothing wrong in it.
func (Pages) Example(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err := io.WriteString(w, example)
	return err
}

type simulatorView struct {
	form     *page.Form
	decision *insuranceapi.Decision
	address  string // of the fund's site
}

// Try is POST /simulator: the form of the page.
func (p Pages) Try(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	v := simulatorView{form: form, address: p.Address}
	c, err := read(strings.NewReader(form.Get("case")))
	if err == nil {
		var d insuranceapi.Decision
		if d, err = p.Simulate(r.Context(), c); err == nil {
			v.decision = &d
		}
	}
	status := http.StatusOK
	if err != nil {
		status = http.StatusUnprocessableEntity
		complain(form, err)
	}
	return page.Render(w, r, status, simulatorPage(v))
}

// SimulateJSON is POST /simulator/treated-cases for programs: a case in, the
// decision out, as at the exchange's treated-cases/check. Nothing is kept.
func (p Pages) SimulateJSON(w http.ResponseWriter, r *http.Request) error {
	c, err := read(http.MaxBytesReader(w, r.Body, page.MaxBody))
	if err != nil {
		return page.JSON(w, http.StatusBadRequest, map[string]string{"error": "the body is no treated case: " + reason(err)})
	}
	d, err := p.Simulate(r.Context(), c)
	if err != nil {
		return page.JSON(w, http.StatusBadRequest, map[string]string{"error": "the case is out of bounds: a text, a list or the revision is longer than a form can hold, or the number is missing"})
	}
	return page.JSON(w, http.StatusOK, d)
}

// complain says in the form what of the case cannot be read: of the input it
// repeats no more than the name of a field.
func complain(form *page.Form, err error) {
	typed := form.Get("case")
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		form.Fail("case", "insurance.simulator.wrong_type", "Field", wrong.Field)
		return
	}
	if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		line := 1 + strings.Count(typed[:min(int(broken.Offset), len(typed))], "\n")
		form.Fail("case", "insurance.simulator.not_json", "Line", line)
		return
	}
	name, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case strings.TrimSpace(typed) == "":
		form.Fail("case", "kit.field.required")
	case unknown && len(name) < 80:
		form.Fail("case", "insurance.simulator.unknown_field", "Field", strings.Trim(name, `"`))
	case fail.Is(err, fail.Invalid) || fail.Is(err, fail.BadRequest):
		form.Fail("case", "insurance.simulator.bounds")
	default:
		form.Fail("case", "insurance.simulator.unreadable")
	}
}

var errMore = errors.New("there is more than one value")

func read(body io.Reader) (insuranceapi.Case, error) {
	var c insuranceapi.Case
	in := json.NewDecoder(body)
	in.DisallowUnknownFields() // a misspelt field would be a field left out
	if err := in.Decode(&c); err != nil {
		return c, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return c, errMore
	}
	return c, nil
}

// reason is a decoder's complaint, which repeats of the input no more than the
// name of a field.
func reason(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if wrong.Field == "" {
			return "it is not one JSON object"
		}
		return "field " + wrong.Field + " has the wrong type"
	}
	if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("it is not JSON: see byte %d", broken.Offset)
	}
	wrong, timed := errors.AsType[*time.ParseError](err)
	switch {
	case timed && wrong.Layout == time.DateOnly:
		return "a day is not written 2026-11-22"
	case timed:
		return "a moment is not written 2026-11-22T14:00:00+06:00"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it is empty or cut off"
	case errors.Is(err, errMore):
		return errMore.Error()
	}
	if text := err.Error(); strings.HasPrefix(text, "json: unknown field") && len(text) < 100 {
		return strings.TrimPrefix(text, "json: ")
	}
	return "it is not JSON of the form of /simulator/example.json"
}
