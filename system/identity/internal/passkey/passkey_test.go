package passkey_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/othertest"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/passkey"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/migration"
)

const origin, rpID = "https://esi.example.kg", "esi.example.kg"

var here = notice.Place{Agent: "Firefox · Linux", Address: "192.0.2.1"}

// device is an authenticator of our own: what a test wants it to say, it says.
type device struct {
	key      *ecdsa.PrivateKey
	id       []byte
	handle   []byte
	count    uint32
	origin   string
	rpID     string
	flags    byte // user present 1, verified 4, attested 64
	kind     string
	crossing bool
}

func newDevice() *device {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	id := make([]byte, 32)
	_, _ = rand.Read(id)
	return &device{key: key, id: id, origin: origin, rpID: rpID, flags: 1 | 4}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (d *device) client(kind, challenge string) []byte {
	if d.kind != "" {
		kind = d.kind
	}
	data, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": d.crossing})
	return data
}

func (d *device) authData(flags byte, more []byte) []byte {
	hash := sha256.Sum256([]byte(d.rpID))
	data := append(hash[:], flags)
	data = binary.BigEndian.AppendUint32(data, d.count)
	return append(data, more...)
}

// creates answers the question of a new key.
func (d *device) creates(t *testing.T, q passkey.Question) string {
	t.Helper()
	options, ok := q.Options.(protocol.PublicKeyCredentialCreationOptions)
	if !ok {
		t.Fatalf("%T", q.Options)
	}
	if options.AuthenticatorSelection.UserVerification != protocol.VerificationRequired || options.AuthenticatorSelection.ResidentKey != protocol.ResidentKeyRequirementRequired ||
		options.Attestation != protocol.PreferNoAttestation || options.RelyingParty.ID != rpID {
		t.Fatalf("%+v", options)
	}
	d.handle = options.User.ID.(protocol.URLEncodedBase64)
	public, err := webauthncbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: d.key.X.FillBytes(make([]byte, 32)), -3: d.key.Y.FillBytes(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	more := make([]byte, 16) // no AAGUID
	more = binary.BigEndian.AppendUint16(more, uint16(len(d.id)))
	more = append(append(more, d.id...), public...)
	object, err := webauthncbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.authData(d.flags|64, more)})
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := json.Marshal(map[string]any{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(d.client("webauthn.create", options.Challenge.String())), "attestationObject": b64(object), "transports": []string{"internal"}},
	})
	return string(answer)
}

// answers answers the question of a sign-in.
func (d *device) answers(t *testing.T, q passkey.Question) string {
	t.Helper()
	options, ok := q.Options.(protocol.PublicKeyCredentialRequestOptions)
	if !ok {
		t.Fatalf("%T", q.Options)
	}
	client, auth := d.client("webauthn.get", options.Challenge.String()), d.authData(d.flags, nil)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(slices.Clone(auth), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := json.Marshal(map[string]any{
		"id": b64(d.id), "rawId": b64(d.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": b64(client), "authenticatorData": b64(auth), "signature": b64(signature), "userHandle": b64(d.handle)},
	})
	return string(answer)
}

type world struct {
	t        *testing.T
	db       *db.DB
	clock    *clock.Manual
	accounts *account.Accounts
	notices  *notice.Notices
	keys     *passkey.Keys
	spared   int
}

func each(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		box, err := seal.New(bytes.Repeat([]byte{1}, 32))
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, db: d, clock: clock.NewManual(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))}
		w.accounts = account.NewAccounts(d, w.clock, box)
		w.notices = &notice.Notices{DB: d, Clock: w.clock, Queue: job.New(d, w.clock, nil, job.Config{}), Box: box, Texts: text.MustLoad(design.Texts), Accounts: w.accounts}
		w.notices.Register()
		way := &door.Door{DB: d, Clock: w.clock, Accounts: w.accounts, Notices: w.notices, Record: func(context.Context, string, string, string, string) error { return nil }}
		w.keys = &passkey.Keys{
			DB: d, Clock: w.clock, Box: box, Accounts: w.accounts, Notices: w.notices, Door: way,
			Spare: func(context.Context, *sql.Tx, account.Account) error { w.spared++; return nil },
		}
		if err := w.keys.Open(origin); err != nil {
			t.Fatal(err)
		}
		for _, p := range []demo.Person{demo.Head, demo.Doctor} {
			if _, err := w.accounts.Create(context.Background(), account.New{PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Phone: p.Phone, Email: p.Email, Lang: text.RU, Password: demo.Password, TOTP: p.TOTP}); err != nil {
				t.Fatal(err)
			}
		}
		run(t, w)
	})
}

