package fhir

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Describe lets a neighbouring room say of itself under /metadata?mode=….
func (a *API) Describe(mode string, say func(ctx context.Context) (any, error)) {
	if a.modes == nil {
		a.modes = map[string]func(context.Context) (any, error){}
	}
	a.modes[mode] = say
}

// metadata answers GET /metadata, for everybody.
func (a *API) metadata(w http.ResponseWriter, r *http.Request) error {
	if say, ok := a.modes[r.URL.Query().Get("mode")]; ok {
		said, err := say(r.Context())
		if err != nil {
			return err
		}
		return Send(w, http.StatusOK, said)
	}
	data, err := datatype.Encode(a.capability())
	if err != nil {
		return err
	}
	send(w, http.StatusOK, data)
	return nil
}

// smart is the answer of /.well-known/smart-configuration (SMART App Launch 2).
type smart struct {
	Issuer        string   `json:"issuer"`
	Keys          string   `json:"jwks_uri"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Introspection string   `json:"introspection_endpoint"`
	Revocation    string   `json:"revocation_endpoint"`
	Grants        []string `json:"grant_types_supported"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Algorithms    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Responses     []string `json:"response_types_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	Scopes        []string `json:"scopes_supported"`
	Capabilities  []string `json:"capabilities"`
}

func (a *API) smartConfiguration(w http.ResponseWriter, _ *http.Request) error {
	data, err := json.Marshal(smart{
		Issuer: a.issuer, Keys: a.issuer + "/.well-known/openid-configuration/jwks",
		Authorization: a.issuer + "/connect/authorize", Token: a.issuer + "/connect/token",
		Introspection: a.issuer + "/connect/introspect", Revocation: a.issuer + "/connect/revocation",
		Grants:     []string{"authorization_code", "refresh_token", "client_credentials"},
		Methods:    []string{"client_secret_basic", "client_secret_post", "private_key_jwt"},
		Algorithms: []string{"ES256", "ES384", "PS256", "RS256", "RS384", "EdDSA"},
		Responses:  []string{"code"},
		Challenges: []string{"S256"},
		Scopes: []string{
			"openid", "profile", "fhirUser", "launch/patient", "offline_access",
			"system/*.read", "system/*.write", "user/*.read", "patient/*.read", "user/*.write",
			"system/*.rs", "user/*.rs", "patient/*.rs", "system/*.cruds", "user/*.cruds",
		},
		Capabilities: []string{
			"launch-standalone", "authorize-post", "context-standalone-patient", "sso-openid-connect",
			"client-public", "client-confidential-symmetric", "client-confidential-asymmetric",
			"permission-patient", "permission-user", "permission-offline", "permission-v1", "permission-v2",
		},
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(data)
	return err
}
