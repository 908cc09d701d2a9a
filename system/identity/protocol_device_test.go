package identity_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

type device struct {
	code, user, address string
}

func (c *registered) device(pairs ...string) device {
	c.h.t.Helper()
	if len(pairs) == 0 {
		pairs = []string{"scope", "openid profile"}
	}
	got := c.h.call("/connect/deviceauthorization", c.auth(), pairs...)
	d := device{got.word("device_code"), got.word("user_code"), got.word("verification_uri_complete")}
	if got.status != http.StatusOK || len(d.code) < 40 || len(d.user) != 9 || d.user[4] != '-' || got.word("verification_uri") != c.h.base+"/device" ||
		d.address != c.h.base+"/device?user_code="+d.user || got.body["expires_in"] != float64(600) || got.body["interval"] != float64(5) {
		c.h.t.Fatalf("%+v", got)
	}
	return d
}

func (c *registered) poll(d device) tokens {
	c.h.t.Helper()
	return c.h.token(c.auth(), "grant_type", deviceGrant, "device_code", d.code)
}

// RFC 8628: a device shows a code, the person types it elsewhere, signs in and
// allows; the device gets its tokens.
func TestRFC8628DeviceFlow(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		c := h.connect(demo.Doctor, public)
		d := c.device("scope", "openid profile offline_access")
		if got := c.poll(d); got.status != http.StatusBadRequest || got.Error != "authorization_pending" {
			t.Fatalf("%+v", got)
		}
		b := h.browser()
		p := b.submit(b.get(h.base+"/device"), "/device", "user_code", strings.ToLower(strings.ReplaceAll(d.user, "-", " ")))
		p.must(http.StatusOK, "Проба", "http://127.0.0.1:9400", d.user, "Это Ваше устройство?")
		p = b.submit(p, "/device/answer", "user_code", d.user, "decision", "mine")
		p = h.signIn(b, p, demo.Doctor)
		p.must(http.StatusOK, "Передача данных")
		// Not before the person has allowed it.
		h.clock.advance(5 * time.Second)
		if got := c.poll(d); got.Error != "authorization_pending" {
			t.Fatalf("%+v", got)
		}
		p = b.submit(p, "/consent", "decision", "allow", "agreement", "1", "remember", "1")
		p.must(http.StatusOK, "Устройство подключено")
		// The address is used up, and so is the code.
		b.get(p.url.String()).must(http.StatusGone)
		b.get(d.address).must(http.StatusUnprocessableEntity, "Такого кода нет")
		h.clock.advance(5 * time.Second)
		got := c.poll(d)
		if got.status != http.StatusOK || got.Refresh == "" || claimsOf(t, got.ID)["sub"] != h.account(demo.Doctor) || claimsOf(t, got.ID)["acr"] == "" {
			t.Fatalf("%+v", got)
		}
		if status, info := h.userInfo(got.Access); status != http.StatusOK || info["pin"] != demo.Doctor.PIN {
			t.Fatal(status, info)
		}
		// A device code serves once.
		if again := c.poll(d); again.Error != "invalid_grant" && again.Error != "expired_token" {
			t.Fatalf("%+v", again)
		}
		if status, _ := h.userInfo(got.Access); status == http.StatusOK {
			t.Fatal("the token of a replayed device code lives on")
		}
		// Nothing of the codes lies in the database.
		var found int
		if err := h.db().Read.QueryRowContext(context.Background(), `SELECT COUNT(*) FROM flow WHERE data LIKE '%' || $1 || '%' OR data LIKE '%' || $2 || '%'`,
			d.code, strings.ReplaceAll(d.user, "-", "")).Scan(&found); err != nil || found != 0 {
			t.Fatal(err, found)
		}
		// A person who remembered the choice still has to say that the device is theirs.
		d = c.device()
		p = b.get(d.address).must(http.StatusOK, "Это Ваше устройство?")
		if got := c.poll(d); got.Error != "authorization_pending" {
			t.Fatalf("%+v", got)
		}
		b.submit(p, "/device/answer", "user_code", d.user, "decision", "mine").must(http.StatusOK, "Устройство подключено")
		h.clock.advance(5 * time.Second)
		if got := c.poll(d); got.status != http.StatusOK {
			t.Fatalf("%+v", got)
		}
	})
}

