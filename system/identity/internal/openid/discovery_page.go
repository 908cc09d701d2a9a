package openid

import (
	"encoding/json"
	"errors"
	"net/http"
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
		"request_parameter_supported":                   true,
		"request_uri_parameter_supported":               false,
		"backchannel_logout_supported":                  true,
		"backchannel_logout_session_supported":          true,
		"frontchannel_logout_supported":                 true,
		"frontchannel_logout_session_supported":         true,
		"prompt_values_supported":                       []string{"none", "login", "consent", "select_account"},
		"ui_locales_supported":                          []string{"ky", "ru", "en"},
		"introspection_endpoint_auth_methods_supported": []Method{MethodBasic, MethodPost, MethodKey},
	} {
		description[name] = value
	}
	return json.Marshal(description)
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) { published(w, p.known) }

func (p *Provider) jwks(w http.ResponseWriter, r *http.Request) {
	keys, err := p.config.Keys.Public(r.Context())
	if err != nil {
		p.config.Log.ErrorContext(r.Context(), "the keys cannot be read", "system", "identity", "error", err.Error())
		http.Error(w, `{"error":"temporarily_unavailable"}`, http.StatusServiceUnavailable)
		return
	}
	published(w, keys)
}

// published answers what everybody may know. Clients read it anew every five
// minutes, far within the time in which a new key is published before it signs.
func published(w http.ResponseWriter, data []byte) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(data) // a reader that left is no error of ours
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
