package console

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/consent"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

var clientStates = []openid.State{openid.StateWaiting, openid.StateApproved, openid.StateTest, openid.StateBlocked}

// stateOwn stands where a state does for the installation's own systems.
const stateOwn openid.State = "own"

func (c *Console) clients(w http.ResponseWriter, r *http.Request, _ operator) error {
	state := clientStates[0]
	for _, each := range append(slices.Clone(clientStates), stateOwn) {
		if r.URL.Query().Get("state") == string(each) {
			state = each
		}
	}
	v := clientsView{form: page.QueryForm(r), state: state}
	after := v.form.Text("after", 60)
	v.words = page.Clean(v.form.Text("find", 200))
	var err error
	switch {
	case v.words != "":
		for _, own := range c.Own() {
			if own.Fits(v.words) {
				v.all = append(v.all, own)
			}
		}
		var registered []openid.Client
		registered, err = c.Registry.Find(r.Context(), v.words, clientsListed+1)
		v.all = append(v.all, registered...)
	case state == stateOwn:
		v.all = c.Own()
	default:
		v.all, err = c.Registry.In(r.Context(), state, after, clientsListed+1)
	}
	if err != nil {
		return err
	}
	if v.more = len(v.all) > clientsListed && state != stateOwn; v.more {
		v.all = v.all[:clientsListed]
	}
	if v.more && v.words == "" && state != stateOwn {
		v.next = "/console/clients?" + url.Values{"state": {string(state)}, "after": {v.all[clientsListed-1].ID}}.Encode()
	}
	return page.Render(w, r, http.StatusOK, clientsPage(v))
}

// standing is the client's state; the installation's own have none.
func standing(c openid.Client) openid.State {
	if !c.Registered() {
		return stateOwn
	}
	return c.State
}

// clientsListed is how many clients stand on a page.
const clientsListed = 50

type clientsView struct {
	form  *page.Form
	all   []openid.Client
	state openid.State
	words string // looked for, in every state
	more  bool   // there are more than are shown
	next  string // address of the page that follows, "" for none
}

func clientTabs(ctx context.Context, state openid.State) []design.Tab {
	tabs := make([]design.Tab, 0, len(clientStates)+1)
	for _, each := range append(slices.Clone(clientStates), stateOwn) {
		tabs = append(tabs, design.Tab{Label: clientState(ctx, each), Href: "/console/clients?state=" + string(each), Current: each == state})
	}
	return tabs
}

func clientState(ctx context.Context, s openid.State) string {
	return text.T(ctx, "identity.console.client_state."+string(s)) // text: identity.console.client_state.*
}

func clientTone(s openid.State) string {
	switch s {
	case openid.StateWaiting:
		return "attention"
	case openid.StateApproved:
		return "done"
	case openid.StateBlocked:
		return "danger"
	case stateOwn:
		return "neutral"
	case openid.StateTest:
	}
	return "info"
}

type clientView struct {
	openid.Client
	owner account.Account
	form  *page.Form
}

func (c *Console) client(w http.ResponseWriter, r *http.Request, _ operator) error {
	return c.showClient(w, r, http.StatusOK, page.NewForm())
}

func (c *Console) showClient(w http.ResponseWriter, r *http.Request, status int, form *page.Form) error {
	v := clientView{form: form}
	if i := slices.IndexFunc(c.Own(), func(own openid.Client) bool { return own.ID == r.PathValue("id") }); i >= 0 {
		v.Client = c.Own()[i]
		return page.Render(w, r, status, clientPage(v))
	}
	var found bool
	var err error
	if v.Client, found, err = c.Registry.Get(r.Context(), r.PathValue("id")); err != nil {
		return err
	}
	if !found {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if v.owner, _, err = c.Accounts.ByID(r.Context(), v.Owner); err != nil {
		return err
	}
	return page.Render(w, r, status, clientPage(v))
}

// What is decided about a client, and from which states.
var decisions = []struct {
	name  string
	from  []openid.State
	style string
	kind  notice.Kind
	do    func(ctx context.Context, r *openid.Registry, clientID, why string) error
}{
	{"approve", []openid.State{openid.StateWaiting}, "", "client_approved", func(ctx context.Context, r *openid.Registry, clientID, _ string) error {
		return r.Approve(ctx, clientID)
	}},
	{"send-back", []openid.State{openid.StateWaiting}, "secondary", "client_returned", func(ctx context.Context, r *openid.Registry, clientID, why string) error {
		return r.SendBack(ctx, clientID, why)
	}},
	{"block", []openid.State{openid.StateTest, openid.StateWaiting, openid.StateApproved}, "danger", "client_blocked", func(ctx context.Context, r *openid.Registry, clientID, why string) error {
		return r.Block(ctx, clientID, why)
	}},
	{"unblock", []openid.State{openid.StateBlocked}, "", "client_unblocked", func(ctx context.Context, r *openid.Registry, clientID, _ string) error {
		return r.Unblock(ctx, clientID)
	}},
}

// decideClient decides, records it and tells the owner. The record comes first:
// a decision that is not recorded is none.
func (c *Console) decideClient(w http.ResponseWriter, r *http.Request, o operator) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	why := reason(form)
	if !form.OK() {
		return c.showClient(w, r, http.StatusUnprocessableEntity, form)
	}
	ctx, clientID := r.Context(), r.PathValue("id")
	client, found, err := c.Registry.Get(ctx, clientID)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	owner, known, err := c.Accounts.ByID(ctx, client.Owner)
	if err != nil {
		return err
	}
	if known && owner.PIN == o.PIN {
		return fail.New(fail.Forbidden, "identity.console.own_client")
	}
	for _, each := range decisions {
		if each.name != form.Get("decision") {
			continue
		}
		err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return c.record(ctx, tx, o, owner.PIN, "client-"+each.name, why, clientID)
		})
		if err != nil {
			return err
		}
		if err := each.do(ctx, c.Registry, clientID, why); err != nil {
			return err
		}
		if known {
			err := c.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
				return c.Notices.Tell(ctx, tx, owner, each.kind, client.Name.In(owner.Lang)+": "+why, notice.Place{Agent: o.Organisation.In(owner.Lang)})
			})
			if err != nil {
				return err
			}
		}
		page.Notice(w, "identity.console.client_did."+each.name) // text: identity.console.client_did.*
		return page.Redirect(w, r, "/console/clients/"+clientID)
	}
	return fail.New(fail.BadRequest, "kit.bad_request")
}

