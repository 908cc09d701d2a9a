package page

import (
	"net/http"
	"slices"
	"strings"
)

// Permit adds sources to one directive of the answer's Content-Security-Policy:
// Permit(w, "connect-src", "wss://127.0.0.1:6127"). It is for the one page that
// needs them, and is called before the page is rendered.
func Permit(w http.ResponseWriter, directive string, sources ...string) {
	const header = "Content-Security-Policy"
	rules := strings.Split(w.Header().Get(header), "; ")
	for i, rule := range rules {
		name, value, _ := strings.Cut(rule, " ")
		if name != directive {
			continue
		}
		known := strings.Fields(value)
		for _, source := range sources {
			if !slices.Contains(known, source) {
				known = append(known, source)
			}
		}
		rules[i] = name + " " + strings.Join(known, " ")
		w.Header().Set(header, strings.Join(rules, "; "))
		return
	}
	rules = append(rules, directive+" "+strings.Join(sources, " "))
	w.Header().Set(header, strings.Join(rules, "; "))
}

// PermitCamera lets the answer's page ask for the camera.
func PermitCamera(w http.ResponseWriter) {
	w.Header().Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
}
