package cardagent

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sanarip/sanarip/kit/certificate"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

const person = "21209196000217"

// authority issues as the demo's does.
func authority(t *testing.T) Issue {
	t.Helper()
	return func(r signatureapi.CardRequest) (signatureapi.CardCertificates, error) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return signatureapi.CardCertificates{}, err
		}
		top := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
		root, err := x509.CreateCertificate(rand.Reader, top, top, key.Public(), key)
		if err != nil {
			return signatureapi.CardCertificates{}, err
		}
		out := signatureapi.CardCertificates{Root: root, Issuing: root}
		for i, csr := range [][]byte{r.AuthCSR, r.SignCSR} {
			request, err := x509.ParseCertificateRequest(csr)
			if err != nil {
				return out, err
			}
			template := &x509.Certificate{SerialNumber: big.NewInt(int64(0xA0 + i)), Subject: pkix.Name{SerialNumber: signatureapi.SubjectPrefix + r.PIN}, NotAfter: time.Now().Add(time.Hour)}
			der, err := x509.CreateCertificate(rand.Reader, template, top, request.PublicKey, key)
			if err != nil {
				return out, err
			}
			if i == 0 {
				out.Auth = der
			} else {
				out.Sign = der
			}
		}
		return out, nil
	}
}

func newCard(t *testing.T, algorithm string) (card *Card, puk string) {
	t.Helper()
	card = &Card{Path: filepath.Join(t.TempDir(), "card.json")}
	puk, err := Make(card.Path, person, "1234", algorithm, authority(t))
	if err != nil {
		t.Fatal(err)
	}
	return card, puk
}

func TestThreeWrongPINsBlockACardForGood(t *testing.T) {
	card, puk := newCard(t, "p256")
	if _, left, err := card.Unlock("0000"); !errors.Is(err, ErrPIN) || left != 2 {
		t.Fatalf("%d, %v", left, err)
	}
	if _, _, err := card.Unlock("1234"); err != nil {
		t.Fatal(err) // and the count begins anew
	}
	for want := 2; want > 0; want-- {
		// A card taken out and put in again counts on.
		if _, left, err := (&Card{Path: card.Path}).Unlock("0000"); !errors.Is(err, ErrPIN) || left != want {
			t.Fatalf("%d, %v", left, err)
		}
	}
	if _, _, err := card.Unlock("12345"); !errors.Is(err, ErrBlocked) { // no PIN at all counts too
		t.Fatal(err)
	}
	if _, _, err := card.Unlock("1234"); !errors.Is(err, ErrBlocked) {
		t.Fatalf("the right PIN opens a blocked card: %v", err)
	}
	if err := card.Unblock("00000000", "5678"); err == nil && puk != "00000000" {
		t.Fatal("any PUK unblocks")
	}
	if err := card.Unblock(puk, "567"); err == nil {
		t.Fatal("a PIN of three digits was set")
	}
	if err := card.Unblock(puk, "5678"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := card.Unlock("5678"); err != nil {
		t.Fatal(err)
	}
}

func TestGuessesAtOnceAreCountedEach(t *testing.T) {
	card, _ := newCard(t, "p256")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() { _, _, _ = card.Unlock("0000") })
	}
	all.Wait()
	if _, _, err := card.Unlock("1234"); !errors.Is(err, ErrBlocked) {
		t.Fatal(err)
	}
}

func TestACardsFileTellsNoKey(t *testing.T) {
	card, puk := newCard(t, "p256")
	data, err := os.ReadFile(card.Path)
	if err != nil {
		t.Fatal(err)
	}
	u, _, err := card.Unlock("1234")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := u.signer(0)
	if err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKCS8PrivateKey(signer)
	if bytes.Contains(data, []byte(base64.StdEncoding.EncodeToString(der)[:40])) || bytes.Contains(data, []byte(puk)) || strings.Contains(string(data), `"1234"`) {
		t.Error("the file holds a secret as it is")
	}
	info, err := os.Stat(card.Path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if _, err := Make(card.Path, person, "1234", "p256", authority(t)); err == nil {
		t.Error("a card was written over")
	}
}

// page is a page that talks to the agent.
type page struct {
	t    *testing.T
	conn *websocket.Conn
}

func connect(t *testing.T, agent *Agent, origin string) (*page, error) {
	t.Helper()
	server := httptest.NewServer(agent.Handler())
	t.Cleanup(server.Close)
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, response, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")+Path, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		if response != nil && response.StatusCode != http.StatusForbidden {
			t.Errorf("refused with %s", response.Status)
		}
		return nil, err
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &page{t, conn}, nil
}

type answer struct {
	Result   string          `json:"result"`
	Code     int64           `json:"code"`
	Error    string          `json:"error"`
	Response json.RawMessage `json:"response"`
	ID       string          `json:"id"`
}

func (p *page) call(module, function string, param map[string]any) answer {
	p.t.Helper()
	data, _ := json.Marshal(map[string]any{"TumarCSP": module, "Function": function, "Param": param})
	return p.say(string(data))
}

