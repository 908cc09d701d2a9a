package cloud

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// The public interface has the paths, the members and even the spelling of the
// cloud signature that is in use in the country (FACTS), so that what is bound
// to that one need only change the address.
//
//	POST /api/oep/user-auth-methods {personIdnp, organizationInn}
//	POST /api/oep/pin-code          {personIdnp, organizationInn, method}
//	POST /api/oep/account/auth      {personIdnp, organizationInn, byPin} → token
//	POST /api/oep/cert-info         {userToken}
//	POST /api/oep/sign/hash         {hash, userToken}
//	POST /api/oep/sign/check        {hash, signBase64}
const maxJSON = 128 << 10 // bytes: a signature in base64 is the longest

type pinCodeRequest struct {
	PersonIdnp      string `json:"personIdnp"`
	OrganizationInn string `json:"organizationInn"`
	Method          string `json:"method"`
}

type pinCodeResponse struct {
	IsSuccesfull bool `json:"isSuccesfull"`
}

type authMethods struct {
	UserAuthMethodList []authMethod `json:"userAuthMethodList"`
}

type authMethod struct {
	AuthType string `json:"authType"`
	IsActive bool   `json:"isActive"`
}

type authRequest struct {
	PersonIdnp      string `json:"personIdnp"`
	OrganizationInn string `json:"organizationInn"`
	ByPin           string `json:"byPin"`
}

type authResponse struct {
	CreateAt         string `json:"createAt"`
	ExpireAt         string `json:"expireAt"`
	SubjectType      int    `json:"subjectType"` // 1: a natural person
	PersonIdnp       string `json:"personIdnp"`
	PersonFio        string `json:"personFio"`
	OrganizationInn  string `json:"organizationInn"`
	OrganizationName string `json:"organizationName"`
	IsActive         bool   `json:"isActive"`
	Token            string `json:"token"`
}

type certInfoRequest struct {
	UserToken string `json:"userToken"`
}

type certInfoResponse struct {
	ValidNotBefore   string     `json:"validNotBefore"`
	ValidNotAfter    string     `json:"validNotAfter"`
	PersonIdnp       string     `json:"personIdnp"`
	CommonName       string     `json:"commonName"`
	OrganizationInn  string     `json:"organizationInn"`
	OrganizationName string     `json:"organizationName"`
	CountryName      string     `json:"countryName"`
	KeyIdentifier    string     `json:"keyIdentifier"`
	CertIssuer       certIssuer `json:"certissuer"`
	Certificate      string     `json:"certificate"` // DER in base64
}

type certIssuer struct {
	CommonName       string `json:"commonName"`
	OrganizationName string `json:"organizationName"`
	CountryName      string `json:"countryName"`
}

type signRequest struct {
	Hash      string `json:"hash"` // SHA-256 in hex or base64
	UserToken string `json:"userToken"`
}

type signResponse struct {
	IsSuccesfull bool   `json:"isSuccesfull"`
	Sign         string `json:"sign"`      // CMS, DER in base64
	Timestamp    int64  `json:"timestamp"` // milliseconds since 1970
}

type checkRequest struct {
	Hash       string `json:"hash"`
	SignBase64 string `json:"signBase64"`
}

type checkResponse struct {
	PersonIdnp string `json:"personIdnp"`
	PersonFio  string `json:"personFio"`
	Verified   bool   `json:"verified"`
	Timestamp  int64  `json:"timestamp"`
	Reason     string `json:"reason,omitempty"`
}

type errorResponse struct {
	ErrorCode    int    `json:"errorCode"`
	ErrorMessage string `json:"errorMessage"`
}

// errorCodes are stable: programs tell errors apart by them.
var errorCodes = map[string]int{
	"signature.cloud.no_bearer": 1, "signature.cloud.other_organisation": 2, "signature.cloud.wrong_pin": 10, "signature.cloud.too_many": 11,
	"signature.cloud.token_over": 12, "signature.cloud.revoked": 13, "signature.bad_hash": 20, "signature.cloud.bad_method": 21,
}