func (w *world) account(p demo.Person) account.Account {
	w.t.Helper()
	a, found, err := w.accounts.ByPIN(context.Background(), p.PIN)
	if err != nil || !found {
		w.t.Fatal(found, err)
	}
	return a
}

// made is a device whose key is the person's.
func (w *world) made(p demo.Person) *device {
	w.t.Helper()
	d := newDevice()
	q, err := w.keys.AskNew(context.Background(), w.account(p), "session")
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.keys.Add(context.Background(), w.account(p), "session", q.Ticket, d.creates(w.t, q), "Ноутбук", here); err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) ask() passkey.Question {
	w.t.Helper()
	q, err := w.keys.AskEnter("browser")
	if err != nil {
		w.t.Fatal(err)
	}
	return q
}

// enter signs in with the device and gives the ПИН, or the key of the refusal.
func (w *world) enter(d *device) string {
	w.t.Helper()
	q := w.ask()
	return w.take("browser", q.Ticket, d.answers(w.t, q))
}

func (w *world) take(browser, ticket, answer string) string {
	w.t.Helper()
	a, _, err := w.keys.Enter(context.Background(), browser, ticket, answer, here)
	if err != nil {
		if fail.As(err).Kind != fail.Invalid {
			w.t.Fatal(err)
		}
		return fail.As(err).Key
	}
	return a.PIN
}

func TestAKeyAloneOpensItsAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		d := w.made(demo.Head)
		other := w.made(demo.Doctor)
		d.count = 1
		if got := w.enter(d); got != demo.Head.PIN {
			t.Fatal(got)
		}
		if got := w.enter(other); got != demo.Doctor.PIN {
			t.Fatal(got)
		}
		keys, err := w.keys.All(context.Background(), w.account(demo.Head).ID)
		if err != nil || len(keys) != 1 || keys[0].Name != "Ноутбук" || keys[0].Used.IsZero() || !slices.Equal(keys[0].AMR(), []string{"hwk", "user"}) {
			t.Fatalf("%+v %v", keys, err)
		}
		// Gone is gone; the other account's cannot be taken away by this one.
		if err := w.keys.Remove(context.Background(), w.account(demo.Doctor), keys[0].ID, here); err != nil || w.spared != 0 {
			t.Fatal(err, w.spared)
		}
		if err := w.keys.Remove(context.Background(), w.account(demo.Head), keys[0].ID, here); err != nil || w.spared != 1 {
			t.Fatal(err, w.spared)
		}
		d.count++
		if got := w.enter(d); got != "identity.passkey.refused" {
			t.Fatal("a key that was taken away opens", got)
		}
	})
}

func TestForgedAnswersOfKeysAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		good := w.made(demo.Head)
		doctor := w.account(demo.Doctor).ID
		for what, change := range map[string]func(d *device){
			"the origin of a false page":   func(d *device) { d.origin = "https://esi.example.kg.evil.example" },
			"the origin without TLS":       func(d *device) { d.origin = "http://esi.example.kg" },
			"another port":                 func(d *device) { d.origin = origin + ":8443" },
			"another relying party":        func(d *device) { d.rpID = "evil.example" },
			"a frame of another page":      func(d *device) { d.crossing = true },
			"no user verification":         func(d *device) { d.flags = 1 },
			"nobody there":                 func(d *device) { d.flags = 4 },
			"an answer of another kind":    func(d *device) { d.kind = "webauthn.create" },
			"another's account":            func(d *device) { d.handle = []byte(doctor) },
			"nobody's account":             func(d *device) { d.handle = []byte("nobody") },
			"no account":                   func(d *device) { d.handle = nil },
			"the id with another's key":    func(d *device) { d.key = newDevice().key },
			"a key that nobody registered": func(d *device) { d.id = newDevice().id },
		} {
			forged := *good
			forged.count = 7
			change(&forged)
			if got := w.enter(&forged); got != "identity.passkey.refused" {
				t.Errorf("%s: %s", what, got)
			}
		}
		for _, answer := range []string{"", "{}", "null", "[]", `{"id":1}`} {
			if got := w.take("browser", w.ask().Ticket, answer); got != "identity.passkey.refused" {
				t.Errorf("%q: %s", answer, got)
			}
		}
		good.count = 7
		if got := w.enter(good); got != demo.Head.PIN {
			t.Fatal(got)
		}
	})
}

