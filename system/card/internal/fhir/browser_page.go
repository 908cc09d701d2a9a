package fhir

import "net/http"

// shared lets pages of any origin read the answers, as SMART App Launch 2.2 wants
// of apps that run in a browser. No cookie counts here, only the token that the
// page must have: another site gains nothing. It answers the browser's question
// ahead of a request and then says true.
func shared(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Origin") == "" { // no page of another site asks
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Content-Location, ETag, Last-Modified, Location, Retry-After, X-Progress")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
	h.Set("Access-Control-Allow-Headers", "Accept, Accept-Language, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return true
}