// Mount puts the interface into the mux.
func (s *Service) Mount(mux *http.ServeMux, site *page.Site) {
	mount(s, mux, site, "/api/oep/user-auth-methods", func(_ *http.Request, o Organisation, in pinCodeRequest) (authMethods, error) {
		// The same for everybody: who has a cloud signature is not told.
		return authMethods{[]authMethod{{string(signatureapi.Email), true}}}, o.mine(in.OrganizationInn)
	})
	mount(s, mux, site, "/api/oep/pin-code", func(r *http.Request, o Organisation, in pinCodeRequest) (pinCodeResponse, error) {
		if err := o.mine(in.OrganizationInn); err != nil {
			return pinCodeResponse{}, err
		}
		return pinCodeResponse{true}, s.Begin(r.Context(), signatureapi.PINRequest{PIN: in.PersonIdnp, Method: signatureapi.Method(in.Method)})
	})
	mount(s, mux, site, "/api/oep/account/auth", s.apiAuth)
	mount(s, mux, site, "/api/oep/cert-info", s.apiCertInfo)
	mount(s, mux, site, "/api/oep/sign/hash", s.apiSign)
	mount(s, mux, site, "/api/oep/sign/check", s.apiCheck)
}

// mount puts one call into the mux: a bearer of an organisation, JSON in, JSON out.
func mount[In, Out any](s *Service, mux *http.ServeMux, site *page.Site, path string, answer func(*http.Request, Organisation, In) (Out, error)) {
	site.Handle(mux, "POST "+path, func(w http.ResponseWriter, r *http.Request) error {
		out, err := func() (any, error) {
			o, err := s.bearer(r)
			if err != nil {
				return nil, err
			}
			var in In
			if err := readJSON(w, r, &in); err != nil {
				return nil, err
			}
			return answer(r, o, in)
		}()
		status := http.StatusOK
		if err != nil {
			e := fail.As(err)
			status = e.Kind.Status()
			if status >= http.StatusInternalServerError {
				return err // logged with its incident
			}
			out = refusal(r, e)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		return json.NewEncoder(w).Encode(out)
	})
}

// refusal says what is wrong: of the first field, if it is a field.
func refusal(r *http.Request, e *fail.Error) errorResponse {
	key, args := e.Key, e.Args
	if len(e.Findings) > 0 {
		key, args = e.Findings[0].Key, e.Findings[0].Args
	}
	code, known := errorCodes[key]
	if !known {
		code = e.Kind.Status()
	}
	return errorResponse{code, text.TArgs(r.Context(), key, args)}
}

func readJSON(w http.ResponseWriter, r *http.Request, in any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSON))
	if err != nil {
		return fail.Wrap(err, fail.TooLarge, "kit.too_large")
	}
	if err := json.Unmarshal(body, in); err != nil || strings.Contains(string(body), `\u0000`) {
		return fail.Wrap(fmt.Errorf("not the JSON that is asked for: %w", err), fail.BadRequest, "kit.bad_request")
	}
	return nil
}

// bearer is the organisation that asks. Its secret is looked up by its hash:
// nothing is compared byte by byte.
func (s *Service) bearer(r *http.Request) (Organisation, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	o, known := s.Organisations[id.Hash(token)]
	if !ok || !known {
		return o, fail.New(fail.SignedOut, "signature.cloud.no_bearer")
	}
	return o, nil
}

func (o Organisation) holder() string { return "inn:" + o.INN }

// mine says that the organisation asks in its own name: without an ИНН, or with its own.
func (o Organisation) mine(inn string) error {
	if inn != "" && inn != o.INN {
		return fail.New(fail.Forbidden, "signature.cloud.other_organisation")
	}
	return nil
}

