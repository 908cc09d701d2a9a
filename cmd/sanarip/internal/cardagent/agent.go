package cardagent

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/smallstep/pkcs7"
)

// Path is where pages reach the agent.
const Path = "/tumarcsp/"

// Limits of a connection.
const (
	maxMessage = 256 << 10 // bytes
	idle       = 10 * time.Minute
	maxOpen    = 16 // connections at a time
)

// Codes of replies. 10001 is TumarCSP's own; the others are those of Windows'
// smart cards (winerror.h), which its driver hands on.
const (
	codeNotReady = 10001
	codeBad      = 10002
	codeNoCard   = 0x8010000C // SCARD_E_NO_SMARTCARD
	codeWrongPIN = 0x8010006B // SCARD_W_WRONG_CHV
	codeBlocked  = 0x8010006C // SCARD_W_CHV_BLOCKED
)

// Agent answers pages.
type Agent struct {
	Card    *Card
	Origins []string // of the pages that may ask: scheme://host[:port]
	Log     *slog.Logger

	open chan struct{}
}

// Handler serves the agent.
func (a *Agent) Handler() http.Handler {
	a.open = make(chan struct{}, maxOpen)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, a.serve)
	return mux
}

// serve talks to one page. A page of another origin gets nothing: whoever asks
// could use up the card's tries.
func (a *Agent) serve(w http.ResponseWriter, r *http.Request) {
	if !slices.Contains(a.Origins, r.Header.Get("Origin")) {
		a.Log.Warn("refused a page", "origin", r.Header.Get("Origin"))
		http.Error(w, "this page may not use the card", http.StatusForbidden)
		return
	}
	select {
	case a.open <- struct{}{}:
		defer func() { <-a.open }()
	default:
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the origin was checked above, port and all
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxMessage)
	s := &talk{agent: a}
	for {
		if err := s.turn(r.Context(), conn); err != nil {
			return
		}
	}
}

// talk is one page's connection.
type talk struct {
	agent *Agent
	ready bool // SetAPIKey was called
}

type request struct {
	Module   string `json:"TumarCSP"`
	Function string `json:"Function"`
	Param    param  `json:"Param"`
}

type param struct {
	ID      string `json:"id"`
	Key     string `json:"apiKey"`
	Profile string `json:"profile"`
	PIN     string `json:"pass"`
	Serial  string `json:"sn"`
	Data    string `json:"data"`
	Convert bool   `json:"isConvert"`
	Hash    int    `json:"hashType"`
	Detach  bool   `json:"detach"`
	Chain   bool   `json:"isCert"`
}

type reply struct {
	Result   string `json:"result"` // "true" or "false"
	Code     int64  `json:"code"`
	Error    string `json:"error"`
	Response any    `json:"response"`
	ID       string `json:"id,omitempty"`
}

// problem is a reply that says no.
type problem struct {
	code int64
	text string
	left int // tries of the PIN, -1 where they do not matter
}

func (p *problem) Error() string { return p.text }

func (s *talk) turn(ctx context.Context, conn *websocket.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, idle)
	defer cancel()
	kind, data, err := conn.Read(ctx)
	if err != nil {
		return err
	}
	if kind != websocket.MessageText {
		return conn.Close(websocket.StatusUnsupportedData, "text only")
	}
	var in request
	out := reply{Result: "true"}
	if err := json.Unmarshal(data, &in); err != nil {
		out = reply{Result: "false", Code: codeBad, Error: "not a request"}
	} else {
		out.ID = in.Param.ID
		out.Response, err = s.answer(in)
		if err != nil {
			out.Result, out.Code, out.Error, out.Response = "false", codeBad, err.Error(), nil
			if p, ok := errors.AsType[*problem](err); ok {
				out.Code = p.code
				if p.left >= 0 {
					out.Response = map[string]int{"tries": p.left}
				}
			}
		}
		s.agent.Log.Info("asked", "function", in.Module+"."+in.Function, "result", out.Result, "code", out.Code)
	}
	data, err = json.Marshal(out)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, data)
}

func (s *talk) answer(in request) (any, error) {
	name := in.Module + "." + in.Function
	if name == "SYSAPI.SetAPIKey" {
		s.ready = true
		return "", nil
	}
	if !s.ready {
		return nil, &problem{codeNotReady, "not initialised", -1}
	}
	switch name {
	case "BaseAPI.LoadProfileFromTokens":
		return s.profiles()
	case "BaseAPI.LoadKeyFromProfile":
		return s.keys(in.Param)
	case "BaseAPI.NativeSign":
		return s.nativeSign(in.Param)
	case "BaseAPI.Sign":
		return s.sign(in.Param)
	}
	return nil, &problem{codeBad, "unknown function " + name, -1}
}

