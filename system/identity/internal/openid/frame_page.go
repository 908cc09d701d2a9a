package openid

import (
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/kit/page"
)

// showFrames opens each system's address in a frame and goes on by itself. The
// frames' origins are allowed on this page alone.
func (p *Provider) showFrames(w http.ResponseWriter, r *http.Request) error {
	addresses, origins, err := p.told(r.Context(), r.URL.Query().Get("of"))
	if err != nil {
		return err
	}
	next := r.URL.Query().Get("next")
	if next = page.Local(next); !strings.HasPrefix(next, "/connect/endsession/") {
		next = "/"
	}
	if len(addresses) == 0 {
		return page.Redirect(w, r, next)
	}
	page.Permit(w, "frame-src", origins...)
	w.Header().Set("Refresh", "3; url="+next)
	return page.Render(w, r, http.StatusOK, framePage(addresses, next))
}
