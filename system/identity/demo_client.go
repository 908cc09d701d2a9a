package identity

import (
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
)

// Public keys of the demo's clients of the FAPI profile. Their private halves are
// as open as the demo's secrets: e2e/openid/suite/keys.json.
const (
	fapiKeys  = `{"keys":[{"kty":"EC","crv":"P-256","x":"zGZ3W6S2uAqDhXYzN_U1iDiIlLJc9VvU2hj5-_gSqhY","y":"d5ihwUWRu_-m93V_36CJIDoCuAnsR8ySDJLH4QqWRwY","kid":"conformance-fapi-ec","use":"sig"},{"kty":"RSA","n":"uk2bdAY6fcJFij_gOsiI8k3xvFx53QSgj1Lali8WBdy17reASECTw8QUQckPifH-h2JJ2QDkP_R0AuY-CpLR_s_dE1mcPVgaXVecBDVFlBpY4uR55mRPz7D0bEWgzQED49Kdjk3QAIzNUBewjfZDXbxVbX2nhbtWyGI2Wyr3aiQuV1gm3SaBHUmUOdSG6JCFq1kGbaIYnHVXiTuqimzZQpkSeDTBJDnOeHte9lwgtGDQGbm4_lmFwoid_upNPLFUARjTyTnP1wo8UcLdlbLYV0mPCDI7ZdSnkoW7-9ruY9Gw-4QDETh-bGPzeY8r4AY2wf-P_8LJa1NXIb74NymDxw","e":"AQAB","kid":"conformance-fapi-rsa","use":"sig"}]}`
	fapiKeys2 = `{"keys":[{"kty":"EC","crv":"P-256","x":"ymvQg765BREYjaU3ps9ycq92Ez6C-qZVrKKCZCEX6ns","y":"6wmXZwEAidNTmGA6vz3Q7taD3OY4yPoANfnJO5ONNx4","kid":"conformance-fapi2-ec","use":"sig"}]}`
)

// strictClients are the demo's clients of the FAPI 2.0 Security Profile; two, for
// what one must not do with another's codes and requests.
func strictClients(name text.Words, address string) []openid.Client {
	var clients []openid.Client
	for id, keys := range map[string]string{"conformance-fapi": fapiKeys, "conformance-fapi2": fapiKeys2} {
		clients = append(clients, openid.Client{
			ID: id, Name: name, Address: address, Redirects: []string{address + "/callback"}, PostLogout: []string{address + "/"},
			Scopes: openid.PersonScopes, Method: openid.MethodKey, JWKS: keys, Profile: openid.ProfileFAPI, Alg: "ES256",
		})
	}
	return clients
}
