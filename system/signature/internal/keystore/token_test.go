//go:build pkcs11

package keystore_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"sync"
	"testing"

	"github.com/ThalesGroup/crypto11"

	"github.com/sanarip/sanarip/system/signature/internal/keystore"
	"github.com/sanarip/sanarip/system/signature/internal/keystore/softhsm"
)

func TestToken(t *testing.T) {
	settings := keystore.Settings(softhsm.Settings(t))
	secret := bytes.Repeat([]byte{7}, 32)
	store, err := keystore.Open(settings, secret)
	if err != nil {
		t.Fatal(err)
	}
	handles := map[string]crypto.PublicKey{}
	for _, algorithm := range []keystore.Algorithm{keystore.P256, keystore.RSA2048} {
		handle, public, err := store.Make(algorithm)
		if err != nil {
			t.Fatal(err)
		}
		handles[handle] = public
	}
	software, err := keystore.NewSoftware(secret)
	if err != nil {
		t.Fatal(err)
	}
	old, public, err := software.Make(keystore.P256)
	if err != nil {
		t.Fatal(err)
	}
	handles[old] = public // made before the installation had a module
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if store, err = keystore.Open(settings, secret); err != nil { // as after a restart
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	sum := sha256.Sum256([]byte("x"))
	for handle, public := range handles {
		key, err := store.Open(handle)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
				if err != nil {
					t.Error(err)
					return
				}
				switch public := public.(type) {
				case *ecdsa.PublicKey:
					if !ecdsa.VerifyASN1(public, sum[:], signature) {
						t.Error("an ECDSA signature that does not fit")
					}
				case *rsa.PublicKey:
					if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
	}
	t.Run("keys stay in the module", func(t *testing.T) {
		context, err := crypto11.Configure(&crypto11.Config{Path: settings["pkcs11_module"], TokenLabel: settings["pkcs11_token"], Pin: settings["pkcs11_pin"]})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = context.Close() }()
		all, err := context.FindAllKeyPairs()
		if err != nil || len(all) != 2 {
			t.Fatalf("%d keys in the module, %v", len(all), err)
		}
		for _, key := range all {
			for attribute, want := range map[crypto11.AttributeType]byte{crypto11.CkaExtractable: 0, crypto11.CkaSensitive: 1} {
				got, err := context.GetAttribute(key, attribute)
				if err != nil || len(got.Value) != 1 || got.Value[0] != want {
					t.Errorf("attribute %v is %v, %v", attribute, got, err)
				}
			}
		}
	})
	for handle := range handles {
		if err := store.Forget(handle); err != nil {
			t.Error(err)
		}
		if _, err := store.Open(handle); err == nil && handle != old {
			t.Error("a forgotten key signs")
		}
	}
	if _, err := store.Open("pkcs11:00"); err == nil {
		t.Error("a key that was never made signs")
	}
	wrong := keystore.Settings{"keystore": "pkcs11", "pkcs11_module": settings["pkcs11_module"], "pkcs11_token": "another", "pkcs11_pin": "1"}
	if _, err := keystore.Open(wrong, secret); err == nil {
		t.Error("a token that is not there opens")
	}
}
