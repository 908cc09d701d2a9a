package page

import "net/http"

// HTTPSAlone is the header that tells browsers to come by TLS only (RFC 6797). The
// process sets it on every answer of a system whose public address is https.
const HTTPSAlone = "Strict-Transport-Security"

// keep sets a cookie of the whole site that no script reads: what the reader chose
// or is to be told next, and never who they are. It is Secure where the answer
// says that the site is to be had by TLS alone.
func keep(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: w.Header().Get(HTTPSAlone) != "", SameSite: http.SameSiteLaxMode,
	})
}

// drop takes away what keep has set.
func drop(w http.ResponseWriter, name string) { keep(w, name, "", -1) }

const aYear = 365 * 24 * 60 * 60 // seconds

// KeepLook keeps the look that the reader chose for a year: LookLarge, or anything
// else for the usual one.
func KeepLook(w http.ResponseWriter, look string) {
	if look != LookLarge {
		drop(w, LookCookie)
		return
	}
	keep(w, LookCookie, look, aYear)
}
