package message

import (
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
)

// dropped never pass: hop-by-hop headers (RFC 9110, 7.6.1), and those that
// X-Road keeps to itself. Content-Length is of the connection, not the message.
var dropped = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true, "Proxy-Connection": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Expect": true,
	"Host": true, "User-Agent": true, "Server": true, "Content-Length": true,
}

// passed copies the headers that go on: without the dropped ones, those that
// Connection names, and the exchange's own, which are set anew.
func passed(h http.Header, own ...string) http.Header {
	out := http.Header{}
	named := map[string]bool{}
	for _, line := range h.Values("Connection") {
		for name := range strings.SplitSeq(line, ",") {
			named[textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name))] = true
		}
	}
	for name, values := range h {
		if dropped[name] || named[name] || slices.Contains(own, name) {
			continue
		}
		out[name] = slices.Clone(values)
	}
	return out
}

// setByExchange are the headers of a request, and of an answer, that only the
// exchange may set.
var (
	setOnRequest = []string{exchangeapi.HeaderRequestID, exchangeapi.HeaderRequestHash, exchangeapi.HeaderError, exchangeapi.HeaderService}
	setOnAnswer  = []string{
		exchangeapi.HeaderService, exchangeapi.HeaderRequestID, exchangeapi.HeaderRequestHash, exchangeapi.HeaderError,
		exchangeapi.HeaderID, exchangeapi.HeaderClient,
	}
)

// Hash is X-Road-Request-Hash: base64(SHA-512(SHA-512(headers) + SHA-512(body))),
// and without a body base64(SHA-512(headers)). "headers" is the verb and the
// path with its query, each ended by CRLF, then name:value lines ended by CRLF.
// Headers come sorted by name, since Go does not keep the order of the wire;
// the lines are those that the provider is given.
func Hash(method, pathAndQuery string, headers http.Header, body []byte) string {
	return hash(method+"\r\n"+pathAndQuery+"\r\n", headers, body)
}

// answerHash is the same over an answer, which begins with its status.
func answerHash(status string, headers http.Header, body []byte) string {
	return hash(status+"\r\n", headers, body)
}

func hash(first string, headers http.Header, body []byte) string {
	var b strings.Builder
	b.WriteString(first)
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range headers[name] {
			b.WriteString(name + ":" + value + "\r\n")
		}
	}
	sum := sha512.Sum512([]byte(b.String()))
	if len(body) > 0 {
		ofBody := sha512.Sum512(body)
		sum = sha512.Sum512(append(sum[:], ofBody[:]...))
	}
	return base64.StdEncoding.EncodeToString(sum[:])
}

// fullyDecoded decodes until nothing changes: %252e%252e is .. to a server that
// decodes twice.
func fullyDecoded(segment string) (string, bool) {
	for range 4 {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			return "", false
		}
		if decoded == segment {
			return decoded, true
		}
		segment = decoded
	}
	return "", false
}

// given is a short header of the client as the log keeps it.
func given(r *http.Request, name string) (string, bool) {
	value := r.Header.Get(name)
	if len(value) > 255 || strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return "", false
	}
	return value, true
}
