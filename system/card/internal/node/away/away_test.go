package away

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/cardtest"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/migration"
)

const (
	code     = "840275"
	stranger = "20101199000015"
)

// door is one at which the first of the staff has chosen the code, and the line
// is cut then.
func door(t *testing.T, d *db.DB) (at *Door, now *clock.Manual, pin string) {
	t.Helper()
	n := cardtest.New()
	sits, now := cardtest.Desk(t, d, n)
	down := false
	at = &Door{Desk: sits, Node: "osh", Trust: 96 * time.Hour, Down: func() bool { return down }}
	ctx := n.As(t.Context(), 0)
	if err := at.Enrol(ctx, code); err != nil {
		t.Fatal(err)
	}
	down = true
	return at, now, desk.Of(ctx).PIN
}

func outcomes(t *testing.T, at *Door, pin string) string {
	t.Helper()
	var in, wrong, locked, expired int
	err := at.Desk.DB.Read.QueryRowContext(t.Context(), `SELECT COALESCE(SUM(CASE outcome WHEN 'in' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE outcome WHEN 'wrong' THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE outcome WHEN 'locked' THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE outcome WHEN 'expired' THEN 1 ELSE 0 END), 0) FROM away_sign_in WHERE pin = $1`, pin).
		Scan(&in, &wrong, &locked, &expired)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("in %d, wrong %d, locked %d, expired %d", in, wrong, locked, expired)
}

func (d *Door) try(ctx context.Context, pin, code string) fail.Kind {
	_, _, err := d.Enter(ctx, pin, code)
	if err == nil {
		return ""
	}
	return fail.As(err).Kind
}

// Five wrong codes shut the door for a quarter of an hour, to the right code too;
// a person who is not known here is told the same.
func TestWrongCodesShutTheDoor(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) {
		at, now, pin := door(t, d)
		ctx := t.Context()
		for _, who := range []string{pin, stranger} {
			for i := range tries {
				if got := at.try(ctx, who, "000001"); got != fail.Invalid {
					t.Fatalf("wrong code %d: %v", i+1, got)
				}
			}
			for _, c := range []string{"000001", code} {
				if got := at.try(ctx, who, c); got != fail.TooMany {
					t.Errorf("after five: %v", got)
				}
			}
		}
		now.Advance(lockedFor - time.Second)
		if got := at.try(ctx, pin, code); got != fail.TooMany {
			t.Errorf("a second too early: %v", got)
		}
		now.Advance(time.Second)
		for range tries - 1 {
			_ = at.try(ctx, pin, "000002")
		}
		if got := at.try(ctx, pin, code); got != "" {
			t.Errorf("the right code as the fifth: %v", got)
		}
		for range tries - 1 { // begin anew
			_ = at.try(ctx, pin, "000003")
		}
		if got := at.try(ctx, pin, code); got != "" {
			t.Errorf("again: %v", got)
		}
		if got := outcomes(t, at, pin); got != "in 2, wrong 13, locked 3, expired 0" {
			t.Error(got)
		}
	})
}

// Forty who guess at once have five guesses.
func TestGuessesAtOnceAreCounted(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) {
		at, _, pin := door(t, d)
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() { _ = at.try(context.Background(), pin, fmt.Sprintf("%06d", i)) })
		}
		all.Wait()
		if got := outcomes(t, at, pin); got != "in 0, wrong 5, locked 35, expired 0" {
			t.Error(got)
		}
	})
}

// The code opens as long as НИСУР's last word holds, and while the line is down
// alone.
func TestTheCodeExpires(t *testing.T) {
	dbtest.Each(t, "card", migration.Sets, func(t *testing.T, d *db.DB) {
		at, now, pin := door(t, d)
		ctx := t.Context()
		now.Advance(at.Trust)
		if got := at.try(ctx, pin, code); got != "" {
			t.Errorf("on the last moment: %v", got)
		}
		now.Advance(time.Second)
		if got := at.try(ctx, pin, code); got != fail.Forbidden {
			t.Errorf("after it: %v", got)
		}
		if got := at.try(ctx, pin, "000001"); got != fail.Invalid {
			t.Errorf("who does not know the code is told that it has expired: %v", got)
		}
		// НИСУР has answered: the code holds anew, and not for who has left.
		at.Down = func() bool { return false }
		if err := at.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		if got := at.try(ctx, pin, code); got != fail.Conflict {
			t.Errorf("with the line up: %v", got)
		}
		at.Down = func() bool { return true }
		if got := at.try(ctx, pin, code); got != "" {
			t.Errorf("confirmed anew: %v", got)
		}
		if err := at.confirmed(ctx, pin, nil); err != nil {
			t.Fatal(err)
		}
		if got := at.try(ctx, pin, code); got != fail.Invalid {
			t.Errorf("who has left: %v", got)
		}
		if got := outcomes(t, at, pin); got != "in 2, wrong 2, locked 0, expired 1" {
			t.Error(got)
		}
	})
}

// Codes that are guessed first are refused.
func TestPlainCodesAreRefused(t *testing.T) {
	for _, c := range []string{"12345", "1234567890123", "111111", "123456", "987654", "84027a", "198500"} {
		if check(c, "11503198500123") == nil {
			t.Errorf("%s was taken", c)
		}
	}
	if err := check(code, "11503198500123"); err != nil {
		t.Error(err)
	}
}
