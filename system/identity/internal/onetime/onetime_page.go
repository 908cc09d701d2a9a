package onetime

import "github.com/sanarip/sanarip/kit/page"

// Hint is what stands at the field of a code, where it went and how long it holds;
// nothing of the kind once the form says that the code serves no more.
func Hint(form *page.Form, hint string) string {
	for _, finding := range form.Findings {
		if finding.Key == "identity.code.spent" || finding.Key == "identity.code.old" {
			return ""
		}
	}
	return hint
}
