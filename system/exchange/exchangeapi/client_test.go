package exchangeapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
)

// A redirect is no answer of the exchange: the key does not go where it leads.
func TestACallFollowsNoRedirect(t *testing.T) {
	led := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		led++
		_, _ = w.Write([]byte(`{}`))
	}))
	defer elsewhere.Close()
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) }))
		c := Client{Self: Card, Address: between.URL, Key: "key"}
		err := c.Do(t.Context(), Call{Provider: Payment, Service: "ledger", Body: struct{}{}}, &struct{}{})
		if !fail.Is(err, fail.BadNeighbor) || led != 0 {
			t.Errorf("%d: %v, led elsewhere %d times", status, err, led)
		}
		between.Close()
	}
}
