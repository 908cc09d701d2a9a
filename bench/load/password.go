package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"

	"github.com/sanarip/sanarip/demo"
)

// The setting of a password's hash: system/identity/internal/account.
const (
	hashPasses = 2
	hashMemory = 19456 // KiB
	hashLength = 32
)

// hashes serves at /argon2id the least that a sign-in by password can cost: one
// hash with ЕСИ's setting, as many at once as there are processors.
func hashes(mux *http.ServeMux) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	slots := make(chan struct{}, runtime.NumCPU())
	mux.HandleFunc("POST /argon2id", func(w http.ResponseWriter, r *http.Request) {
		slots <- struct{}{}
		defer func() { <-slots }()
		key := argon2.IDKey([]byte(r.PostFormValue("password")), salt, hashPasses, hashMemory, 1, hashLength)
		_, _ = fmt.Fprintf(w, "%x\n", key) // a reader that left is no error of ours
	})
}

// password is the first step of a sign-in: the form goes out, the password is
// right, and the second factor is asked for. Its reference is the bare hash.
func (s settings) password(l *line) act {
	var people []demo.Person
	for _, p := range demo.People() {
		if p.Account && p.TOTP != "" { // others would be sent a code each time
			people = append(people, p)
		}
	}
	var next atomic.Int64
	bare := act{name: "argon2id", do: func(ctx context.Context) (int, error) {
		got, err := l.ask(ctx, request{http.MethodPost, "http://" + s.hello + "/argon2id", nil, url.Values{"password": {demo.Password}}})
		if err == nil && got.status != http.StatusOK {
			err = fmt.Errorf("answered %d", got.status)
		}
		return 1, err
	}}
	return act{name: "password, right, to the second factor", goal: "0.85", pid: s.pid, bare: &bare, do: func(ctx context.Context) (int, error) {
		p := people[int(next.Add(1))%len(people)]
		form := url.Values{"pin": {p.PIN}, "password": {demo.Password}}
		got, err := l.ask(ctx, request{http.MethodPost, s.base + "/sign-in", nil, form})
		switch {
		case err != nil:
		case got.status != http.StatusSeeOther:
			err = fmt.Errorf("answered %d", got.status)
		case !strings.HasPrefix(got.location, "/sign-in/"):
			err = errors.New("no second factor is asked for: " + got.location)
		}
		return 1, err
	}}
}
