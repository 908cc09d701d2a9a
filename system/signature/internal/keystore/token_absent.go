//go:build !pkcs11

package keystore

import "errors"

// openToken of a program built without the tag: the usual one, which needs no C.
func openToken(Settings) (Store, error) {
	return nil, errors.New("keystore = pkcs11 needs a program built with -tags pkcs11 (docs/operate.md)")
}