func TestAQuestionIsAnsweredOnceInItsBrowserAndTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const again = "identity.passkey.again"
		d := w.made(demo.Head)
		d.count = 1
		q := w.ask()
		answer := d.answers(t, q)
		if got := w.take("another browser", q.Ticket, answer); got != again {
			t.Fatal("another browser", got)
		}
		// Eight at once: one gets in.
		var wait sync.WaitGroup
		got := make(chan string, 8)
		for range 8 {
			wait.Go(func() { got <- w.take("browser", q.Ticket, answer) })
		}
		wait.Wait()
		close(got)
		in := 0
		for each := range got {
			if each == demo.Head.PIN {
				in++
			} else if each != again {
				t.Error(each)
			}
		}
		if in != 1 {
			t.Fatalf("%d got in", in)
		}
		d.count = 2
		other := w.ask()
		if got := w.take("browser", q.Ticket, d.answers(t, other)); got != again {
			t.Fatal(got)
		}
		if got := w.take("browser", w.ask().Ticket, d.answers(t, other)); got != "identity.passkey.refused" {
			t.Fatal("the answer to another question", got)
		}
		for _, ticket := range []string{"", "x", othertest.Than(other.Ticket)} {
			if got := w.take("browser", ticket, d.answers(t, other)); got != again {
				t.Fatal(got)
			}
		}
		w.clock.Advance(15*time.Minute + time.Second)
		if got := w.take("browser", other.Ticket, d.answers(t, other)); got != again {
			t.Fatal("an old question", got)
		}
		// A question for one purpose does not serve another.
		second, err := w.keys.AskSecond(context.Background(), w.account(demo.Head), "entry")
		if err != nil {
			t.Fatal(err)
		}
		if got := w.take("entry", second.Ticket, d.answers(t, second)); got != again {
			t.Fatal(got)
		}
	})
}

func TestACounterThatGoesBackPutsTheKeyAside(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		d := w.made(demo.Head)
		d.count = 5
		if got := w.enter(d); got != demo.Head.PIN {
			t.Fatal(got)
		}
		d.count = 4 // the copy has counted less
		if got := w.enter(d); got != "identity.passkey.suspect" {
			t.Fatal(got)
		}
		d.count = 9 // whoever has the key: nobody gets in with it any more
		if got := w.enter(d); got != "identity.passkey.refused" {
			t.Fatal(got)
		}
		events, err := w.notices.Of(context.Background(), w.account(demo.Head).ID, 5)
		if err != nil || len(events) != 2 || events[0].Kind != passkey.Copied || events[0].Detail != "Ноутбук" {
			t.Fatalf("%+v %v", events, err)
		}
		if count, err := w.keys.Count(context.Background(), w.db.Read, w.account(demo.Head).ID); count != 0 || err != nil {
			t.Fatal(count, err)
		}
		// Keys that do not count (synced ones) always say 0.
		still := w.made(demo.Doctor)
		for range 2 {
			if got := w.enter(still); got != demo.Doctor.PIN {
				t.Fatal(got)
			}
		}
	})
}

func TestASecondFactorIsTheAccountsOwnKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		mine, other := w.made(demo.Head), w.made(demo.Doctor)
		check := func(d *device, owner string) error {
			q, err := w.keys.AskSecond(ctx, w.account(demo.Head), "entry")
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.keys.CheckSecond(ctx, w.account(demo.Head), owner, q.Ticket, d.answers(t, q), here)
			return err
		}
		if err := check(other, "entry"); err == nil {
			t.Fatal("another's key is taken")
		}
		other.handle = mine.handle
		if err := check(other, "entry"); err == nil {
			t.Fatal("another's key under the account's handle is taken")
		}
		if err := check(mine, "another entry"); err == nil {
			t.Fatal("another sign-in's question is answered")
		}
		if err := check(mine, "entry"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOneKeyIsNotRegisteredTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		mine := w.made(demo.Head)
		thief := *mine // knows the id and has a key of its own
		thief.key = newDevice().key
		q, err := w.keys.AskNew(ctx, w.account(demo.Doctor), "session")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.keys.Add(ctx, w.account(demo.Doctor), "session", q.Ticket, thief.creates(t, q), "x", here); !fail.Is(err, fail.Invalid) {
			t.Fatal(err)
		}
		if got := w.enter(mine); got != demo.Head.PIN {
			t.Fatal(got)
		}
		for what, change := range map[string]func(d *device){
			"the origin of a false page": func(d *device) { d.origin = "https://evil.example" },
			"another relying party":      func(d *device) { d.rpID = "evil.example" },
			"no user verification":       func(d *device) { d.flags = 1 },
		} {
			d := newDevice()
			change(d)
			q, err := w.keys.AskNew(ctx, w.account(demo.Doctor), "session")
			if err != nil {
				t.Fatal(err)
			}
			if err := w.keys.Add(ctx, w.account(demo.Doctor), "session", q.Ticket, d.creates(t, q), "x", here); !fail.Is(err, fail.Invalid) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}
