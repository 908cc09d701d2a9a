package cloud

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/signature/migration"
)

const bearer = "0123456789abcdef0123456789abcdef"

type caller struct {
	t    *testing.T
	mux  *http.ServeMux
	auth string
}

// call gives the status and the members of the answer.
func (c caller) call(path string, in any) (int, map[string]any) {
	c.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	if raw, ok := in.(string); ok {
		body = []byte(raw)
	}
	r := httptest.NewRequest(http.MethodPost, "/api/oep/"+path, bytes.NewReader(body))
	r.Header.Set("Authorization", c.auth)
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	c.mux.ServeHTTP(w, r)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		c.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Code, out
}

func public(t *testing.T, h *house) caller {
	t.Helper()
	organisations, err := ReadOrganisations("00101202010001:" + bearer + ":ОсОО «Мисал»; 00101202010002:" + strings.Repeat("x", 32) + ":Башка")
	if err != nil {
		t.Fatal(err)
	}
	h.Organisations = organisations
	mux := http.NewServeMux()
	site := &page.Site{System: "signature", Texts: text.MustLoad(design.Texts, os.DirFS("../..")), Log: slog.New(slog.DiscardHandler), ErrorPage: design.ErrorPage}
	h.Mount(mux, site)
	return caller{t, mux, "Bearer " + bearer}
}

// TestPublicInterface walks it as a program does that was written for the cloud
// signature in use: paths, members and their spelling (FACTS).
func TestPublicInterface(t *testing.T) {
	h := open(t, dbtest.SQLite(t, "signature", migration.Sets...))
	api := public(t, h)
	pin := h.enrolled(t)
	members := func(path string, in any, want ...string) map[string]any {
		t.Helper()
		status, out := api.call(path, in)
		if got := slices.Sorted(maps.Keys(out)); status != http.StatusOK || !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Fatalf("%s: %d with %v, not %v", path, status, got, want)
		}
		return out
	}
	person := map[string]string{"personIdnp": ermek.PIN, "organizationInn": "00101202010001"}
	members("user-auth-methods", person, "userAuthMethodList")
	auth := members("account/auth", map[string]string{"personIdnp": ermek.PIN, "organizationInn": "00101202010001", "byPin": pin},
		"createAt", "expireAt", "subjectType", "personIdnp", "personFio", "organizationInn", "organizationName", "isActive", "token")
	if auth["personFio"] != "Жумабеков Эрмек Асанович" || auth["organizationName"] != "ОсОО «Мисал»" {
		t.Errorf("%v", auth)
	}
	token := auth["token"]
	info := members("cert-info", map[string]any{"userToken": token}, "validNotBefore", "validNotAfter", "personIdnp", "commonName", "organizationInn",
		"organizationName", "countryName", "keyIdentifier", "certissuer", "certificate")
	if issuer, _ := info["certissuer"].(map[string]any); issuer["commonName"] != "Sanarip Issuing CA" || len(info["keyIdentifier"].(string)) != 40 {
		t.Errorf("%v", info)
	}
	sum := sha256.Sum256([]byte("документ"))
	for _, hash := range []string{hex.EncodeToString(sum[:]), base64.StdEncoding.EncodeToString(sum[:])} {
		made := members("sign/hash", map[string]any{"hash": hash, "userToken": token}, "isSuccesfull", "sign", "timestamp")
		if made["isSuccesfull"] != true || made["timestamp"].(float64) != float64(h.clock.Now().UnixMilli()) {
			t.Errorf("%v", made)
		}
		checked := members("sign/check", map[string]any{"hash": hash, "signBase64": made["sign"]}, "personIdnp", "personFio", "verified", "timestamp")
		if checked["verified"] != true || checked["personIdnp"] != ermek.PIN {
			t.Errorf("%v", checked)
		}
		other := members("sign/check", map[string]any{"hash": strings.Repeat("00", 32), "signBase64": made["sign"]}, "personIdnp", "personFio", "verified", "timestamp", "reason")
		if other["verified"] != false || other["reason"] != "document" {
			t.Errorf("%v", other)
		}
	}
	members("pin-code", map[string]string{"personIdnp": ermek.PIN, "organizationInn": "00101202010001", "method": "email"}, "isSuccesfull")
	if next := h.mailed(t); next == pin {
		t.Error("no PIN was mailed")
	}
}

// TestPublicInterfaceRefuses, each with its stable code and its sentence.
func TestPublicInterfaceRefuses(t *testing.T) {
	h := open(t, dbtest.SQLite(t, "signature", migration.Sets...))
	api := public(t, h)
	pin := h.enrolled(t)
	_, auth := api.call("account/auth", map[string]string{"personIdnp": ermek.PIN, "byPin": pin})
	hash := strings.Repeat("ab", 32)
	with := func(auth string) caller { return caller{t, api.mux, auth} }
	for name, c := range map[string]struct {
		api    caller
		path   string
		in     any
		status int
		code   float64
	}{
		"no bearer":                    {with(""), "sign/hash", map[string]any{"hash": hash, "userToken": auth["token"]}, 401, 1},
		"a wrong bearer":               {with("Bearer " + bearer + "x"), "account/auth", map[string]any{}, 401, 1},
		"a hash for a bearer":          {with("Bearer " + id.Hash(bearer)), "account/auth", map[string]any{}, 401, 1},
		"another organisation's token": {with("Bearer " + strings.Repeat("x", 32)), "sign/hash", map[string]any{"hash": hash, "userToken": auth["token"]}, 401, 12},
		"another organisation's ИНН":   {api, "account/auth", map[string]string{"personIdnp": ermek.PIN, "organizationInn": "00101202010002", "byPin": pin}, 403, 2},
		"a spent PIN":                  {api, "account/auth", map[string]string{"personIdnp": ermek.PIN, "byPin": pin}, 422, 10},
		"a token that is none":         {api, "cert-info", map[string]string{"userToken": "x"}, 401, 12},
		"a hash that is none":          {api, "sign/hash", map[string]any{"hash": "zz", "userToken": auth["token"]}, 422, 20},
		"SHA-1":                        {api, "sign/hash", map[string]any{"hash": strings.Repeat("ab", 20), "userToken": auth["token"]}, 422, 20},
		"by SMS":                       {api, "pin-code", map[string]string{"personIdnp": ermek.PIN, "method": "sms"}, 422, 21},
		"a ПИН that is none":           {api, "pin-code", map[string]string{"personIdnp": "1", "method": "email"}, 422, 422},
		"no JSON":                      {api, "pin-code", "{", 400, 400},
		"JSON of another shape":        {api, "pin-code", `{"personIdnp":1}`, 400, 400},
		"too long":                     {api, "sign/check", strings.Repeat(" ", maxJSON+1), 413, 413},
		"a signature in no base64":     {api, "sign/check", map[string]string{"hash": hash, "signBase64": "§"}, 400, 400},
	} {
		status, out := c.api.call(c.path, c.in)
		if message, _ := out["errorMessage"].(string); status != c.status || out["errorCode"] != c.code || message == "" || strings.HasPrefix(message, "[") {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	for _, bad := range []string{"x", "00101202010001:short:Name", "1:" + bearer + ":Name", "00101202010001:" + bearer, "00101202010001:" + bearer + ":"} {
		if _, err := ReadOrganisations(bad); err == nil {
			t.Errorf("%q is taken", bad)
		} else if strings.Contains(err.Error(), bearer) {
			t.Errorf("the error tells the token: %v", err)
		}
	}
}
