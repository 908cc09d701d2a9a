package card

import (
	"net/url"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// A doctor of an antenatal clinic registers a woman, writes a visit and prints
// her card; every page speaks.
func TestPagesOfAnAntenatalClinic(t *testing.T) {
	h := newHouse(t, nil)
	const doctor, woman = "11605198100345", "10101199500012"
	h.n.Orgs = append(h.n.Orgs, workforceapi.Organisation{Code: "950501", Kind: "outpatient"})
	post := cardtest.Post(doctor, "Турдалиева Чынара", workforceapi.Doctor, "31")
	post.Organisation = "950501"
	h.n.PostsOf = append(h.n.PostsOf, post)
	h.n.Persons[woman] = populationapi.Person{PIN: woman, FamilyName: "Садыкова", GivenName: "Нургүл", Sex: "female", BirthDate: clock.Date{Year: 1995, Month: 1, Day: 1}}
	if _, err := h.desk.Directory.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := h.signIn(t, doctor)
	_, to, _ := b.send("POST", "/patients/find", url.Values{"q": {woman}})
	if !strings.Contains(b.get(to), to+"/pregnancy") {
		t.Fatal("no way from the woman to her pregnancy")
	}
	b.get(to + "/pregnancy")
	// All that is wrong is said at once, and 38,5 is no whole number of weeks.
	_, _, body := b.send("POST", to+"/pregnancy?lang=ru", url.Values{
		"once": {id.New()}, "last_period": {"2027-04-01"}, "ultrasound": {"2026-06-01"}, "scan_weeks": {"38,5"}, "fetuses": {"9"}, "gravida": {"-1"}, "para": {"0"}, "height": {"1650"},
		"weight_before": {"abc"}, "blood": {""}, "rhesus": {""},
	})
	for _, field := range []string{"last_period", "scan_weeks", "fetuses", "gravida", "height", "weight_before"} {
		if !strings.Contains(body, `href="#`+field+`"`) {
			t.Errorf("what is wrong with %s is not said", field)
		}
	}
	if n := strings.Count(body, "целое число"); n != 4 { // in the summary and at the field
		t.Errorf("a whole number is asked for %d times", n)
	}
	status, at, body := b.send("POST", to+"/pregnancy", url.Values{
		"once": {id.New()}, "last_period": {"2026-04-01"}, "fetuses": {"1"}, "gravida": {"2"}, "para": {"1"}, "height": {"165"}, "weight_before": {"60"},
		"blood": {"A"}, "rhesus": {"negative"}, "risk": {"smoking"}, "former_year_0": {"2020"}, "former_outcome_0": {"birth"},
	})
	if status != 303 {
		t.Fatalf("%d %s", status, body)
	}
	status, _, body = b.send("POST", at, url.Values{"once": {id.New()}, "day": {"2026-11-20"}, "weight": {"69,5"}, "pressure": {"150/95"}, "fundal": {"33"}, "presentation": {""}, "oedema": {""}})
	if status != 303 {
		t.Fatalf("%d %s", status, body)
	}
	if page := b.get(at); !strings.Contains(page, "150/95") || !strings.Contains(page, "<polygon") {
		t.Error("no visit or no chart")
	}
	for _, path := range []string{"/antenatal", "/antenatal?list=due", "/antenatal/rules", at + "/registration", at + "/registration?correct=1", at + "/results", at + "/card", "/tear-offs"} {
		b.get(path)
	}
	if status, _, _ := b.send("POST", at+"/card", url.Values{}); status != 303 {
		t.Errorf("the card is not given: %d", status)
	}
	b.get(at + "/card")
	if pdf := b.get(at + "/113.pdf?lang=ky"); !strings.HasPrefix(pdf, "%PDF") {
		t.Error("no paper")
	}
}
