package check_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// noDraft are the forms of the patient card whose words no browser keeps, by file and
// action, with the reason.
var noDraft = map[string]string{
	`node/node_page.templ "/node/code"`:                                                "a code that holds once",
	`node/away/away_page.templ "/away"`:                                                "who signs in: a ПИН and a code",
	`node/away/away_page.templ "/away/code"`:                                           "a secret code",
	`maternity/birth_page.templ templ.URL(v.Stay.Path(stay.TabBirth) + "/card")`:       "a code that holds once",
	`maternity/birth_page.templ "/maternity"`:                                          "a code that holds once",
	`consent/consent_page.templ templ.URL(v.Stay.Path(stay.TabConsents) + "/confirm")`: "a code that holds once",
	`patient/find_page.templ "/patients/find"`:                                         "a ПИН or a surname to find",
	`history/history_page.templ templ.URL("/stays/" + v.Stay.ID + "/find")`:            "words to find",
	`formregister/register_page.templ "/forms"`:                                        "a filter of a list",
	`formregister/register_page.templ "/forms/export"`:                                 "the filter of the list, again",
}

var (
	formBegin  = regexp.MustCompile(`(?s)<form\b(.*?)[^-=]>\n`)
	formAction = regexp.MustCompile(`action=(?:\{ (.*?) \}|("[^"]*"))`)
	typedInto  = regexp.MustCompile(`@design\.(TextField|TextArea|Combobox|CodeField|PasswordField|SearchField)\(|<textarea|<input class="govuk-input`)
)

// typing are the forms of a templ file that send what somebody typed, each with its
// opening tag and its action.
func typing(data string) (forms [][2]string) {
	for _, at := range formBegin.FindAllStringIndex(data, -1) {
		tag := data[at[0]:at[1]]
		body, _, _ := strings.Cut(data[at[1]:], "</form>")
		if strings.Contains(tag, `method="get"`) || !typedInto.MatchString(body) {
			continue
		}
		action := ""
		if m := formAction.FindStringSubmatch(tag); m != nil {
			action = m[1] + m[2]
		}
		forms = append(forms, [2]string{tag, action})
	}
	return forms
}

// Whatever is typed into a form of the patient card is kept by the browser until it
// was received: a closed laptop or a cut line loses nothing.
func TestEveryFormOfTheCardHasADraft(t *testing.T) {
	met, all := map[string]bool{}, 0
	walk(t, func(path string, data []byte) {
		rel, ok := strings.CutPrefix(filepath.ToSlash(path), "system/card/internal/")
		if !ok || filepath.Ext(path) != ".templ" {
			return
		}
		for _, form := range typing(string(data)) {
			all++
			name := rel + " " + form[1]
			if noDraft[name] != "" {
				met[name] = true
				continue
			}
			whole := strings.Contains(form[0], `data-autosave="all"`) || strings.Contains(form[0], "data-draft-url=")
			if !whole || !strings.Contains(form[0], "id=") {
				t.Errorf("what is typed into this form is lost with the line: %s", name)
			}
		}
	})
	for name, why := range noDraft {
		if !met[name] {
			t.Errorf("no such form is without a draft (%s): %s", why, name)
		}
	}
	if all < 40 {
		t.Errorf("only %d forms were found", all)
	}
}

func TestAFormWithoutADraftIsSeen(t *testing.T) {
	for data, want := range map[string]int{
		"<form method=\"post\" action=\"/a\">\n@design.TextArea(f)\n</form>\n":                            1,
		"<form\n\tmethod=\"post\"\n\taction={ templ.URL(v.Path(\"\")) }\n>\n@design.Combobox(f)\n</form>": 1,
		"<form method=\"post\" action=\"/a\">\n@design.SelectField(f)\n</form>\n@design.TextField(f)":     0,
		"<form method=\"get\" action=\"/a\">\n@design.TextField(f)\n</form>\n":                            0,
	} {
		if got := typing(data); len(got) != want {
			t.Errorf("%q: %v", data, got)
		}
	}
}