// RFC 8628, 3.5: what a device is told when it does not get what it wants.
func TestRFC8628DeviceIsTold(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.clock.stop()
		c, other := h.connect(demo.Doctor, public), h.connect(demo.Doctor, public)
		d := c.device()
		if got := c.poll(d); got.Error != "authorization_pending" {
			t.Fatalf("%+v", got)
		}
		h.clock.advance(2 * time.Second)
		if got := c.poll(d); got.Error != "slow_down" {
			t.Fatalf("%+v", got)
		}
		h.clock.advance(6 * time.Second) // enough before, not after slow_down
		if got := c.poll(d); got.Error != "slow_down" {
			t.Fatalf("%+v", got)
		}
		h.clock.advance(15 * time.Second)
		if got := c.poll(d); got.Error != "authorization_pending" {
			t.Fatalf("%+v", got)
		}
		if got := other.poll(d); got.Error != "invalid_grant" && got.Error != "slow_down" {
			t.Fatalf("another client: %+v", got)
		}
		if got := c.poll(device{code: "guessed"}); got.Error != "invalid_grant" {
			t.Fatalf("%+v", got)
		}
		// The person refuses, before or after signing in.
		b := h.browser()
		b.submit(b.get(d.address), "/device/answer", "user_code", d.user, "decision", "deny").must(http.StatusOK, "Вход отклонён")
		h.clock.advance(30 * time.Second)
		if got := c.poll(d); got.Error != "access_denied" || got.status != http.StatusBadRequest {
			t.Fatalf("%+v", got)
		}
		d = c.device()
		p := h.signIn(b, b.submit(b.get(d.address), "/device/answer", "user_code", d.user, "decision", "mine"), demo.Doctor)
		b.submit(p, "/consent", "decision", "deny").must(http.StatusOK, "Вход отклонён")
		if got := c.poll(d); got.Error != "access_denied" {
			t.Fatalf("%+v", got)
		}
		// Too late (RFC 8628, 3.5; the library counts by the time of the world).
		d = c.device()
		h.exec(h.db(), `UPDATE flow SET data = REPLACE(data, '"expires_at":', '"expires_at":1, "was":') WHERE answer <> 'over'`)
		if got := c.poll(d); got.Error != "expired_token" {
			t.Fatalf("%+v", got)
		}
		// One who was asked by another's code does not carry the flow on.
		d = c.device()
		p = b.stay().submit(b.get(d.address), "/device/answer", "user_code", d.user, "decision", "mine")
		h.browser().get(h.base+p.header.Get("Location")).must(http.StatusForbidden, "другом браузере")
		// The sites of others cannot answer.
		d = c.device()
		r, _ := http.NewRequest(http.MethodPost, h.base+"/device/answer", strings.NewReader(url.Values{"user_code": {d.user}, "decision": {"mine"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		b.do(r).must(http.StatusForbidden)
		for name, got := range map[string]answered{
			"no scope":          h.call("/connect/deviceauthorization", c.auth()),
			"a machine's scope": h.call("/connect/deviceauthorization", c.auth(), "scope", "openid system/*.read"),
			"nobody":            h.call("/connect/deviceauthorization", nil, "scope", "openid"),
			"not for devices":   h.call("/connect/deviceauthorization", basic("card", "card-secret+with/signs"), "scope", "openid"),
		} {
			if got.status == http.StatusOK {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
}

// RFC 8628, 5.1: codes are not guessed.
func TestRFC8628UserCodesAreNotGuessed(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		b := h.browser()
		for range 20 {
			b.submit(b.get(h.base+"/device"), "/device", "user_code", "BCDF-GHJK").must(http.StatusUnprocessableEntity, "Такого кода нет")
		}
		b.submit(b.get(h.base+"/device"), "/device", "user_code", "BCDF-GHJK").must(http.StatusUnprocessableEntity, "Слишком много попыток")
	})
}
