package openid

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/sanarip/sanarip/system/identity/internal/pace"
)

// call is one request to the provider, as far as the stores and the answer
// need to know it: the library hands them a context alone.
type call struct {
	endpoint  string     // "token"
	client    string     // which client the request names; not proven
	asking    string     // who proves itself by a secret,
	secret    string     // and the secret, not compared yet
	presented string     // refresh token that is being used
	keep      bool       // the client's refresh tokens do not rotate
	repeated  bool       // the same answer is given again
	values    url.Values // parameters of the request
	trial     bool       // the client is not open to who asks: see onTrial
	subject   string     // whom the client means by an ID token
	wrong     string     // with a parameter
	enter     enter      // what is written with the code
	caller    pace.Key   // who asks, of a machine's request
	hurried   bool       // it was refused unseen: see pacing
	origin    string     // of the client's page, which may read the answer
	patient   string     // whose record a SMART app opens
	nonce     string     // for the next proof; "" when there is nothing new
	gone      bool       // the session ended this very moment
	trouble   error      // of a function that can return none: the answer becomes an error
	refused   error      // why the library refuses
}

type enter func(ctx context.Context, tx *sql.Tx) error

type callKey struct{}

func with(ctx context.Context, c *call) context.Context { return context.WithValue(ctx, callKey{}, c) }

// callOf is the call of the context; an empty one outside.
func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{}
}

// note keeps an error of a function that can return none.
func note(ctx context.Context, err error) { callOf(ctx).trouble = err }

// refusal is why a request was refused, for its client's engineers: the code of
// the protocol and words without what was sent.
func refusal(err error) (code, description string) {
	e, ok := errors.AsType[goidc.Error](err)
	switch {
	case !ok && errors.Is(err, goidc.ErrNotFound):
		return string(goidc.ErrorCodeInvalidClient), ""
	case !ok:
		return "server_error", ""
	}
	code, description = string(e.Code), e.Description
	if dpopTrouble(err) {
		code = string(invalidProof)
	}
	if said := caused(err); said != "" {
		return code, said
	}
	for inner := errors.Unwrap(e); inner != nil; inner = errors.Unwrap(inner) {
		if said := inner.Error(); tellable(said) {
			description = said // the innermost says most
		}
	}
	return code, description
}

// tellable says that the words are the library's own and carry nothing secret
// or personal that came with the request: no long word, no long number, no sign
// of an address or of another script.
func tellable(said string) bool {
	digits := 0
	for _, r := range said {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(" _-',./:()*", r):
		default:
			return false
		}
	}
	return digits <= 4 && len(said) <= 200 && !slices.ContainsFunc(strings.Fields(said), func(word string) bool { return len(word) > 30 })
}

func dpopTrouble(err error) bool { return err != nil && strings.Contains(err.Error(), "DPoP proof") }
