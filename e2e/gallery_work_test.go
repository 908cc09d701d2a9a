package e2e_test

import (
	"testing"

	"github.com/sanarip/sanarip/demo"
)

// Every page to which a link leads those who work in a hospital, at the fund, in
// the ministry and at ЦЭЗ: nothing cut, untranslated, empty of a title, out of
// reach. With SANARIP_TEST_PICTURES=DIR in three languages, as pictures.
func TestGalleryOfWork(t *testing.T) {
	needE2E(t)
	w, _ := oneProcess(t, "")
	for _, one := range []struct {
		name, system string
		person       demo.Person
		paths        []string
	}{
		{"doctor", "card", demo.Doctor, []string{"/", "/ward", "/patients"}},
		{"obstetrician", "card", demo.Obstetrician, []string{"/", "/antenatal"}},
		{"statistician", "card", demo.Statistician, []string{"/", "/forms", "/monitor"}},
		{"centre", "card", demo.Operator, []string{"/", "/rollout"}},
		{"manager", "workforce", demo.Manager, []string{"/"}},
		{"expert", "insurance", demo.Expert, []string{"/", "/cases", "/rules", "/prices", "/simulator"}},
		{"hospital", "insurance", demo.Clerk, []string{"/", "/cases"}},
		{"executor", "portal", demo.Operator, []string{"/desk"}},
		{"ministry", "workforce", demo.Officer, []string{"/"}},
		{"citizen", "portal", demo.Patient, []string{"/"}},
	} {
		t.Run(one.name, func(t *testing.T) {
			g := open(t, one.name, 360, "ky").work(w.site[one.system])
			g.goTo(g.site + "/sign-in")
			g.signIn(w, one.person)
			g.waitFor(`document.readyState === "complete" && location.origin === "` + g.site + `"`)
			for _, path := range one.paths {
				g.visit(path, 200)
			}
			g.crawl()
			t.Logf("%d pages", len(g.seen))
		})
	}
}
