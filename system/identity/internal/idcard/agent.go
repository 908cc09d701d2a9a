package idcard

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/sanarip/sanarip/kit/certificate"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// The agent's address: CryptoSocket's own, and of the demo `sanarip card-agent`.
const (
	usualAgent = "wss://127.0.0.1:6127/tumarcsp/"
	demoAgent  = "ws://127.0.0.1:6127/tumarcsp/"
)

// Agent is where pages reach the signing agent.
type Agent struct {
	Addresses []string // tried in this order
	Key       string   // the agent's API key of the site; public, "" for none
}

// ReadAgent reads the setting: addresses, comma-separated; empty is the usual one.
func ReadAgent(setting, key string, demo bool) (Agent, error) {
	if setting == "" {
		setting = usualAgent
		if demo {
			setting = demoAgent + "," + usualAgent
		}
	}
	a := Agent{Key: key}
	for each := range strings.SplitSeq(setting, ",") {
		u, err := url.Parse(strings.TrimSpace(each))
		if err != nil || (u.Scheme != "ws" && u.Scheme != "wss") || u.Host == "" || strings.ContainsAny(u.Host, "; ") {
			return Agent{}, fmt.Errorf("card_agent: an address is wss://127.0.0.1:6127/tumarcsp/, not %q", each)
		}
		a.Addresses = append(a.Addresses, u.String())
	}
	return a, nil
}

// origins are the addresses as a Content-Security-Policy names them.
func (a Agent) origins() []string {
	all := make([]string, 0, len(a.Addresses))
	for _, each := range a.Addresses {
		if u, err := url.Parse(each); err == nil {
			all = append(all, u.Scheme+"://"+u.Host)
		}
	}
	return all
}

// ReadRoots reads the trusted roots from a PEM file; none without a name.
func ReadRoots(name string) ([]*x509.Certificate, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	var roots []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := certificate.Read(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		roots = append(roots, c)
	}
	if len(roots) == 0 {
		return nil, errors.New("ca_file: no certificate (PEM) in it")
	}
	return roots, nil
}

// Source asks the signature service through the exchange.
type Source struct{ Authority signatureapi.Authority }

var _ certificate.Source = Source{}

// Chain implements certificate.Source.
func (s Source) Chain(ctx context.Context) (root []byte, issuing, lists [][]byte, err error) {
	c, err := s.Authority.Chain(ctx)
	return c.Root, c.Issuing, c.Lists, err
}

// OCSP implements certificate.Source.
func (s Source) OCSP(ctx context.Context, request []byte) ([]byte, error) {
	answer, err := s.Authority.OCSP(ctx, signatureapi.OCSP{DER: request})
	return answer.DER, err
}