// title tells the installation's own systems apart, of which several have one name.
func (v clientView) title(ctx context.Context) string {
	if v.Registered() {
		return v.Name.Here(ctx)
	}
	return v.Name.Here(ctx) + " · " + v.ID
}

func (v clientView) summary(ctx context.Context) []design.Row {
	rows := []design.Row{
		{Key: "client_id", Value: v.ID},
		{Key: text.T(ctx, "identity.console.client_address"), Value: v.Address},
		{Key: text.T(ctx, "identity.console.client_redirects"), Value: strings.Join(v.Redirects, ", ")},
		{Key: text.T(ctx, "identity.console.client_scopes"), Component: codes(scopeWords(ctx, v.Scopes))},
		{Key: text.T(ctx, "identity.console.client_grants"), Component: codes(grantWords(ctx, v.Ways()))},
		{Key: text.T(ctx, "identity.console.client_method"), Component: codes([]coded{{text.T(ctx, "identity.console.method."+string(v.Proves())), string(v.Proves())}})},   // text: identity.console.method.*
		{Key: text.T(ctx, "identity.console.client_profile"), Component: codes([]coded{{text.T(ctx, "identity.console.profile."+string(v.Strict())), string(v.Strict())}})}, // text: identity.console.profile.*
		{Key: text.T(ctx, "identity.console.client_alg"), Component: codes([]coded{{text.T(ctx, "identity.systems.alg_hint."+v.Signs()), v.Signs()}})},                      // text: identity.systems.alg_hint.*
		{Key: text.T(ctx, "identity.console.client_token"), Value: text.T(ctx, tokenKey(v.Client))},
	}
	if v.Introspects {
		rows = append(rows, design.Row{Key: text.T(ctx, "identity.console.client_asks"), Value: text.T(ctx, "identity.console.client_introspects")})
	}
	if !v.Registered() {
		return rows
	}
	return append(append([]design.Row{{Key: text.T(ctx, "identity.console.client_owner"), Value: v.owner.Name()}}, rows...),
		design.Row{Key: text.T(ctx, "identity.console.created"), Value: moment(v.Created)},
		design.Row{Key: text.T(ctx, "identity.console.client_changed"), Value: moment(v.Changed)},
		design.Row{Key: text.T(ctx, "identity.console.client_reason"), Value: v.Reason})
}

func tokenKey(c openid.Client) string {
	if c.Opaque {
		return "identity.systems.token_opaque"
	}
	return "identity.systems.token_jwt"
}

// coded is a technical name with its words.
type coded struct{ words, code string }

func scopeWords(ctx context.Context, scopes []string) []coded {
	all := make([]coded, len(scopes))
	for i, scope := range scopes {
		all[i] = coded{consent.Describe(ctx, scope), scope}
	}
	return all
}

func grantWords(ctx context.Context, grants []openid.Grant) []coded {
	all := make([]coded, len(grants))
	for i, grant := range grants {
		name := string(grant)
		name = name[strings.LastIndexByte(name, ':')+1:]                           // a device's is a URN (RFC 8628, 3.4)
		all[i] = coded{text.T(ctx, "identity.console.grant."+name), string(grant)} // text: identity.console.grant.*
	}
	return all
}