func (s *Service) apiAuth(r *http.Request, o Organisation, in authRequest) (authResponse, error) {
	if err := o.mine(in.OrganizationInn); err != nil {
		return authResponse{}, err
	}
	t, err := s.auth(r.Context(), o.holder(), signatureapi.CloudAuth{PIN: in.PersonIdnp, OneTime: in.ByPin})
	return authResponse{
		CreateAt: t.CreatedAt.Format(time.RFC3339), ExpireAt: t.ExpiresAt.Format(time.RFC3339), SubjectType: 1, PersonIdnp: t.PIN, PersonFio: t.Name,
		OrganizationInn: o.INN, OrganizationName: o.Name, IsActive: true, Token: t.Token,
	}, err
}

func (s *Service) apiCertInfo(r *http.Request, o Organisation, in certInfoRequest) (certInfoResponse, error) {
	info, err := s.certInfo(r.Context(), o.holder(), in.UserToken)
	if err != nil {
		return certInfoResponse{}, err
	}
	c, by, err := s.Authority.Pair(r.Context(), s.DB.Read, info.Serial)
	if err != nil {
		return certInfoResponse{}, err
	}
	return certInfoResponse{
		ValidNotBefore: c.NotBefore.Format(time.RFC3339), ValidNotAfter: c.NotAfter.Format(time.RFC3339), PersonIdnp: info.PIN,
		CommonName: info.Name, OrganizationInn: o.INN, OrganizationName: o.Name, CountryName: strings.Join(c.Subject.Country, ""),
		KeyIdentifier: hex.EncodeToString(c.SubjectKeyId), Certificate: base64.StdEncoding.EncodeToString(c.Raw),
		CertIssuer: certIssuer{by.Subject.CommonName, strings.Join(by.Subject.Organization, ""), strings.Join(by.Subject.Country, "")},
	}, nil
}

// readHash takes a SHA-256 in hex or in base64; anything else is refused later.
func readHash(s string) []byte {
	if sum, err := hex.DecodeString(s); err == nil {
		return sum
	}
	sum, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	return sum
}

func (s *Service) apiSign(r *http.Request, o Organisation, in signRequest) (signResponse, error) {
	made, err := s.signHash(r.Context(), o.holder(), signatureapi.SignRequest{Token: in.UserToken, SHA256: readHash(in.Hash)})
	return signResponse{true, base64.StdEncoding.EncodeToString(made.CMS), made.At.UnixMilli()}, err
}

func (s *Service) apiCheck(r *http.Request, _ Organisation, in checkRequest) (checkResponse, error) {
	der, err := base64.StdEncoding.DecodeString(in.SignBase64)
	if err != nil {
		return checkResponse{}, fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	v, err := s.Authority.Check(r.Context(), signatureapi.Signed{CMS: der, SHA256: readHash(in.Hash)})
	out := checkResponse{PersonIdnp: v.PIN, PersonFio: v.Name, Verified: v.Valid, Reason: v.Reason}
	if !v.At.IsZero() {
		out.Timestamp = v.At.UnixMilli()
	}
	return out, err
}

// ReadOrganisations reads the setting: INN:TOKEN:NAME, several apart by
// semicolons. A token has at least 32 characters.
func ReadOrganisations(setting string) (map[string]Organisation, error) {
	all := map[string]Organisation{}
	for entry := range strings.SplitSeq(setting, ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		parts := strings.SplitN(strings.TrimSpace(entry), ":", 3)
		if len(parts) != 3 || len(parts[0]) != 14 || strings.Trim(parts[0], "0123456789") != "" || len(parts[1]) < 32 || parts[2] == "" {
			return nil, fmt.Errorf("organisations are INN:TOKEN:NAME; …, with 14 digits and a token of 32 characters or more")
		}
		all[id.Hash(parts[1])] = Organisation{INN: parts[0], Name: parts[2]}
	}
	return all, nil
}
