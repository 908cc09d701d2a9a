// Package exchangeapi is how systems talk to each other: through «Түндүк», an
// X-Road, and only so. It holds the addresses of the X-Road REST message
// protocol, the client a consumer calls with, and the handler with which a
// provider answers. In one process the same messages run through the same
// exchange, without a network between.
package exchangeapi

import (
	"fmt"
	"net/url"
	"strings"
)

// Subsystem is a member's information system: INSTANCE/CLASS/MEMBER/SUBSYSTEM.
type Subsystem struct {
	Instance string `json:"instance"`
	Class    string `json:"member_class"`
	Member   string `json:"member_code"`
	Code     string `json:"subsystem_code"`
}

// Instance is the name of the exchange's instance (FACTS: the real one's).
const Instance = "central-server"

// The ten systems as subsystems of the exchange. The member codes stand for the
// demo's organisations; a real installation gives its own in the configuration
// of the exchange, the subsystem codes stay.
var (
	Identity   = Subsystem{Instance, "GOV", "70000001", "esi"}
	Exchange   = Subsystem{Instance, "GOV", "70000001", "tunduk"}
	Population = Subsystem{Instance, "GOV", "70000005", "population-register"}
	Portal     = Subsystem{Instance, "GOV", "70000011", "state-services-portal"}
	Card       = Subsystem{Instance, "GOV", "70000020", "patient-card"}
	Workforce  = Subsystem{Instance, "GOV", "70000020", "nisur"}
	Insurance  = Subsystem{Instance, "GOV", "70000030", "treated-case"}
	Payment    = Subsystem{Instance, "GOV", "70000040", "state-payments"}
	Message    = Subsystem{Instance, "GOV", "70000001", "state-messages"}
	Signature  = Subsystem{Instance, "GOV", "70000060", "cloud-signature"}
)

// Systems names the subsystem of each system by the name of its package.
var Systems = map[string]Subsystem{
	"identity": Identity, "population": Population, "portal": Portal, "card": Card,
	"workforce": Workforce, "insurance": Insurance, "exchange": Exchange,
	"payment": Payment, "message": Message, "signature": Signature,
}

// NameOf is the package name of a subsystem of ours, or its code.
func NameOf(s Subsystem) string {
	for name, known := range Systems {
		if known == s {
			return name
		}
	}
	return s.Code
}

// String is INSTANCE/CLASS/MEMBER/SUBSYSTEM, each part percent-encoded by
// itself, as X-Road-Client carries it.
func (s Subsystem) String() string {
	return strings.Join([]string{
		url.PathEscape(s.Instance), url.PathEscape(s.Class), url.PathEscape(s.Member), url.PathEscape(s.Code),
	}, "/")
}

// ParseSubsystem reads what String writes.
func ParseSubsystem(text string) (Subsystem, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return Subsystem{}, fmt.Errorf("an X-Road subsystem has four parts, not %d", len(parts))
	}
	for i, part := range parts {
		decoded, err := decodePart(part)
		if err != nil {
			return Subsystem{}, err
		}
		parts[i] = decoded
	}
	return Subsystem{parts[0], parts[1], parts[2], parts[3]}, nil
}

// decodePart decodes one part of an identifier. X-Road forbids what could leave
// the part: empty parts, "..", slashes, backslashes, semicolons, colons, percent
// signs and control characters.
func decodePart(part string) (string, error) {
	decoded, err := url.PathUnescape(part)
	if err != nil {
		return "", fmt.Errorf("a part of an X-Road identifier is badly encoded")
	}
	if decoded == "" || len(decoded) > 255 || decoded == "." || decoded == ".." {
		return "", fmt.Errorf("a part of an X-Road identifier is empty or too long")
	}
	for _, r := range decoded {
		if r < 0x20 || r == 0x7f || strings.ContainsRune(`/\;:%`, r) || r == '\u200b' || r == '\ufeff' {
			return "", fmt.Errorf("a part of an X-Road identifier has a character that is not allowed")
		}
	}
	return decoded, nil
}

// Target is what a /r1/… path names: the provider, the service and the rest of
// the path, still encoded.
type Target struct {
	Provider Subsystem
	Service  string
	Rest     string // "" or "/…"
}

// ParsePath reads /r1/{instance}/{class}/{member}/{subsystem}/{service}[/rest]
// from an encoded path (url.URL.EscapedPath).
func ParsePath(escaped string) (Target, error) {
	rest, ok := strings.CutPrefix(escaped, "/r1/")
	if !ok {
		return Target{}, fmt.Errorf("the path does not start with /r1/")
	}
	parts := strings.SplitN(rest, "/", 6)
	if len(parts) < 5 {
		return Target{}, fmt.Errorf("the path must name instance, member class, member code, subsystem and service")
	}
	provider, err := ParseSubsystem(strings.Join(parts[:4], "/"))
	if err != nil {
		return Target{}, err
	}
	service, err := decodePart(parts[4])
	if err != nil {
		return Target{}, err
	}
	target := Target{Provider: provider, Service: service}
	if len(parts) == 6 {
		target.Rest = "/" + parts[5]
	}
	return target, nil
}

// Path is the /r1/… path of the target.
func (t Target) Path() string {
	return "/r1/" + t.Provider.String() + "/" + url.PathEscape(t.Service) + t.Rest
}

// Header names of the X-Road REST message protocol.
const (
	HeaderClient      = "X-Road-Client"
	HeaderID          = "X-Road-Id"
	HeaderUser        = "X-Road-UserId"
	HeaderIssue       = "X-Road-Issue"
	HeaderService     = "X-Road-Service"
	HeaderRequestID   = "X-Road-Request-Id"
	HeaderRequestHash = "X-Road-Request-Hash"
	HeaderError       = "X-Road-Error"
	// HeaderKey carries the key that a system and the exchange share. Being a
	// hop-by-hop header it never passes through the exchange.
	HeaderKey = "Proxy-Authorization"
)

// Error is the body of an X-Road error.
type Error struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Detail  string `json:"detail"`
}

// Error is for logs.
func (e *Error) Error() string { return e.Type + ": " + e.Message }
