package referred_test

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/access"
	"github.com/sanarip/sanarip/system/card/internal/fhir/fhirtest"
)

// A referral is answered by a patch of its Task as by an update: the same use case,
// on the version that was read, by whom it lets in.
func TestMC2AnAppPatchesATask(t *testing.T) {
	each(t, func(t *testing.T, h *fhirtest.Hospital) {
		answering(t, h)
		h.Tokens["blind"] = access.Token{Active: true, Scopes: []string{"user/Task.u", "patient/Task.r"}, ClientID: "app", PIN: demo.Doctor.PIN}
		const path = "/Task/" + fhirtest.Heir
		patch := func(token, body string, header ...string) fhirtest.Answer {
			return h.Ask("PATCH", path, token, body, append([]string{"Content-Type", "application/json-patch+json"}, header...)...)
		}
		const refuse = `[{"op":"replace","path":"/status","value":"rejected"},{"op":"add","path":"/statusReason","value":{"text":"Нет мест"}}]`
		steps := h.Count(`SELECT COUNT(*) FROM referral_step`)
		etag := h.Get(path, "machine").Header.Get("ETag")
		for _, c := range []struct {
			name, token, body, match string
			status                   int
			where                    string
		}{
			{"without If-Match", "app", refuse, "", 428, "If-Match"},
			{"another version", "app", refuse, `W/"0123456789abcdef"`, 412, "conflict"},
			{"a nurse's", "nurse", refuse, etag, 403, "forbidden"},
			{"a reader's", "doctor", refuse, etag, 403, "forbidden"},
			{"who may not read it", "blind", refuse, etag, 404, "not-found"},
			{"what is not the app's to say", "app", `[{"op":"replace","path":"/owner/reference","value":"Organization/950201"},{"op":"replace","path":"/status","value":"rejected"}]`, etag, 422, "Task.owner"},
			{"a test that fails", "app", `[{"op":"test","path":"/status","value":"draft"}]`, etag, 422, "processing"},
			{"a machine's", "writer", refuse, etag, 405, "business-rule"},
		} {
			var header []string
			if c.match != "" {
				header = []string{"If-Match", c.match}
			}
			a := patch(c.token, c.body, header...)
			if a.Status != c.status || !strings.Contains(string(a.Body), c.where) {
				t.Errorf("%s: %d %s", c.name, a.Status, a.Body)
			}
		}
		if n := h.Count(`SELECT COUNT(*) FROM referral_step`); n != steps {
			t.Fatalf("a refused patch left a step: %d", n-steps)
		}
		if a := patch("app", refuse, "If-Match", etag); a.Status != 200 || a.JSON["status"] != "rejected" || a.Header.Get("ETag") == etag {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if n := h.Count(`SELECT COUNT(*) FROM referral_step`); n != steps+1 {
			t.Errorf("%d steps", n-steps)
		}
	})
}
