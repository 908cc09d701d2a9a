package openid

import "net/http"

// The endpoints that an app in a browser asks (OpenID Connect Core 1.0, 5.3; SMART
// App Launch 2.2). No cookie counts at any of them, and none is let through: a page
// can do no more than whoever holds the same token or code elsewhere.
//
// Discovery, keys and claims are read by pages of every origin: the first two are
// everybody's, and the third go to whoever shows the token. What token, revocation,
// par and deviceauthorization answer is read by the public client's own pages
// alone, those of the origins of its redirect addresses (see fromBrowser): a client
// with a secret has no page to ask from. Introspection is for servers.
var fromPages = map[string]string{
	"token": "POST", "revocation": "POST", "par": "POST", "deviceauthorization": "POST", "userinfo": "GET, HEAD, POST",
}

// exposed are the headers of answers that a page may read beside the common ones.
const exposed = "DPoP-Nonce, Retry-After, WWW-Authenticate"

// ahead answers a browser's question ahead of a request (CORS preflight). It
// cannot know the client, which stands in the request's body, so it lets every
// page ask: whether the page may read the answer is said with the answer. false
// for another request.
func ahead(w http.ResponseWriter, r *http.Request, methods string) bool {
	if r.Method != http.MethodOptions || r.Header.Get("Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h := w.Header()
	h["Access-Control-Allow-Origin"] = forEverybody
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Accept, Accept-Language, Authorization, Content-Type, DPoP, If-None-Match")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return true
}
