package card

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// What a statistician searches for in the register of forms stands in no address:
// a code tells of an illness, a number of a person. Nobody else opens the search,
// and after a day it is gone.
func TestWhatIsSearchedInTheRegisterStandsInNoAddress(t *testing.T) {
	f := newFilledHospital(t)
	b := f.staff(t, "11112197500911", workforceapi.Statistician, cardtest.Hospital)
	// What is looked for has a full stop or nine digits: an address that is sealed holds them by no chance.
	status, to, _ := b.post("/forms", "from", "2026-11-01", "until", "2026-11-22", "code", "i21.0", "number", "0000001 18", "state", "")
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/forms?") || strings.Contains(strings.ToLower(to), "i21.0") || strings.Contains(to, "000000118") {
		t.Fatalf("%d %s", status, to)
	}
	has(t, b.get(to), `value="I21.0"`, `value="000000118"`, `value="2026-11-01"`)
	if address, err := url.Parse(to); err != nil || address.Query().Get("find") == "" || address.Query().Get("from") != "2026-11-01" {
		t.Error("the address loses the rest of the filter: " + to)
	}
	if body := f.staff(t, "11112197500912", workforceapi.Statistician, cardtest.Hospital).get(to); strings.Contains(body, `value="I21.0"`) {
		t.Error("somebody else opens the search")
	}
	if _, to, _ := b.post("/forms", "from", "2026-11-01", "until", "2026-11-22"); strings.Contains(to, "find=") {
		t.Error("a search for nothing is kept: " + to)
	}
	if status, _, _ := b.post("/forms", "from", "2026-11-22", "until", "2026-11-01", "code", "I21"); status != http.StatusUnprocessableEntity {
		t.Errorf("a period that ends before it begins: %d", status)
	}
	if body := b.get("/forms?code=I21&number=0000001"); strings.Contains(body, `value="I21"`) {
		t.Error("the register still reads a code from the address")
	}
	f.now.Advance(25 * time.Hour)
	b = f.signIn(t, "11112197500911")
	b.post("/forms", "from", "2026-11-01", "until", "2026-11-22", "code", "J18")
	if body := b.get(to); strings.Contains(body, `value="I21.0"`) {
		t.Error("a search of yesterday is still kept")
	}
}
