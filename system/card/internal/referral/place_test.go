package referral

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// A country has more departments than a page shows: each is found by profile and
// name, the near ones that can take somebody in stand first, and what was chosen
// stays in sight.
func TestEveryPlaceOfTheCountryIsFound(t *testing.T) {
	eachDB(t, func(t *testing.T, d *db.DB) {
		n := cardtest.New()
		own := &n.Orgs[0]
		const many = mostPlaces + 20
		for i := range many {
			o := workforceapi.Organisation{Code: fmt.Sprint(960000 + i), Kind: "hospital", Name: words(fmt.Sprintf("Больница %d", i)), Region: "41704000000000"}
			o.Departments = []workforceapi.Department{{Code: "18", Name: words("Терапия"), Profile: "therapy", Beds: []workforceapi.Bed{{ID: o.Code + "-1", Room: "1", Name: "1"}, {ID: o.Code + "-2", Room: "1", Name: "2"}}}}
			switch i {
			case 70:
				o.Departments[0].Profile, o.Departments[0].Name = "burns", words("Ожоговое")
			case 75:
				o.Region, o.Departments[0].Beds = own.Region, o.Departments[0].Beds[:1] // near, with less room
			case 76:
				o.Region, o.Departments[0].Beds = own.Region, nil // near and full
			}
			n.Orgs = append(n.Orgs, o)
		}
		sits, now := cardtest.Desk(t, d, n)
		sits.Site = &page.Site{System: "card", Texts: text.MustLoad(design.Texts, cardTexts()), Log: slog.New(slog.DiscardHandler)}
		w := world{t: t, desk: sits, clock: now}
		ctx := w.sender()
		everywhere := func(p Place) bool { return p.Organisation >= "960000" }
		search := func(query, usual, chosen string) choosing {
			t.Helper()
			q, err := url.ParseQuery(query)
			if err != nil {
				t.Fatal(err)
			}
			c, err := choose(ctx, w.desk, q, page.NewForm("to", chosen), usual, everywhere)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		c := search("", "", "")
		if c.Found != many || len(c.Places) != mostPlaces || c.Places[0].Organisation != "960075" || c.Places[1].Organisation == "960076" {
			t.Errorf("%d found, %d shown, the first %+v", c.Found, len(c.Places), c.Places[:2])
		}
		if hint := c.field(ctx, page.NewForm()).Hint; !strings.Contains(hint, fmt.Sprint(many)) {
			t.Errorf("nothing says that there are more: %s", hint)
		}
		if c = search("where=79", "", "960076/18"); c.Found != 1 || len(c.Places) != 2 || c.Places[0].Organisation != "960076" || c.Places[1].Organisation != "960079" {
			t.Errorf("by name: %+v", c.Places)
		}
		if c = search("", "burns", ""); c.Found != 1 || c.Places[0].Organisation != "960070" || c.Wish.Profile != "burns" {
			t.Errorf("the usual profile: %+v", c)
		}
		if c = search("profile=", "burns", ""); c.Found != many {
			t.Errorf("all profiles, asked for: %d", c.Found)
		}
		if c = search("", "cosmetics", ""); c.Found != many || c.Wish.Profile != "" {
			t.Errorf("a profile that no other place has: %d", c.Found)
		}
		if hint := search("where=79", "", "").field(ctx, page.NewForm()).Hint; strings.Contains(hint, "60") {
			t.Errorf("one is found, %s", hint)
		}
	})
}
