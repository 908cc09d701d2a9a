package openid

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
)

// Flow is an authorization request that waits for the person.
type Flow struct {
	ID     string
	Client Client
	Asked  []string // scopes
	// ACR is the class of sign-in that the system asks for and the person's
	// session does not meet, "" when any will do; Level is the level it stands
	// for, "" for assurance.PhishingResistant.
	ACR   string
	Level assurance.Level
	// LoginHint is the ПИН of the person whom the system expects, "" for anybody.
	LoginHint string
	// Device is true when the person signs in for another device than this one.
	Device bool

	browser string
	lang    string
	least   time.Time // no sign-in before will do; zero when that cannot be told
	meant   bool      // the system expects one person and no other
}

// Takes says whether a sign-in of that time is surely enough for the flow: whoever
// has made it and went back in the browser need not make it again.
func (f Flow) Takes(at time.Time) bool {
	return f.ID != "" && !f.Device && f.ACR == "" && !f.meant && !f.least.IsZero() && !at.Before(f.least)
}

// Continue is where the flow goes on after the person has done a step.
func (f Flow) Continue() string {
	if f.Device {
		return onward("/device/"+url.PathEscape(f.ID), nil, f.lang)
	}
	return onward("/connect/authorize/"+url.PathEscape(f.ID), nil, f.lang)
}

// onward keeps the language that the client asked for: the person may have no
// cookie that says otherwise.
func onward(path string, query url.Values, lang string) string {
	if query == nil {
		query = url.Values{}
	}
	if lang != "" {
		query.Set("ui_locales", lang)
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// Mine says whether the flow was begun in the browser with the secret.
func (f Flow) Mine(browser string) bool {
	return subtle.ConstantTimeCompare([]byte(f.browser), []byte(id.Hash(browser))) == 1
}

// Flow is the request under way of the id; false when there is none any more.
func (p *Provider) Flow(ctx context.Context, flowID string) (Flow, bool, error) {
	as, _, _, err := p.flows.flow(ctx, flowID)
	if errors.Is(err, goidc.ErrNotFound) {
		return Flow{}, false, nil
	}
	if err != nil {
		return Flow{}, false, err
	}
	c, found, err := p.client(ctx, as.ClientID)
	if err != nil || !found || c.State == StateBlocked {
		return Flow{}, false, err
	}
	return flowOf(as, c.Client), true, nil
}

func flowOf(as *goidc.AuthnSession, c Client) Flow {
	word := func(name string) string { s, _ := as.Store[name].(string); return s }
	f := Flow{
		ID: as.ID, Client: c, Asked: askedFor(as, c), ACR: word(storeMissing), LoginHint: word(storeHint), Device: as.DeviceCode != "",
		browser: word(storeBrowser), lang: word(storeLang),
	}
	if least, err := strconv.ParseInt(word(storeMinAuth), 10, 64); err == nil {
		f.least = db.Time(max(least, 1)) // of 0, any will do
	}
	f.meant = as.Store[storeMeant] != nil || f.LoginHint != ""
	for _, level := range assurance.Levels {
		if level.ACR() == f.ACR {
			f.Level = level
		}
	}
	return f
}

// askedFor are the scopes of the request, with those whose claims are asked for
// one by one.
func askedFor(as *goidc.AuthnSession, c Client) []string {
	return append(strings.Fields(as.Scopes), scopesOfClaims(as, c)...)
}
