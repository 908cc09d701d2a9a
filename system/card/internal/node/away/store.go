// Package away lets staff of a node sign in while ЕСИ is out of reach: with a
// code that they chose at this node when it was within reach. Who has lost their
// posts is let in no more as soon as НИСУР has said so, and nobody when it has
// said nothing for longer than the operator allows.
package away

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Limits of guessing.
const (
	LeastDigits = 6
	MostDigits  = 12
	tries       = 5
	lockedFor   = 15 * time.Minute
)

// Door lets staff in.
type Door struct {
	Desk  *desk.Desk
	Node  string
	Trust time.Duration // how long НИСУР's last word holds
	Down  func() bool   // whether the line is down
}

// check refuses a code that is guessed first.
func check(code, pin string) error {
	plain := strings.TrimSpace(code)
	bad := func(key string) error { return fail.Fields(fail.Finding{Field: "code", Key: key}) }
	if len(plain) < LeastDigits || len(plain) > MostDigits || strings.Trim(plain, "0123456789") != "" {
		return bad("card.away.code_digits")
	}
	same, up, down := true, true, true
	for i := 1; i < len(plain); i++ {
		same = same && plain[i] == plain[i-1]
		up = up && plain[i] == plain[i-1]+1
		down = down && plain[i] == plain[i-1]-1
	}
	if same || up || down || strings.Contains(pin, plain) {
		return bad("card.away.code_plain")
	}
	return nil
}

func hash(code, salt string) string {
	// RFC 9106, 4, second recommended setting with a quarter of its memory: a ward's
	// computer has little.
	return base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(code), []byte(salt), 4, 16<<10, 1, 32))
}

// Enrol keeps the code of who is signed in through ЕСИ.
func (d *Door) Enrol(ctx context.Context, code string) error {
	staff := desk.Of(ctx)
	if err := check(code, staff.PIN); err != nil {
		return err
	}
	if d.Down() {
		return fail.New(fail.Conflict, "card.away.enrol_down")
	}
	posts, err := json.Marshal(staff.Posts)
	if err != nil {
		return err
	}
	salt := rand.Text()
	secret := hash(strings.TrimSpace(code), salt)
	now := db.Micros(d.Desk.Clock.Now())
	return d.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO node_staff (pin, name, posts, confirmed_at, salt, secret, enrolled_at, tries, locked_until) VALUES ($1, $2, $3, $4, $5, $6, $4, 0, 0)
			ON CONFLICT (pin) DO UPDATE SET name = excluded.name, posts = excluded.posts, confirmed_at = excluded.confirmed_at, salt = excluded.salt,
			secret = excluded.secret, enrolled_at = excluded.enrolled_at, tries = 0, locked_until = 0`,
			staff.PIN, staff.Name, string(posts), now, salt, secret)
		return err
	})
}

// Enrolled says whether the person has a code here.
func (d *Door) Enrolled(ctx context.Context, pin string) (bool, error) {
	var n int
	err := d.Desk.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM node_staff WHERE pin = $1`, pin).Scan(&n)
	return n > 0, db.Explain(err)
}

// Holds says whether posts that НИСУР confirmed then are still believed.
func (d *Door) Holds(confirmed time.Time) bool {
	return d.Down() && d.Desk.Clock.Now().Sub(confirmed) <= d.Trust
}

