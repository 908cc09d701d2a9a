package openid_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/migration"
)

// readable says whether the text is a private key as it is, in any of the forms in
// which keys are written. Letters that keys begin with may come in anything sealed.
func readable(text string) bool {
	forms := [][]byte{[]byte(text)}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		forms = append(forms, block.Bytes)
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if der, err := encoding.DecodeString(text); err == nil {
			forms = append(forms, der)
		}
	}
	return slices.ContainsFunc(forms, func(der []byte) bool {
		_, pkcs8 := x509.ParsePKCS8PrivateKey(der)
		_, pkcs1 := x509.ParsePKCS1PrivateKey(der)
		_, curve := x509.ParseECPrivateKey(der)
		return pkcs8 == nil || pkcs1 == nil || curve == nil || json.Valid(der)
	})
}

func TestKeysAreRenewedWithAnOverlap(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		now := clock.NewManual(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))
		box, _ := seal.New(bytes.Repeat([]byte{1}, 32))
		// Two processes start at once: there is one first key all the same.
		processes := []*openid.Keys{{DB: d, Clock: now, Box: box}, {DB: d, Clock: now, Box: box}}
		var wait sync.WaitGroup
		for _, keys := range processes {
			wait.Go(func() {
				if err := keys.RotateAged(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		look := func(keys *openid.Keys) (signing string, published []string) {
			t.Helper()
			now.Advance(time.Minute) // past what a process remembers
			set, err := keys.JWKS(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range set.Keys {
				if key.Algorithm == "RS256" {
					published = append(published, key.KeyID)
				}
			}
			first, err := set.KeyByAlg("RS256")
			if err != nil {
				t.Fatal(err)
			}
			return first.KeyID, published
		}
		first, published := look(processes[0])
		if other, _ := look(processes[1]); other != first || len(published) != 1 {
			t.Fatalf("%s, %s, %v", first, other, published)
		}
		renew := func() {
			t.Helper()
			for _, keys := range processes {
				if err := keys.RotateAged(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		now.Advance(89 * 24 * time.Hour)
		renew()
		if _, published := look(processes[0]); len(published) != 1 {
			t.Fatal("renewed too early")
		}
		now.Advance(24 * time.Hour)
		renew()
		for _, keys := range processes { // published, but not in use
			if signing, published := look(keys); signing != first || len(published) != 2 {
				t.Fatalf("%s, %v", signing, published)
			}
		}
		now.Advance(24 * time.Hour)
		second, published := look(processes[1])
		if second == first || len(published) != 2 { // in use, and the old one still known
			t.Fatalf("%s, %v", second, published)
		}
		now.Advance(24 * time.Hour)
		if signing, published := look(processes[0]); signing != second || len(published) != 1 {
			t.Fatalf("%s, %v", signing, published)
		}
		if err := processes[0].Rotate(ctx); err != nil { // at once, by hand
			t.Fatal(err)
		}
		if signing, published := look(processes[0]); signing != second || len(published) != 2 {
			t.Fatalf("%s, %v", signing, published)
		}
		// What lies in the database signs nothing without the secret.
		var private string
		if err := d.Read.QueryRowContext(ctx, `SELECT private FROM signing_key LIMIT 1`).Scan(&private); err != nil || readable(private) {
			t.Fatal(err, private)
		}
		wrong, _ := seal.New(bytes.Repeat([]byte{2}, 32))
		if _, err := (&openid.Keys{DB: d, Clock: now, Box: wrong}).JWKS(ctx); err == nil {
			t.Fatal("opened with another secret")
		}
	})
}
