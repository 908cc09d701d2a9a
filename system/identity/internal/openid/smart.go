package openid

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/system/card/cardapi"
)

// Scopes of SMART App Launch 2.2 beside those of resources.
const (
	ScopeLaunchPatient = "launch/patient" // the app is told whose record it opens
	ScopeFHIRUser      = "fhirUser"       // and which resource the person is
)

// What of a SMART launch is kept with a grant.
const (
	storeAudience = "audience" // of a request that was pushed ahead: it was checked
	storePatient  = "patient"  // id of the person's Patient
	storeFHIRUser = "fhir_user"
)

// Record is where the person's own record is in a FHIR API.
type Record struct {
	Patient string // id of the Patient, "" if there is none
	User    string // "Practitioner/…", "Patient/…" or ""
}

// Clinical reads a scope of FHIR resources: patient/Observation.rs. Systems and
// staff may ask to write: system/Observation.cu, user/Observation.crus; into the
// own record nobody writes. A type that the card does not serve is none, nor is one
// to write what nobody writes; a scope narrowed by parameters is none either:
// nothing here could hold an app to them.
func Clinical(scope string) (context, kind string, ok bool) {
	context, rest, found := strings.Cut(scope, "/")
	if !found || !slices.Contains([]string{"patient", "user", "system"}, context) {
		return "", "", false
	}
	kind, rights, found := strings.Cut(rest, ".")
	reads, writes := rightsOf(rights)
	if !found || kind != "*" && !slices.Contains(cardapi.FHIRKinds, kind) || !reads && !writes || writes && (context == "patient" || slices.Contains(cardapi.FHIRReadOnly, kind)) {
		return "", "", false
	}
	return context, kind, true
}

// rightsOf reads rights as SMART 1 (read, write) and SMART 2 name them: some of
// "cruds", in this order.
func rightsOf(rights string) (reads, writes bool) {
	switch rights {
	case "read":
		return true, false
	case "write":
		return false, true
	}
	last := -1
	for i := range len(rights) {
		at := strings.IndexByte("cruds", rights[i])
		if at <= last {
			return false, false
		}
		last = at
		if rights[i] == 'r' || rights[i] == 's' {
			reads = true
		} else {
			writes = true
		}
	}
	return reads, writes
}

// Rights says what a clinical scope lets do.
func Rights(scope string) (reads, writes bool) {
	_, rights, _ := strings.Cut(scope, ".")
	return rightsOf(rights)
}

// both are scopes to read and to write at once, as SMART 2 has them: who is
// registered with the two apart may ask for them together.
var both = []string{"user/*.cruds", "system/*.cruds"}

// withBoth adds those that follow from what a client is registered with.
func withBoth(registered []string) []string {
	all := slices.Clone(registered)
	for _, scope := range both {
		context, _, _ := Clinical(scope)
		if slices.Contains(registered, context+"/*.read") && slices.Contains(registered, context+"/*.write") {
			all = append(all, scope)
		}
	}
	return all
}

// narrowed is the scope that a client is registered with, matched by every
// narrower one of its context: who may read all may ask for less.
func narrowed(registered string) goidc.Scope {
	whole, _, _ := Clinical(registered)
	return goidc.NewDynamicScope(registered, func(asked string) bool {
		context, _, ok := Clinical(asked)
		reads, writes := Rights(asked)
		mayRead, mayWrite := Rights(registered)
		return ok && context == whole && reads == mayRead && writes == mayWrite
	})
}

// audience says what is wrong with "aud", the address of the FHIR server that
// the app is going to show its token to (SMART App Launch 2.2, 2.0.5): an app that
// was led to a false server must not get a token that opens the true one.
func (p *Provider) audience(scope, aud string) (wrong string) {
	asked := strings.Fields(scope)
	needed := slices.Contains(asked, ScopeLaunchPatient) || slices.ContainsFunc(asked, func(s string) bool {
		_, _, ok := Clinical(s)
		_, writes := Rights(s)
		return ok && writes
	})
	if !needed && !slices.ContainsFunc(asked, func(s string) bool { _, _, ok := Clinical(s); return ok }) {
		return ""
	}
	switch {
	case aud == "" && needed:
		return "aud is required: the address of the FHIR server"
	case aud != "" && !slices.Contains(p.config.FHIR, strings.TrimSuffix(aud, "/")):
		return "aud names no FHIR server of ours"
	}
	return ""
}

