package signatureapi

import (
	"context"
	"time"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// ServiceCloud is the cloud signature: people's signature keys held by the
// service, used with a one-time PIN (ID-12, SG-1).
const ServiceCloud = "cloud"

// Method is the way a one-time PIN takes.
type Method string

// Email is the only way there is (ID-12).
const Email Method = "email"

// PINRequest asks for a new one-time PIN in place of one that was lost.
type PINRequest struct {
	PIN    string `json:"pin"` // ПИН of the person
	Method Method `json:"method"`
}

// CloudAuth is a person's ПИН with the one-time PIN that was mailed: 8 digits, or
// 16 letters and digits after a lock; spaces and dashes may stand between.
type CloudAuth struct {
	PIN     string `json:"pin"`
	OneTime string `json:"one_time"`
}

// CloudToken stands for the person towards the system that asked, for minutes.
type CloudToken struct {
	Token     string    `json:"token"`
	PIN       string    `json:"pin"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// CloudQuery asks by token.
type CloudQuery struct {
	Token string `json:"token"`
}

// CertInfo is the person's certificate.
type CertInfo struct {
	PIN        string    `json:"pin"`
	FamilyName string    `json:"family_name"`
	GivenName  string    `json:"given_name"` // with the patronymic
	Name       string    `json:"name"`
	Serial     string    `json:"serial"` // hex
	NotBefore  time.Time `json:"not_before"`
	NotAfter   time.Time `json:"not_after"`
	DER        []byte    `json:"der"`
}

// SignRequest asks for the person's signature under a document.
type SignRequest struct {
	Token  string `json:"token"`
	SHA256 []byte `json:"sha256"` // of the document, 32 bytes
}

// CloudSignature is the signature: CMS SignedData (RFC 5652), DER, detached,
// with the person's certificate and the issuing one, the signed attributes of
// CAdES-BES and the service's time-stamp over the signature (CAdES-T).
type CloudSignature struct {
	CMS []byte    `json:"cms"`
	At  time.Time `json:"at"`
}

// Enrolment gives a person a cloud signature. ЕСИ vouches for who it is.
type Enrolment struct {
	PIN        string    `json:"pin"`
	FamilyName string    `json:"family_name"`
	GivenName  string    `json:"given_name"`
	Patronymic string    `json:"patronymic,omitempty"`
	Email      string    `json:"email"` // confirmed
	Lang       text.Lang `json:"lang,omitempty"`
	// Level is the assurance of the account: "substantial" or "high"; a lower
	// one gets no signature.
	Level string `json:"level"`
}

// CloudState says whether the person has a cloud signature that holds.
type CloudState struct {
	Enrolled bool      `json:"enrolled"`
	Serial   string    `json:"serial,omitempty"`
	NotAfter time.Time `json:"not_after,omitzero"`
	Email    string    `json:"email,omitempty"` // masked
}

// CloudAPI is the cloud signature as other systems see it. A token is good for
// the system that got it alone.
type CloudAPI interface {
	// Begin mails a new one-time PIN. Whether the ПИН has a cloud signature
	// does not show. Too often is fail.TooMany with the minutes to wait in Count.
	Begin(ctx context.Context, r PINRequest) error
	// Auth spends the one-time PIN; a new one goes to the person's e-mail. A
	// wrong, spent or old PIN, as a ПИН without a cloud signature, is
	// fail.Invalid; too many tries are fail.TooMany with minutes in Count.
	Auth(ctx context.Context, a CloudAuth) (CloudToken, error)
	// CertInfo is the certificate; a token that is not good is fail.SignedOut.
	CertInfo(ctx context.Context, q CloudQuery) (CertInfo, error)
	// SignHash signs; a token that is not good is fail.SignedOut.
	SignHash(ctx context.Context, r SignRequest) (CloudSignature, error)
	// Enrol makes the key and the certificate and mails the first one-time PIN.
	// Again it keeps the key and takes the new e-mail; a new name gets a new
	// certificate. For ЕСИ alone.
	Enrol(ctx context.Context, e Enrolment) (CloudState, error)
	// State says whether the person has one. For ЕСИ alone.
	State(ctx context.Context, of Person) (CloudState, error)
}

// CloudClient asks through the exchange.
type CloudClient struct{ Exchange *exchangeapi.Client }

var _ CloudAPI = CloudClient{}

func (c CloudClient) do(ctx context.Context, path, user string, in, out any) error {
	return c.Exchange.Do(ctx, exchangeapi.Call{Provider: exchangeapi.Signature, Service: ServiceCloud, Path: path, Body: in, User: user, Issue: "signature"}, out)
}

// Begin implements CloudAPI.
func (c CloudClient) Begin(ctx context.Context, r PINRequest) error {
	return c.do(ctx, "/pin-code", r.PIN, r, nil)
}

// Auth implements CloudAPI.
func (c CloudClient) Auth(ctx context.Context, a CloudAuth) (CloudToken, error) {
	var out CloudToken
	err := c.do(ctx, "/auth", a.PIN, a, &out)
	return out, err
}

// CertInfo implements CloudAPI.
func (c CloudClient) CertInfo(ctx context.Context, q CloudQuery) (CertInfo, error) {
	var out CertInfo
	err := c.do(ctx, "/cert-info", "", q, &out)
	return out, err
}

// SignHash implements CloudAPI.
func (c CloudClient) SignHash(ctx context.Context, r SignRequest) (CloudSignature, error) {
	var out CloudSignature
	err := c.do(ctx, "/sign", "", r, &out)
	return out, err
}

// Enrol implements CloudAPI.
func (c CloudClient) Enrol(ctx context.Context, e Enrolment) (CloudState, error) {
	var out CloudState
	err := c.do(ctx, "/enrol", e.PIN, e, &out)
	return out, err
}

// State implements CloudAPI.
func (c CloudClient) State(ctx context.Context, of Person) (CloudState, error) {
	var out CloudState
	err := c.do(ctx, "/state", of.PIN, of, &out)
	return out, err
}

// ServeCloud registers the service.
func ServeCloud(p *exchangeapi.Provider, api CloudAPI) {
	exchangeapi.Serve(p, ServiceCloud, "/pin-code", func(ctx context.Context, in PINRequest) (struct{}, error) { return struct{}{}, api.Begin(ctx, in) })
	exchangeapi.Serve(p, ServiceCloud, "/auth", func(ctx context.Context, in CloudAuth) (CloudToken, error) { return api.Auth(ctx, in) })
	exchangeapi.Serve(p, ServiceCloud, "/cert-info", func(ctx context.Context, in CloudQuery) (CertInfo, error) { return api.CertInfo(ctx, in) })
	exchangeapi.Serve(p, ServiceCloud, "/sign", func(ctx context.Context, in SignRequest) (CloudSignature, error) { return api.SignHash(ctx, in) })
	exchangeapi.Serve(p, ServiceCloud, "/enrol", func(ctx context.Context, in Enrolment) (CloudState, error) { return api.Enrol(ctx, in) })
	exchangeapi.Serve(p, ServiceCloud, "/state", func(ctx context.Context, in Person) (CloudState, error) { return api.State(ctx, in) })
}
