package main

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sanarip/sanarip/kit/config"
	"github.com/sanarip/sanarip/kit/id"
)

const leastSecret = 32 // characters

// secrets gives each system its keys: those configured one by one, else those
// derived from the master secret (HKDF, SHA-256, one label a purpose and system).
type secrets struct {
	values *config.Values
	master string
}

// newSecrets reads the master secret. It makes one only if a system that runs
// here would be without a key otherwise.
func newSecrets(v *config.Values, running []part) (*secrets, error) {
	s := &secrets{values: v, master: v.Text("secret")}
	if s.master != "" {
		if len(s.master) < leastSecret {
			return nil, fmt.Errorf("secret must have at least %d characters", leastSecret)
		}
		return s, nil
	}
	path := filepath.Join(v.Text("data"), "secret")
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the folder
	if err == nil {
		if s.master = strings.TrimSpace(string(data)); len(s.master) < leastSecret {
			return nil, fmt.Errorf("%s holds no secret of at least %d characters", path, leastSecret)
		}
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if s.complete(running) {
		return s, nil
	}
	s.master, err = makeSecret(path)
	return s, err
}

// makeSecret writes a new secret. Of several processes that start at once in
// one folder one makes it, and the others read it.
func makeSecret(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), "secret-*") // 0600
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	if _, err := draft.WriteString(id.Secret() + "\n"); err != nil {
		return "", err
	}
	if err := errors.Join(draft.Sync(), draft.Close()); err != nil {
		return "", err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	data, err := os.ReadFile(path) //nolint:gosec // as above
	return strings.TrimSpace(string(data)), err
}

// complete says that everything the running systems need is configured by hand.
func (s *secrets) complete(running []part) bool {
	given := func(prefix, system string) bool { return s.values.Given(prefix + "_" + system) }
	for _, p := range running {
		if !given("exchange_key", p.name) || !given("client_secret", p.name) || !given("seal", p.name) {
			return false
		}
		for _, other := range systems {
			if p.name == "exchange" && !given("exchange_key", other.name) || p.name == "identity" && !given("client_secret", other.name) {
				return false
			}
		}
	}
	return true
}

func (s *secrets) derive(purpose, system string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(s.master), nil, "sanarip "+purpose+" "+system, 32)
	if err != nil {
		panic(err) // 32 bytes are within what HKDF gives
	}
	return key
}

func (s *secrets) text(key, purpose, system string) string {
	if isSystem(system) { // ЕСИ has clients besides: they have no key in the configuration
		if given := s.values.Text(key + "_" + system); given != "" {
			return given
		}
	}
	if s.master == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(s.derive(purpose, system))
}

// ExchangeKey is what the system and the exchange share.
func (s *secrets) ExchangeKey(system string) string {
	return s.text("exchange_key", "exchange key", system)
}

// ClientSecret is the system's secret as a client of ЕСИ.
func (s *secrets) ClientSecret(system string) string {
	return s.text("client_secret", "client secret", system)
}

// Seal is 32 bytes with which the system seals what it stores.
func (s *secrets) Seal(system string) ([]byte, error) {
	given := s.values.Text("seal_" + system)
	if given == "" {
		return s.derive("seal", system), nil
	}
	if len(given) < leastSecret {
		return nil, fmt.Errorf("seal_%s must have at least %d characters", system, leastSecret)
	}
	return hkdf.Key(sha256.New, []byte(given), nil, "sanarip seal "+system, 32)
}