// Enter gives what the session keeps. Each attempt is recorded; what was wrong is
// told only to who knew the code. A try is taken before the code is looked at, so
// that many at once are no more than one after the other; who is not known here is
// locked out after as many.
func (d *Door) Enter(ctx context.Context, pin, code string) (name string, seat any, err error) {
	if !d.Down() {
		return "", nil, fail.New(fail.Conflict, "card.away.line_up")
	}
	now := d.Desk.Clock.Now()
	var posts, salt, secret string
	var confirmed int64
	err = d.Desk.DB.Read.QueryRowContext(ctx, `SELECT name, posts, confirmed_at, salt, secret FROM node_staff WHERE pin = $1`, pin).
		Scan(&name, &posts, &confirmed, &salt, &secret)
	unknown := errors.Is(err, sql.ErrNoRows)
	if err != nil && !unknown {
		return "", nil, db.Explain(err)
	}
	may, err := d.mayTry(ctx, pin, unknown, now)
	if err != nil {
		return "", nil, err
	}
	if !may {
		if err := d.note(ctx, pin, "locked"); err != nil {
			return "", nil, err
		}
		return "", nil, fail.New(fail.TooMany, "card.away.locked")
	}
	// Who is not known here takes as long.
	if right := subtle.ConstantTimeCompare([]byte(hash(strings.TrimSpace(code), salt)), []byte(secret)) == 1; unknown || !right {
		if err := d.note(ctx, pin, "wrong"); err != nil {
			return "", nil, err
		}
		return "", nil, fail.Fields(fail.Finding{Field: "code", Key: "card.away.wrong"})
	}
	if !d.Holds(db.Time(confirmed)) {
		if err := d.note(ctx, pin, "expired"); err != nil {
			return "", nil, err
		}
		return "", nil, fail.New(fail.Forbidden, "card.away.expired")
	}
	var held []workforceapi.Post
	if err := json.Unmarshal([]byte(posts), &held); err != nil {
		return "", nil, err
	}
	if err := d.note(ctx, pin, "in"); err != nil {
		return "", nil, err
	}
	return name, d.Desk.Seat(desk.Staff{PIN: pin, Name: name, Posts: held}, db.Time(confirmed)), nil
}

// mayTry takes one of the tries there are, and says whether there was one.
func (d *Door) mayTry(ctx context.Context, pin string, unknown bool, now time.Time) (bool, error) {
	if unknown {
		var wrong int
		err := d.Desk.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM away_sign_in WHERE at > $2 AND pin = $1 AND outcome = 'wrong'`,
			pin, db.Micros(now.Add(-lockedFor))).Scan(&wrong)
		return wrong < tries, db.Explain(err)
	}
	return db.ChangedOne(ctx, d.Desk.DB.Single(), `UPDATE node_staff SET tries = CASE WHEN tries + 1 >= $2 THEN 0 ELSE tries + 1 END,
		locked_until = CASE WHEN tries + 1 >= $2 THEN $3 ELSE locked_until END WHERE pin = $1 AND locked_until <= $4`,
		pin, tries, db.Micros(now.Add(lockedFor)), db.Micros(now))
}

// note records an attempt; who knew the code has all tries again.
func (d *Door) note(ctx context.Context, pin, outcome string) error {
	now := d.Desk.Clock.Now()
	return d.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO away_sign_in (id, node, pin, at, outcome) VALUES ($1, $2, $3, $4, $5)`, id.New(), d.Node, pin, db.Micros(now), outcome)
		if err != nil {
			return err
		}
		if outcome == "in" || outcome == "expired" {
			_, err = tx.ExecContext(ctx, `UPDATE node_staff SET tries = 0, locked_until = 0 WHERE pin = $1`, pin)
		}
		return err
	})
}

// pins are the ПИН of everybody who has a code, the longest unconfirmed first.
func (d *Door) pins(ctx context.Context) ([]string, error) {
	return db.Column[string](ctx, d.Desk.DB.Read, `SELECT pin FROM node_staff ORDER BY confirmed_at`)
}

// Refresh asks НИСУР about everybody who has a code: who holds no post any more
// is forgotten, and their sessions end.
func (d *Door) Refresh(ctx context.Context) error {
	pins, err := d.pins(ctx)
	if err != nil {
		return err
	}
	for _, pin := range pins {
		posts, err := d.Desk.Posts(ctx, pin)
		if err != nil {
			return err
		}
		if err := d.confirmed(ctx, pin, posts); err != nil {
			return err
		}
	}
	return nil
}

func (d *Door) confirmed(ctx context.Context, pin string, posts []workforceapi.Post) error {
	if len(posts) == 0 {
		err := d.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `DELETE FROM node_staff WHERE pin = $1`, pin)
			return err
		})
		return errors.Join(err, d.Desk.Sessions.EndPIN(ctx, pin))
	}
	data, err := json.Marshal(posts)
	if err != nil {
		return err
	}
	return d.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE node_staff SET posts = $2, confirmed_at = $3 WHERE pin = $1`, pin, string(data), db.Micros(d.Desk.Clock.Now()))
		return err
	})
}
