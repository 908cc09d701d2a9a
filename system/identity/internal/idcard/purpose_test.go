package idcard_test

import (
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/idcard"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/identity/migration"
)

// A challenge that was made for a sign-in, which is a registration too, serves no
// recovery, and the reverse, though browser and all else are the same; and it is
// spent by the attempt.
func TestAChallengeServesItsPurposeAlone(t *testing.T) {
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		now := clock.NewManual(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))
		c := &idcard.Cards{DB: d, Clock: now, Door: &door.Door{}, Throttle: &throttle.Throttle{DB: d, Clock: now}, Base: "https://esi.example"}
		const browser, bound = "browser", "what is under way"
		verify := func(as idcard.Purpose, challenge string) string {
			t.Helper()
			_, err := c.Verify(t.Context(), as, browser, bound, idcard.Answer{Challenge: challenge, CMS: []byte("no message")})
			if !fail.Is(err, fail.Invalid) {
				t.Fatal(err)
			}
			return fail.As(err).Key
		}
		for made, other := range map[idcard.Purpose]idcard.Purpose{idcard.SignIn: idcard.Recovery, idcard.Recovery: idcard.SignIn} {
			for _, as := range []idcard.Purpose{made, other} {
				asked, err := c.Ask(t.Context(), made, browser, bound, notice.Place{Address: "192.0.2.1"})
				if err != nil {
					t.Fatal(err)
				}
				want := "identity.certificate.malformed" // the challenge holds, the message is looked at
				if as != made {
					want = "identity.card.gone"
				}
				if got := verify(as, asked.ID); got != want {
					t.Errorf("a challenge for %s answers %s: %s", made, as, got)
				}
				if got := verify(made, asked.ID); got != "identity.card.gone" {
					t.Errorf("a challenge for %s that was answered as %s serves again: %s", made, as, got)
				}
			}
		}
	})
}
