package e2e_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// The fund is down when the doctor discharges; the operator sees the failure and
// its cause; card, fund and exchange are killed (kill -9) again and again while
// the case is on its way. In the end the fund has it once, and the card knows
// the decision.
func TestKilledAgainAndAgainMakesOneCase(t *testing.T) {
	needE2E(t)
	e := apart(t, "")
	for _, name := range []string{"exchange", "card", "insurance"} {
		e.start(name)
	}
	s := story{world: e.world, t: t}
	s.doctorSignsIn()
	s.admission()
	s.caseHistory()
	e.running["insurance"].kill()
	s.discharge()

	o := s.operatorSignsIn()
	o.goTo(e.site["exchange"] + "/failures")
	o.seeAfterReload("handover")
	o.check("failures")
	o.picture("failures")
	o.leave(`[...document.querySelectorAll('main a[href^="/jobs/card/"]')][0].click()`)
	o.see("treated-case") // the service that did not answer
	o.check("failed job")
	o.picture("job")

	for round := range 6 {
		for _, name := range []string{"insurance", "card", "exchange"} {
			if round == 0 || rand.IntN(2) == 0 {
				e.running[name].kill()
				e.start(name)
			}
		}
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
	}
	s.doctor.goTo(s.stay + "/form")
	s.doctor.seeAfterReload("ADM-002") // the fund's own finding: it has decided
	s.returnedAndCorrected()
	s.expertSignsIn()
	text := strings.Join(strings.Fields(strings.ReplaceAll(s.fund.text(), "\u00a0", " ")), "")
	if n := strings.Count(text, s.number); n != 1 {
		t.Errorf("the fund has the case %d times:\n%s", n, tail(s.fund.text(), 3000))
	}
}