// launch finds, when it is asked for, where the person's record is.
func (p *Provider) launch(ctx context.Context, accountID string, scopes []string) (Record, error) {
	if p.config.Record == nil || !slices.Contains(scopes, ScopeLaunchPatient) && !slices.Contains(scopes, ScopeFHIRUser) {
		return Record{}, nil
	}
	record, err := p.config.Record(ctx, accountID)
	if err != nil {
		return Record{}, err
	}
	if record.Patient == "" && slices.Contains(scopes, ScopeLaunchPatient) {
		return Record{}, goidc.NewError(goidc.ErrorCodeAccessDenied, "the person has no medical record")
	}
	if !slices.Contains(scopes, ScopeLaunchPatient) {
		record.Patient = ""
	}
	if !slices.Contains(scopes, ScopeFHIRUser) || len(p.config.FHIR) == 0 {
		record.User = ""
	} else if record.User != "" {
		record.User = p.config.FHIR[0] + "/" + record.User
	}
	return record, nil
}

// fromBrowser says whether a page of the client, at the origin, may read answers
// to it: one without a secret that is led back to there.
func (c Client) fromBrowser(origin string) bool {
	if c.Method != MethodPublic || origin == "" || origin == "null" {
		return false
	}
	return slices.ContainsFunc(c.Redirects, func(redirect string) bool {
		own := originOf(redirect)
		if loopback, any := strings.CutSuffix(own, ":*"); any {
			port, found := strings.CutPrefix(origin, loopback)
			return found && (port == "" || port[0] == ':' && !strings.ContainsFunc(port[1:], func(r rune) bool { return r < '0' || r > '9' }))
		}
		return own == origin
	})
}

// completeLaunch adds to the library's answer whose record the app opens (SMART
// App Launch 2.2, 2.0.8).
func completeLaunch(answer *answer, patient string) {
	body := map[string]any{}
	if err := json.Unmarshal(answer.body.Bytes(), &body); err != nil {
		return // not the library's answer
	}
	body["patient"] = patient
	data, err := json.Marshal(body)
	if err != nil {
		return
	}
	answer.body.Reset()
	_, _ = answer.Write(data) // a buffer takes everything
}

// completeIntrospection tells the FHIR server that asks about a token which opens
// medical data whose it is: an app that may read the record need not be told the
// ПИН, the server has no other way to know the person.
func (p *Provider) completeIntrospection(r *http.Request, call *call, w *answer) {
	if call.endpoint != "introspect" || w.status != http.StatusOK || call.refused != nil || call.trouble != nil {
		return
	}
	body := map[string]json.RawMessage{}
	told := struct {
		Active bool   `json:"active"`
		Scope  string `json:"scope"`
	}{}
	if json.Unmarshal(w.body.Bytes(), &body) != nil || json.Unmarshal(w.body.Bytes(), &told) != nil || !told.Active {
		return
	}
	opens := slices.ContainsFunc(strings.Fields(told.Scope), func(s string) bool {
		context, _, ok := Clinical(s)
		return ok && context != "system"
	})
	c, _, err := p.client(r.Context(), call.client)
	serves := slices.ContainsFunc(p.config.FHIR, func(server string) bool { return c.Address != "" && strings.HasPrefix(server, c.Address+"/") })
	if err != nil || !opens || !serves || !c.Introspects {
		return
	}
	grant, err := p.grantOf(r.Context(), r.PostForm.Get("token"))
	if err != nil || grant == nil {
		return // the library has just found it: revoked this very moment
	}
	claims, err := p.config.Claims(r.Context(), grant.Subject, []string{ScopeProfile})
	if err != nil {
		note(r.Context(), err)
		return
	}
	for _, name := range []string{"pin", "name"} {
		if body[name], err = json.Marshal(claims[name]); err != nil || claims[name] == nil {
			delete(body, name)
		}
	}
	data, err := json.Marshal(body)
	if err != nil {
		return
	}
	w.body.Reset()
	_, _ = w.Write(data) // a buffer takes everything
}

// grantOf is the grant of an access token that was found good.
func (p *Provider) grantOf(ctx context.Context, token string) (*goidc.Grant, error) {
	claims := struct {
		Grant string `json:"grant_id"`
	}{}
	if !unproven(token, nil, &claims) {
		held, err := p.grants.Token(ctx, token)
		if err != nil {
			return nil, err
		}
		claims.Grant = held.GrantID
	}
	return p.grants.Grant(ctx, claims.Grant)
}
