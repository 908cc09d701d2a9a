package openid

import (
	"net/http"
	"strconv"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

// Nonces of ours in proofs of possession (RFC 9449, 8 and 9): who has stolen a
// client's proofs made ahead, or its use of the key for a moment, has nothing for
// later. A nonce is told by the clock and our secret: it is kept nowhere, and good
// in every process.
var nonceLife = setting.Time("dpop_nonce_life", 5*time.Minute, time.Minute, time.Hour, "how long a DPoP nonce is handed out; it is good as long again", "a client that asks more often has it at hand, a proof made ahead is worth little (RFC 9449, 8)")

const (
	useNonce    = goidc.ErrorCode("use_dpop_nonce")
	nonceHeader = "DPoP-Nonce"
)

var errNonce = goidc.NewError(useNonce, "take the nonce of the header DPoP-Nonce")

// nonce is the one handed out now, or so many lives ago.
func (p *Provider) nonce(ago int64) (string, error) {
	slot := time.Now().Unix()/int64(seconds(p.lives.nonce)) - ago
	return p.config.Box.Token("dpop nonce", strconv.FormatInt(slot, 10))
}

// fresh checks the nonce of the request's proof: one that is there must be good,
// and one must be there where the client is asked for it. What else is wrong with
// the proof is for the library to say.
func (p *Provider) fresh(r *http.Request, call *call, c Client) error {
	proof := r.Header.Get(goidc.HeaderDPoP)
	if proof == "" {
		return nil
	}
	claims := struct {
		Nonce *string `json:"nonce"`
	}{}
	if !unproven(proof, nil, &claims) || claims.Nonce == nil && !c.wantsNonce(p.nonces) {
		return nil
	}
	now, err := p.nonce(0)
	if err != nil {
		note(r.Context(), err)
		return errNonce
	}
	before, err := p.nonce(1)
	if err != nil {
		note(r.Context(), err)
		return errNonce
	}
	call.nonce = now
	if claims.Nonce == nil || *claims.Nonce != now && *claims.Nonce != before {
		return errNonce
	}
	if *claims.Nonce == now {
		call.nonce = "" // it has the newest
	}
	return nil
}

// Nonces says of whom a nonce is asked.
type Nonces string

// The ways: of clients that ask for it themselves, of those of the FAPI profile
// beside them, or of everybody who uses DPoP.
const (
	NoncesAsked Nonces = "asked"
	NoncesFAPI  Nonces = "fapi"
	NoncesAll   Nonces = "all"
)

func (c Client) wantsNonce(of Nonces) bool {
	return c.Nonce || of == NoncesAll || of == NoncesFAPI && c.fapi()
}
