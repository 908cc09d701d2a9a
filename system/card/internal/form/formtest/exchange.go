package formtest

import (
	"net/http"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// Exchange stands in for «Түндүк»: it leads the calls of a client to the
// providers by the path, without rights or log.
func Exchange(providers ...http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, err := exchangeapi.ParsePath(r.URL.EscapedPath())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.URL.Path, r.URL.RawPath = "/exchange/"+target.Service+target.Rest, ""
		for _, p := range providers {
			p.ServeHTTP(w, r)
		}
	})
}
