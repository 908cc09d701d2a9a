package identity_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// RFC 9700, 4.12: a browser that is led on after a form leaves the form behind. By
// 307 or 308 it would post the password to where it is led, by 302 some did.
func TestRFC9700WhatWasTypedIsNotForwarded(t *testing.T) {
	h := open(t, peopled.SQLite(t))
	b := h.browser()
	page := b.get(h.request())
	steps := map[string]shown{}
	steps["password"] = b.stay().submit(page, "/sign-in", "pin", demo.Doctor.PIN, "password", demo.Password)
	code := b.get(h.base + steps["password"].header.Get("Location"))
	steps["code"] = b.stay().submit(code, "/sign-in/code", "code", h.inbox.code(t, demo.Doctor.Phone))
	asking := b.get(h.base + steps["code"].header.Get("Location"))
	steps["consent"] = b.stay().submit(asking, "/consent", "decision", "allow", "agreement", "1", "remember", "1")
	steps["on from there"] = b.stay().get(h.base + steps["consent"].header.Get("Location"))
	address, _ := url.Parse(h.request())
	r, _ := http.NewRequest(http.MethodPost, h.base+"/connect/authorize", strings.NewReader(address.RawQuery))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	steps["a posted request"] = b.stay().do(r)
	for name, p := range steps {
		if p.status != http.StatusSeeOther || p.header.Get("Location") == "" {
			t.Errorf("%s: %d to %q", name, p.status, p.header.Get("Location"))
		}
	}
}

// RFC 9700, 4.15: a machine is not taken for a person. Its id is ours to give, its
// token opens no person's claims, and names no person to those who ask about it.
func TestRFC9700AMachineIsNoPerson(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, func(s *openid.Settings) {
			s.Grants, s.Scopes, s.Redirects, s.PostLogout = []openid.Grant{openid.GrantMachine}, []string{openid.ScopeSystemRead}, nil, nil
		})
		if strings.Contains(c.ID, h.account(demo.Doctor)) || len(c.ID) != 36 {
			t.Error(c.ID)
		}
		approve(t, h, c)
		got := h.token(c.auth(), "grant_type", "client_credentials", "scope", "system/*.read")
		if got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
		for name, c := range map[string]clientAuth{"card": basic("card", h.card.secret), "its own": c.auth()} {
			about := h.call("/connect/introspect", c, "token", got.Access)
			if about.body["active"] != true || about.body["pin"] != nil || about.body["sub"] != nil && about.word("sub") != about.word("client_id") {
				t.Errorf("%s: %+v", name, about.body)
			}
		}
		if info := h.userInfoBy("Bearer", got.Access, ""); info.status == http.StatusOK || info.body["pin"] != nil || info.body["name"] != nil {
			t.Errorf("%+v", info)
		}
	})
}
