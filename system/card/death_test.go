package card

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A death in as few steps as it takes: what is missing is told once, by links that
// lead to where it is mended and back, and a diagnosis that stays what it was is
// made final and post-mortem where it stands.
func TestADeathIsWrittenWhereItsGapsAreTold(t *testing.T) {
	_, _, doctor, stayPath := newHospital(t)
	died := url.Values{"at": {"2026-11-22T13:59"}, "outcome": {"died"}, "do": {"discharge"}}
	try := func() (int, string, string) { return doctor.send(http.MethodPost, stayPath+"/discharge", died) }
	const makePostmortem = `name="stage" value="postmortem"`

	status, _, body := try()
	if status != http.StatusUnprocessableEntity || strings.Contains(body, "govuk-error-summary__list") || strings.Count(body, "data-error-summary") != 1 {
		t.Errorf("%d: what is missing is told twice, or not as an error", status)
	}
	for _, told := range []string{`id="gap-final"`, `id="gap-postmortem"`, `id="gap-epicrisis"`} {
		if strings.Count(body, told) != 1 {
			t.Errorf("%s stands %d times", told, strings.Count(body, told))
		}
	}
	has(t, body, "/diagnoses?stage=final&amp;back=discharge#icd", "/diagnoses?stage=postmortem&amp;back=discharge#icd")
	if strings.Contains(body, makePostmortem) {
		t.Error("a diagnosis that is not final is offered as the post-mortem one")
	}
	// A moment that is wrong belongs to the page: it is told by the summary.
	if _, _, body := doctor.post(stayPath+"/discharge", "at", "", "outcome", "died", "do", "discharge"); !strings.Contains(body, "govuk-error-summary__list") || strings.Count(body, "data-error-summary") != 1 {
		t.Error("a wrong field of the page is not in the summary")
	}

	back := func(what, path string, pairs ...string) {
		t.Helper()
		if status, to, body := doctor.post(path, pairs...); status != http.StatusSeeOther || to != stayPath+"/discharge" {
			t.Fatalf("%s: %d %s does not lead back\n%s", what, status, to, body)
		}
	}
	// Also when what was typed was refused first, or one of the own was picked.
	has(t, doctor.get(stayPath+"/diagnoses?stage=final&back=discharge"), `name="back" value="discharge"`)
	for _, pairs := range [][]string{{"icd_text", "нет такой"}, {"pick", "J18.9"}} {
		_, _, body := doctor.post(stayPath+"/diagnoses", append([]string{"stage", "final", "rank", "main", "at", "2026-11-22T13:55", "back", "discharge"}, pairs...)...)
		has(t, body, `name="back" value="discharge"`)
	}
	back("the final diagnosis", stayPath+"/diagnoses", "stage", "final", "rank", "main", "icd_text", "J18.9", "at", "2026-11-22T13:55", "back", "discharge")
	_, _, body = try()
	has(t, body, makePostmortem)
	if _, _, body := doctor.post(stayPath+"/discharge", "at", "2026-11-22T13:59", "outcome", "discharged", "do", "discharge"); strings.Contains(body, makePostmortem) {
		t.Error("a post-mortem diagnosis is offered for who lives")
	}
	back("the post-mortem diagnosis", stayPath+"/diagnoses", "stage", "postmortem", "rank", "main", "icd", "J18.9", "icd_text", "J18.9", "at", "2026-11-22T13:56", "back", "discharge")
	if _, _, body = try(); strings.Contains(body, makePostmortem) || strings.Contains(body, `id="gap-postmortem"`) {
		t.Error("the post-mortem diagnosis is asked for, or offered, again")
	}
	doctor.fill(stayPath, stayPath+"/entries", "kind", "discharge_epicrisis", "at", "2026-11-22T13:58", "body", "Смерть.")
	if status, to, body := try(); status != http.StatusSeeOther || to != stayPath+"/form" {
		t.Fatalf("%d %s\n%s", status, to, body)
	}
}
