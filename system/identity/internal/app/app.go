// Package app is «Tunduk» in the phone: an installable page (a progressive web
// app) that shows the person's documents, and shows them without a network too,
// as they last were. What it keeps on the device is kept only while the person is
// signed in: signing out deletes it, and so does whoever signs in after them.
package app

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/face"
	"github.com/sanarip/sanarip/system/identity/internal/sso"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// portrait is the longer side of the photo on the card, in pixels.
const portrait = 360

// App is the subject.
type App struct {
	Clock clock.Clock
	Site  *page.Site
	Door  *door.Door
	// Register asks the population register for the person themselves.
	Register func(ctx context.Context, pin, user, purpose string) (populationapi.Person, error)
	// Photo is the account's photo, nil without one.
	Photo func(ctx context.Context, accountID string) ([]byte, error)
	// Record writes what happened to the person's record of accesses.
	Record func(ctx context.Context, pin, name, action, object string) error
	Papers Papers
	Portal string // its address for people
	Log    *slog.Logger
}

// kept is how a page is kept on the device.
type kept struct {
	at    time.Time // as of when it is
	until time.Time // no device keeps it longer
	tag   string    // names the session without telling it
}

func (a *App) keeping(p door.Person) kept {
	return kept{at: a.Clock.Now(), until: a.Door.Sessions.Until(p.Session), tag: tag(p.Session)}
}

// documents are what the app shows of a person at a moment.
type documents struct {
	kept
	account account.Account
	person  *populationapi.Person // nil when the register knows nobody or does not answer
	away    bool                  // it does not answer
	photo   []byte
	papers  []portalapi.Document // of the portal
	listed  bool                 // it has answered
	portal  string               // its address, "" where it is not known
}

// gather reads the documents; that they were shown is written first. A neighbour
// that does not answer leaves the others standing.
func (a *App) gather(ctx context.Context, p door.Person) (documents, error) {
	d := documents{account: p.Account, kept: a.keeping(p), portal: a.Portal}
	if err := a.Record(ctx, p.Account.PIN, p.Account.Name(), "document.shown", "identity-card"); err != nil {
		return documents{}, err
	}
	var portal sync.WaitGroup
	portal.Go(func() { d.papers, d.listed = a.papers(ctx, p.Account.PIN) })
	person, err := a.Register(ctx, p.Account.PIN, p.Account.PIN, "own-data")
	portal.Wait()
	switch {
	case err == nil:
		d.person = &person
	case !fail.Is(err, fail.NotFound):
		d.away = true // the account's own data are shown all the same
	}
	kept, err := a.Photo(ctx, p.Account.ID)
	if err != nil || kept == nil {
		return d, err
	}
	d.photo, err = face.Small(kept, portrait)
	return d, err
}

func tag(s sso.Session) string { return id.Hash("app " + s.SID)[:16] }

// icon draws the app's sign, the diamond out of the felt carpet, on lake blue.
// It is drawn and not kept as a file, so that every size is of one drawing.
func icon(size int) []byte {
	blue, paper := color.RGBA{0x0b, 0x4a, 0x6f, 255}, color.RGBA{0xfb, 0xfa, 0xf7, 255}
	picture := image.NewRGBA(image.Rect(0, 0, size, size))
	const fine = 3 // samples a pixel and side
	for y := range size {
		for x := range size {
			inked := 0
			for i := range fine * fine {
				u := (float64(x)+(float64(i%fine)+0.5)/fine)/float64(size)*2 - 1
				v := (float64(y)+(float64(i/fine)+0.5)/fine)/float64(size)*2 - 1
				if ink(u, v) {
					inked++
				}
			}
			part := float64(inked) / (fine * fine)
			mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-part) + float64(b)*part)) }
			picture.SetRGBA(x, y, color.RGBA{mix(blue.R, paper.R), mix(blue.G, paper.G), mix(blue.B, paper.B), 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil // a buffer takes everything
	}
	return out.Bytes()
}

// ink says whether the point of the square −1…1 is part of the sign. It stays
// inside the middle 60 %, which no mask of a phone cuts off.
func ink(u, v float64) bool {
	diamond := math.Abs(u) + math.Abs(v)
	if diamond <= 0.6 && diamond >= 0.48 {
		return true
	}
	upper := math.Abs(math.Hypot(u-0.03, v+0.1)-0.1) < 0.04 && u > -0.03
	lower := math.Abs(math.Hypot(u+0.03, v-0.1)-0.1) < 0.04 && u < 0.03
	return upper || lower
}

// icons are the sizes that a home screen asks for, drawn once.
var icons = map[string]func() []byte{
	"icon-192.png": sync.OnceValue(func() []byte { return icon(192) }),
	"icon-512.png": sync.OnceValue(func() []byte { return icon(512) }),
}
