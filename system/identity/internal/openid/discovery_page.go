package openid

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// describe is the library's description with what is ours, made once: nothing
// in it changes while the process runs.
func (p *Provider) describe() ([]byte, error) {
	record := &answer{w: discard{http.Header{}}}
	request, err := http.NewRequest(http.MethodGet, "/.well-known/openid-configuration", nil) //nolint:noctx // answered in place
	if err != nil {
		return nil, err
	}
	p.handler.ServeHTTP(record, request)
	description := map[string]any{}
	if err := json.Unmarshal(record.body.Bytes(), &description); err != nil {
		return nil, errors.Join(errors.New("openid: the description cannot be read"), err)
	}
	delete(description, "registration_endpoint") // clients are registered by people
	for name, value := range map[string]any{
		"device_authorization_endpoint":                 p.config.Issuer + "/connect/deviceauthorization",
		"request_parameter_supported":                   true, // the library never sees one: see opened
		"request_object_signing_alg_values_supported":   objectAlgorithms,
		"request_uri_parameter_supported":               false,
		"backchannel_logout_supported":                  true,
		"backchannel_logout_session_supported":          true,
		"frontchannel_logout_supported":                 true,
		"frontchannel_logout_session_supported":         true,
		"prompt_values_supported":                       promptValues,
		"ui_locales_supported":                          []string{"ky", "ru", "en"},
		"introspection_endpoint_auth_methods_supported": []Method{MethodBasic, MethodPost, MethodKey},
	} {
		description[name] = value
	}
	return json.Marshal(description)
}

func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) { p.published(w, r, p.known) }

func (p *Provider) jwks(w http.ResponseWriter, r *http.Request) {
	keys, err := p.config.Keys.Public(r.Context())
	if err != nil {
		p.config.Log.ErrorContext(r.Context(), "the keys cannot be read", "system", "identity", "error", err.Error())
		http.Error(w, `{"error":"temporarily_unavailable"}`, http.StatusServiceUnavailable)
		return
	}
	p.published(w, r, keys)
}

// published answers what everybody may know. Clients read it anew every five
// minutes, far within the time in which a new key is published before it signs.
func (p *Provider) published(w http.ResponseWriter, r *http.Request, data []byte) {
	made := p.headersOf(data)
	h := w.Header()
	h["Access-Control-Allow-Origin"], h["Cache-Control"], h["Content-Type"], h["X-Content-Type-Options"] = forEverybody, forFiveMinutes, isJSON, asItSays
	h["Etag"] = made.tag
	if known := r.Header["If-None-Match"]; len(known) == 1 && strings.TrimPrefix(known[0], "W/") == made.tag[0] {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Length"] = made.length
	_, _ = w.Write(data) // a reader that left is no error of ours
}

// Values of headers that are the same each time; net/http reads them alone.
var (
	forEverybody   = []string{"*"}
	forFiveMinutes = []string{"public, max-age=300"}
	isJSON         = []string{"application/json"}
	asItSays       = []string{"nosniff"}
	noReferrer     = []string{"no-referrer"}
	nothingElse    = []string{"default-src 'none'; frame-ancestors 'none'"}
	notKept        = []string{"no-store"}
)

// made are the headers of bytes that are answered again and again.
type made struct {
	of          *byte // the bytes stay as they are as long as they stand there
	tag, length []string
}

func (p *Provider) headersOf(data []byte) *made {
	for i := range p.made {
		if m := p.made[i].Load(); m != nil && m.of == &data[0] {
			return m
		}
	}
	sum := sha256.Sum256(data)
	m := &made{&data[0], []string{`"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}, []string{strconv.Itoa(len(data))}}
	if len(p.known) > 0 && &data[0] == &p.known[0] {
		p.made[0].Store(m)
	} else {
		p.made[1].Store(m)
	}
	return m
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
