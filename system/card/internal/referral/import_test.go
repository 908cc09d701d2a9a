package referral

import (
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/clock"
)

// Routes and days come from files of the operator: what is wrong is told by its
// line, again changes nothing.
func TestRoutesAndDaysAreImported(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ctx, d := t.Context(), w.desk.DB
		routes := "organisation,subsystem\n" + second + ",central-server/COM/70000099/clinic\n12,x\n" + third + ",nowhere\n"
		for _, changed := range []int{1, 0} {
			r, err := ImportRoutes(ctx, d, strings.NewReader(routes))
			if err != nil || r.Rows != 3 || r.Changed != changed || len(r.Bad) != 2 || !strings.HasPrefix(r.Bad[0], "line 3: ") {
				t.Fatalf("%+v %v", r, err)
			}
		}
		if r := w.send(w.writing()); r.Remote != clinic.String() {
			t.Errorf("not led there: %q", r.Remote)
		}
		if r, err := ImportRoutes(ctx, d, strings.NewReader(second+",\n")); err != nil || r.Changed != 1 {
			t.Errorf("%+v %v", r, err)
		}
		rules := "057.planned,45,2026-12-01,,приказ\n057.planned,0,2026-12-01,,x\n057.x,3,2026-12-01,,x\n057.urgent,3,2026-12-01,2026-11-01,x\n057.urgent,3,2026-12-01,,\n"
		for _, changed := range []int{1, 0} {
			r, err := ImportRules(ctx, d, strings.NewReader(rules))
			if err != nil || r.Rows != 5 || r.Changed != changed || len(r.Bad) != 4 {
				t.Fatalf("%+v %v", r, err)
			}
		}
		for day, want := range map[int]int{30: 30, 31: 45} {
			rule, err := Validity(ctx, d.Read, Form057, "planned", clock.DateOf(clock.Date{Year: 2026, Month: 11, Day: 1}.Start().AddDate(0, 0, day-1)))
			if err != nil || rule.Days != want {
				t.Errorf("day %d: %+v %v", day, rule, err)
			}
		}
	})
}
