// Package phone is the person's own phone as a way to sign in: devices with a
// PIN of four digits (ID-9, ID-15), and the sign-in in another browser that is
// approved on the phone by a QR code (ID-11).
package phone

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/openid"
	"github.com/sanarip/sanarip/system/identity/internal/passkey"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
)

const maxName = 60 // characters of a device's name

var (
	maxTries   = setting.Number("device_tries", 5, 3, 10, "wrong PINs of a device in a row, then it is removed", "four digits are ten thousand")
	maxDevices = setting.Number("device_count", 10, 1, 50, "devices of one person", "each is another way in")
	deviceLife = setting.Time("trusted_device_life", 4320*time.Hour, 24*time.Hour, 8760*time.Hour, "how long a device with a PIN may go unused", "phones are sold and lost")
)

// Phones is the subject.
type Phones struct {
	DB       *db.DB
	Clock    clock.Clock
	Box      *seal.Box
	Site     *page.Site
	Accounts *account.Accounts
	Provider *openid.Provider
	Throttle *throttle.Throttle
	Door     *door.Door
	Keys     *passkey.Keys
	Base     string // ЕСИ's address, for the QR code
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
}

// Device is a browser of a phone that the person trusts: it holds a secret, and
// opens with four digits.
type Device struct {
	ID      string
	Account string
	Name    string
	Agent   string
	Created time.Time
	Seen    time.Time

	pin string // HMAC
}

// Rows of digits.
const (
	upwards   = "0123456789012"
	downwards = "9876543210987"
)

// Weakness is the key of what is wrong with a PIN for the person; "" when it
// will do. Four digits guard a secret that lies in the device, and five wrong
// ones remove it; still the first that a thief tries are not taken.
func Weakness(pin string, a account.Account) string {
	if len(pin) != 4 || strings.Trim(pin, "0123456789") != "" {
		return "identity.phone.pin_form"
	}
	birth := a.BirthDate.String() // 1960-09-12
	switch {
	case strings.Count(pin, pin[:1]) == 4,
		strings.Contains(upwards, pin), strings.Contains(downwards, pin),
		pin[:2] == pin[2:], // 1212
		len(birth) == 10 && (pin == birth[:4] || pin == birth[8:10]+birth[5:7] || pin == birth[5:7]+birth[8:10]),
		strings.HasSuffix(a.Phone, pin), strings.HasSuffix(a.PIN, pin):
		return "identity.phone.pin_weak"
	}
	return ""
}

func (p *Phones) mac(deviceID, pin string) (string, error) {
	return p.Box.Token("device-pin", deviceID+" "+pin)
}

// add makes a device of the browser. It gives the secret for its cookie.
func (p *Phones) add(ctx context.Context, a account.Account, name, pin string, place notice.Place) (string, error) {
	secret, now := id.Secret(), p.Clock.Now()
	d := Device{ID: id.New(), Account: a.ID, Name: name, Agent: place.Agent, Created: now, Seen: now}
	var err error
	if d.pin, err = p.mac(d.ID, pin); err != nil {
		return "", err
	}
	return secret, p.Door.Change(ctx, a, notice.DeviceAdded, name, place, func(ctx context.Context, tx *sql.Tx, _ account.Account) error {
		count, err := p.count(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		if int64(count) >= p.Door.Lives.Number(maxDevices) {
			return fail.New(fail.Invalid, "identity.phone.too_many_devices")
		}
		return p.insert(ctx, tx, d, id.Hash(secret))
	})
}

// setPIN changes the PIN of one of the person's devices.
func (p *Phones) setPIN(ctx context.Context, a account.Account, deviceID, pin string, place notice.Place) error {
	mac, err := p.mac(deviceID, pin)
	if err != nil {
		return err
	}
	d, found, err := p.own(ctx, a.ID, deviceID)
	if err != nil {
		return err
	}
	if !found {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return p.Door.Change(ctx, a, notice.DeviceChanged, d.Name, place, func(ctx context.Context, tx *sql.Tx, _ account.Account) error {
		return p.updatePIN(ctx, tx, deviceID, mac)
	})
}

// remove takes one of the person's devices away. It is not refused while the
// account is frozen: less trust is no danger.
func (p *Phones) remove(ctx context.Context, a account.Account, deviceID string, place notice.Place) error {
	d, found, err := p.own(ctx, a.ID, deviceID)
	if err != nil || !found {
		return err
	}
	return p.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		gone, err := p.delete(ctx, tx, deviceID)
		if err != nil || !gone {
			return err
		}
		return p.Door.Notices.Tell(ctx, tx, a, notice.DeviceRemoved, d.Name, place)
	})
}

// check takes a PIN typed on the device. A try is counted before it is compared;
// after maxTries wrong ones in a row the device is removed and the person told.
func (p *Phones) check(ctx context.Context, d Device, pin string, place notice.Place) error {
	want, err := p.mac(d.ID, pin)
	if err != nil {
		return err
	}
	tries, stored, err := p.try(ctx, d.ID)
	if err != nil {
		return err
	}
	most := p.Door.Lives.Number(maxTries)
	if tries <= most && subtle.ConstantTimeCompare([]byte(stored), []byte(want)) == 1 {
		return p.forgive(ctx, d.ID)
	}
	if tries < most {
		return fail.Fields(fail.Finding{Field: "pin", Key: "identity.phone.pin_wrong", Args: fail.Args("Count", int(most-tries))})
	}
	a, found, err := p.Accounts.ByID(ctx, d.Account)
	if err != nil || !found {
		return err
	}
	if err := p.remove(ctx, a, d.ID, place); err != nil {
		return err
	}
	return fail.New(fail.Forbidden, "identity.phone.removed")
}
