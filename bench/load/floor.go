package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/db"
)

// floor is the least that a durable sign-in by a code can cost: a bare handler
// that checks nothing, answers with the same lengths, seals the code and opens it
// again, makes the same two ES256 signatures and the same writes in the same one
// transaction (decision 0023), with the same engine and the same sharing of
// commits.
func floor(address, directory string) error {
	d, err := db.Open(context.Background(), "sqlite:"+directory, "floor", db.Options{})
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	block, err := aes.NewCipher(make([]byte, 32)) // nobody's secret
	if err != nil {
		return err
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	f := bare{db: d, key: key, box: box}
	err = d.Tx(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{
			`CREATE TABLE entered (sid TEXT, client TEXT, at BIGINT, PRIMARY KEY (sid, client))`,
			`CREATE TABLE record (id TEXT PRIMARY KEY, at BIGINT, what TEXT)`,
			`CREATE TABLE granted (id TEXT PRIMARY KEY, code TEXT UNIQUE, used BIGINT, data TEXT)`,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, d.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", f.authorize)
	mux.HandleFunc("POST /token", f.token)
	server := &http.Server{Addr: address, ReadHeaderTimeout: time.Minute, Handler: mux}
	return errors.Join(server.ListenAndServe(), d.Close())
}

type bare struct {
	db  *db.DB
	key *ecdsa.PrivateKey
	box cipher.AEAD
}

// What ЕСИ writes and answers, in bytes.
const (
	recordBytes = 200
	codeBytes   = 300
	grantBytes  = 700
	claimBytes  = 380
	sealedBytes = 456 // of a code, as it stands in an address
)

func (f bare) authorize(w http.ResponseWriter, _ *http.Request) {
	sealed := f.box.Seal(nil, make([]byte, f.box.NonceSize()), []byte(rand.Text()+strings.Repeat("g", codeBytes)), nil)
	w.Header().Set("Location", callback+"?"+url.Values{"code": {base64.RawURLEncoding.EncodeToString(sealed)}}.Encode())
	w.WriteHeader(http.StatusSeeOther)
}

func (f bare) token(w http.ResponseWriter, r *http.Request) {
	code := r.PostFormValue("code")
	sealed, err := base64.RawURLEncoding.DecodeString(code)
	if err != nil {
		http.Error(w, "failed", http.StatusBadRequest)
		return
	}
	grant, err := f.box.Open(nil, make([]byte, f.box.NonceSize()), sealed, nil)
	if err != nil {
		http.Error(w, "failed", http.StatusBadRequest)
		return
	}
	access, err := f.sign()
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	identity, err := f.sign()
	if err == nil {
		err = f.db.Tx(r.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO granted (id, code, used, data) VALUES ($1, $2, 1, $3)`, string(grant[:26]), hash(code), strings.Repeat("g", grantBytes))
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO entered (sid, client, at) VALUES ($1, $2, $3) ON CONFLICT (sid, client) DO UPDATE SET at = excluded.at`,
				"session", "client", time.Now().UnixMicro())
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO record (id, at, what) VALUES ($1, $2, $3)`, rand.Text(), time.Now().UnixMicro(), strings.Repeat("r", recordBytes))
			return err
		})
	}
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	body := fmt.Sprintf(`{"access_token":%q,"id_token":%q,"token_type":"Bearer"}`, access, identity)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write([]byte(body)) // a reader that left is no error of ours
}

func (f bare) sign() (string, error) {
	said := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("c", claimBytes)))
	digest := sha256.Sum256([]byte(said))
	r, s, err := ecdsa.Sign(rand.Reader, f.key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return said + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func hash(code string) string {
	sum := sha256.Sum256([]byte(code))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// least is the same two requests as of a sign-in by a code, at the bare server.
func (s settings) least(l *line) (act, error) {
	asks, err := sequenceOf("http://"+s.floor+"/authorize", "http://"+s.floor+"/token", "session="+verifier, es256)
	return act{name: "floor: a bare server with the same signatures and writes, ES256", do: func(ctx context.Context) (int, error) {
		_, n, err := s.flow(ctx, l, asks)
		return n, err
	}}, err
}
