package openid

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// Over is the error of a flow that has run out or was gone through already. Its
// page leads back to the system that had asked, at the address that the system
// registered: nothing in the request says where to.
func (p *Provider) Over(r *http.Request, flowID string) error {
	clientID, err := p.flows.over(r.Context(), flowID)
	if err != nil {
		return err
	}
	if clientID != "" {
		c, found, err := p.client(r.Context(), clientID)
		if err != nil {
			return err
		}
		if found && c.State != StateBlocked {
			p.leadBack(r, c.Client)
		}
	}
	return fail.New(fail.Gone, "identity.flow_gone")
}

// Foreign is the error of a flow that was begun in another browser, or in one that
// keeps no cookies and so is another each time.
func (p *Provider) Foreign(r *http.Request, c Client) error {
	p.leadBack(r, c)
	if !p.config.Sessions.Knows(r) {
		return fail.New(fail.Forbidden, "identity.no_cookies_here").Titled("identity.no_cookies_title")
	}
	return fail.New(fail.Forbidden, "identity.other_browser").Titled("identity.other_browser_title")
}

func (p *Provider) leadBack(r *http.Request, c Client) {
	if c.Address != "" {
		page.LeadsOn(r, c.Address, text.T(r.Context(), "identity.back_to", "System", c.Name.Here(r.Context())))
	}
}
