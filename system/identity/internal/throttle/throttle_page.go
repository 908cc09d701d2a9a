package throttle

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

// Told notes in the form that a limit is reached; false for any other error. It is
// a finding of the whole form, whose sentence stands above the fields: no answer is
// wrong, and none that is changed helps.
func Told(form *page.Form, err error) bool {
	if !fail.Is(err, fail.TooMany) {
		return false
	}
	e := fail.As(err)
	form.Findings = append(form.Findings, fail.Finding{Key: e.Key, Args: e.Args})
	return true
}

// Status is that of a form shown again because of err: 429 where a limit is
// reached, else 422.
func Status(err error) int {
	if fail.Is(err, fail.TooMany) {
		return http.StatusTooManyRequests
	}
	return http.StatusUnprocessableEntity
}