func (p *page) say(message string) answer {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
		p.t.Fatal(err)
	}
	_, data, err := p.conn.Read(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(data, &a); err != nil {
		p.t.Fatalf("%v: %s", err, data)
	}
	return a
}

const site = "http://esi.localhost:8080"

func TestOnlyPagesThatAreNamedMayAsk(t *testing.T) {
	card, _ := newCard(t, "p256")
	agent := &Agent{Card: card, Origins: []string{site}, Log: slog.New(slog.DiscardHandler)}
	for _, origin := range []string{"", "null", "http://evil.example", "https://esi.localhost:8080", "http://esi.localhost:8081", "http://esi.localhost:8080.evil.example"} {
		if _, err := connect(t, agent, origin); err == nil {
			t.Errorf("%q may use the card", origin)
		}
	}
	if _, err := connect(t, agent, site); err != nil {
		t.Error(err)
	}
	if _, err := listen(t.Context(), "0.0.0.0:0"); err == nil {
		t.Error("the network may try the card's PIN")
	}
	if _, err := readOrigins("http://esi.localhost:8080/path"); err == nil {
		t.Error("an address with a path was taken for an origin")
	}
}

func TestTheAgentSpeaksAsCryptoSocket(t *testing.T) {
	for _, algorithm := range []string{"p256", "rsa"} {
		t.Run(algorithm, func(t *testing.T) {
			card, _ := newCard(t, algorithm)
			p, err := connect(t, &Agent{Card: card, Origins: []string{site}, Log: slog.New(slog.DiscardHandler)}, site)
			if err != nil {
				t.Fatal(err)
			}
			if a := p.call("BaseAPI", "LoadProfileFromTokens", map[string]any{"id": "REQ_1"}); a.Result != "false" || a.Code != 10001 || a.ID != "REQ_1" {
				t.Fatalf("before SetAPIKey: %+v", a)
			}
			p.call("SYSAPI", "SetAPIKey", map[string]any{"apiKey": "k"})
			var profiles []profile
			if err := json.Unmarshal(p.call("BaseAPI", "LoadProfileFromTokens", nil).Response, &profiles); err != nil || len(profiles) != 1 {
				t.Fatalf("%v, %v", profiles, err)
			}
			where := profiles[0].Profile
			if a := p.call("BaseAPI", "LoadKeyFromProfile", map[string]any{"profile": where, "pass": "0000"}); a.Code != codeWrongPIN || string(a.Response) != `{"tries":2}` {
				t.Fatalf("wrong PIN: %+v", a)
			}
			var keys map[string]keyView
			if err := json.Unmarshal(p.call("BaseAPI", "LoadKeyFromProfile", map[string]any{"profile": where, "pass": "1234"}).Response, &keys); err != nil {
				t.Fatal(err)
			}
			if keys["certificate1"].Usage != 32 || keys["certificate2"].Usage != 64 {
				t.Fatalf("%+v", keys)
			}
			content := []byte("the challenge")
			param := map[string]any{
				"profile": where, "pass": "1234", "sn": keys["certificate1"].Serial, "data": base64.StdEncoding.EncodeToString(content), "isConvert": true,
				"detach": true, "isCert": true, "hashType": 0,
			}
			var message struct {
				PKCS7 []byte `json:"pkcs7"`
			}
			if err := json.Unmarshal(p.call("BaseAPI", "Sign", param).Response, &message); err != nil {
				t.Fatal(err)
			}
			signed, err := certificate.ReadCMS(message.PKCS7)
			if err != nil {
				t.Fatal(err)
			}
			if err := signed.Verify(certificate.Standard{}, content); err != nil {
				t.Error(err)
			}
			var raw []byte
			if err := json.Unmarshal(p.call("BaseAPI", "NativeSign", param).Response, &raw); err != nil {
				t.Fatal(err)
			}
			if err := certificate.VerifyRaw(certificate.Standard{}, signed.Certificate, content, raw); err != nil {
				t.Error(err)
			}
			for name, change := range map[string]map[string]any{"no such key": {"sn": "ff"}, "no number": {"sn": "?"}, "no base64": {"data": "?"}, "another card": {"profile": "eid://ID0"}} {
				with := map[string]any{}
				for k, v := range param {
					with[k] = v
				}
				for k, v := range change {
					with[k] = v
				}
				if a := p.call("BaseAPI", "Sign", with); a.Result != "false" {
					t.Errorf("%s: %+v", name, a)
				}
			}
			if a := p.say("garbage"); a.Result != "false" {
				t.Errorf("garbage: %+v", a)
			}
			if a := p.call("BaseAPI", "FormatDisk", nil); a.Result != "false" {
				t.Errorf("an unknown function: %+v", a)
			}
			if err := os.Remove(card.Path); err != nil {
				t.Fatal(err)
			}
			if a := p.call("BaseAPI", "LoadProfileFromTokens", nil); string(a.Response) != "[]" {
				t.Errorf("an empty reader: %+v", a)
			}
			if a := p.call("BaseAPI", "Sign", param); a.Code != codeNoCard {
				t.Errorf("signing without a card: %+v", a)
			}
		})
	}
}
