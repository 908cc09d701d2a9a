package design

import (
	"crypto/sha256"
	"encoding/hex"
)

// draftOf is the mark by which a browser tells one person's drafts from another's
// (src/js/draft.js). It is too short to find the ПИН by, of which many have it.
func draftOf(pin string) string {
	sum := sha256.Sum256([]byte("draft of " + pin))
	return hex.EncodeToString(sum[:4])
}
