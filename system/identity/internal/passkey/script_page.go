package passkey

import (
	_ "embed"
	"net/http"
)

//go:embed passkey.js
var script []byte

// serveScript gives the script of the forms. It holds nothing of anybody.
func serveScript(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(script) // a reader that left is no error of ours
}
