package identity

import "github.com/sanarip/sanarip/system/identity/internal/openid"

// Registry is the register of clients, for tests.
func (s *System) Registry() *openid.Registry { return s.registry }

// Provider is the OpenID provider, for tests.
func (s *System) Provider() *openid.Provider { return s.provider }