type profile struct {
	Profile string `json:"profile"`
	Reader  string `json:"reader"`
}

const reader = "Sanarip software reader 0"

// profiles are the cards in the readers: none or one.
func (s *talk) profiles() (any, error) {
	number, err := s.agent.Card.Number()
	if errors.Is(err, ErrNoCard) {
		return []profile{}, nil
	}
	if err != nil {
		return nil, err
	}
	return []profile{{"eid://" + number, reader}}, nil
}

// unlock opens the card that the profile names.
func (s *talk) unlock(p param) (*Unlocked, error) {
	number, err := s.agent.Card.Number()
	if err == nil && p.Profile != "eid://"+number {
		err = ErrNoCard
	}
	var u *Unlocked
	left := -1
	if err == nil {
		u, left, err = s.agent.Card.Unlock(p.PIN)
	}
	switch {
	case errors.Is(err, ErrNoCard):
		return nil, &problem{codeNoCard, err.Error(), -1}
	case errors.Is(err, ErrPIN):
		return nil, &problem{codeWrongPIN, err.Error(), left}
	case errors.Is(err, ErrBlocked):
		return nil, &problem{codeBlocked, err.Error(), 0}
	}
	return u, err
}

type keyView struct {
	Serial      string `json:"serialNumber"`
	Subject     string `json:"subjectDN"`
	Certificate string `json:"certificateBlob"` // base64 of DER
	Usage       int    `json:"usage"`           // 32 authentication, 64 signature
}

func (s *talk) keys(p param) (any, error) {
	u, err := s.unlock(p)
	if err != nil {
		return nil, err
	}
	certificates, err := u.Certificates()
	if err != nil {
		return nil, err
	}
	out := map[string]keyView{}
	for i, c := range certificates {
		out["certificate"+string(rune('1'+i))] = keyView{
			Serial: c.SerialNumber.Text(16), Subject: c.Subject.String(), Certificate: base64.StdEncoding.EncodeToString(c.Raw), Usage: u.usage(i),
		}
	}
	return out, nil
}

// pick is the key with the serial number and what is to be signed.
func (s *talk) pick(p param) (u *Unlocked, i int, data []byte, err error) {
	serial, ok := new(big.Int).SetString(strings.TrimSpace(p.Serial), 16)
	if !ok {
		return nil, 0, nil, &problem{codeBad, "sn is no serial number", -1}
	}
	data = []byte(p.Data)
	if p.Convert {
		if data, err = base64.StdEncoding.DecodeString(p.Data); err != nil {
			return nil, 0, nil, &problem{codeBad, "data is not base64", -1}
		}
	}
	if u, err = s.unlock(p); err != nil {
		return nil, 0, nil, err
	}
	certificates, err := u.Certificates()
	if err != nil {
		return nil, 0, nil, err
	}
	for i, c := range certificates {
		if c.SerialNumber.Cmp(serial) == 0 {
			return u, i, data, nil
		}
	}
	return nil, 0, nil, &problem{codeBad, "no such key", -1}
}

// nativeSign is a bare signature over the data, in base64: hashType 0 is the
// hash that goes with the key.
func (s *talk) nativeSign(p param) (any, error) {
	if p.Hash != 0 {
		return nil, &problem{codeBad, "unknown hashType", -1}
	}
	u, i, data, err := s.pick(p)
	if err != nil {
		return nil, err
	}
	signer, err := u.signer(i)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	signature, err := signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	return base64.StdEncoding.EncodeToString(signature), err
}

// sign is a CMS message in base64; isCert adds the authority's certificate.
func (s *talk) sign(p param) (any, error) {
	u, i, data, err := s.pick(p)
	if err != nil {
		return nil, err
	}
	signer, err := u.signer(i)
	if err != nil {
		return nil, err
	}
	certificates, err := u.Certificates()
	if err != nil {
		return nil, err
	}
	message, err := pkcs7.NewSignedData(data)
	if err != nil {
		return nil, err
	}
	message.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := message.AddSigner(certificates[i], signer, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, err
	}
	if p.Chain {
		if err := u.addIssuing(message); err != nil {
			return nil, err
		}
	}
	if p.Detach {
		message.Detach()
	}
	der, err := message.Finish()
	return map[string]string{"pkcs7": base64.StdEncoding.EncodeToString(der)}, err
}
