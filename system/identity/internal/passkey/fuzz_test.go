package passkey_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/webauthn"
)

// owner has the one key of the fuzz test.
type owner struct{ key webauthn.Credential }

func (owner) WebAuthnID() []byte                           { return []byte("owner") }
func (owner) WebAuthnName() string                         { return "owner" }
func (owner) WebAuthnDisplayName() string                  { return "owner" }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return []webauthn.Credential{o.key} }

// FuzzAnswers reads what a browser says in an authenticator's name, JSON with CBOR
// in it: nothing falls, and no answer opens an account whose key did not sign it.
func FuzzAnswers(f *testing.F) {
	web, err := webauthn.New(&webauthn.Config{RPID: rpID, RPDisplayName: "ЕСИ", RPOrigins: []string{origin}})
	if err != nil {
		f.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	public, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: key.X.FillBytes(make([]byte, 32)), -3: key.Y.FillBytes(make([]byte, 32))})
	if err != nil {
		f.Fatal(err)
	}
	o := owner{webauthn.Credential{ID: []byte("key of the owner"), PublicKey: public}}
	session := webauthn.SessionData{Challenge: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", RelyingPartyID: rpID, UserID: o.WebAuthnID(), UserVerification: protocol.VerificationRequired}
	d := newDevice()
	client, auth := b64(d.client("webauthn.get", session.Challenge)), b64(d.authData(d.flags, nil))
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.authData(d.flags|64, append(append(make([]byte, 16), 0, 2, 'i', 'd'), public...))})
	if err != nil {
		f.Fatal(err)
	}
	for _, response := range []map[string]any{
		{"clientDataJSON": client, "authenticatorData": auth, "signature": b64([]byte("0")), "userHandle": b64(o.WebAuthnID())},
		{"clientDataJSON": b64(d.client("webauthn.create", session.Challenge)), "attestationObject": b64(object), "transports": []string{"internal"}},
	} {
		answer, err := json.Marshal(map[string]any{"id": b64(o.key.ID), "rawId": b64(o.key.ID), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(answer))
	}
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2"}}`)
	f.Fuzz(func(t *testing.T, answer string) {
		if parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer)); err == nil {
			_, _ = web.CreateCredential(o, session, parsed) // any authenticator may be made a key of its owner's
		}
		parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
		if err != nil {
			return
		}
		if _, err := web.ValidateLogin(o, session, parsed); err == nil {
			t.Fatal("an answer that nobody signed")
		}
	})
}
