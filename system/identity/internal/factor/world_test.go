package factor_test

import (
	"bytes"
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/db/dbtest"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
	"github.com/sanarip/sanarip/system/identity/internal/notice"
	"github.com/sanarip/sanarip/system/identity/internal/onetime"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/shown"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/identity/migration"
)

// world is what factors stand on, with one account.
type world struct {
	t        *testing.T
	db       *db.DB
	clock    *clock.Manual
	box      *seal.Box
	accounts *account.Accounts
	notices  *notice.Notices
	codes    *onetime.Codes
	contacts *factor.Contacts
	factors  *factor.Factors
	door     *door.Door
	limits   *throttle.Throttle
	backups  *factor.Backups
	apps     *factor.Authenticators
	chats    *factor.Messengers
	keys     int // passkeys that the account has
}

var here = notice.Place{Agent: "Firefox · Linux", Address: "192.0.2.1"}

func each(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, "identity", migration.Sets, func(t *testing.T, d *db.DB) {
		box, err := seal.New(bytes.Repeat([]byte{1}, 32))
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, db: d, box: box, clock: clock.NewManual(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))}
		w.accounts = account.NewAccounts(d, w.clock, box)
		queue := job.New(d, w.clock, nil, job.Config{})
		w.limits = &throttle.Throttle{DB: d, Clock: w.clock}
		texts := text.MustLoad(design.Texts)
		w.notices = &notice.Notices{DB: d, Clock: w.clock, Queue: queue, Box: box, Texts: texts, Accounts: w.accounts}
		w.codes = &onetime.Codes{DB: d, Clock: w.clock, Queue: queue, Box: box, Throttle: w.limits, Texts: texts}
		w.notices.Register()
		w.codes.Register()
		w.factors = &factor.Factors{DB: d, Clock: w.clock, Keys: func(context.Context, db.Querier, string) (int, error) { return w.keys, nil }}
		w.door = &door.Door{
			DB: d, Clock: w.clock, Accounts: w.accounts, Notices: w.notices,
			Record: func(context.Context, string, string, string, string) error { return nil },
		}
		w.contacts = &factor.Contacts{Clock: w.clock, Accounts: w.accounts, Codes: w.codes, Throttle: w.limits, Door: w.door, Factors: w.factors}
		w.backups = &factor.Backups{DB: d, Clock: w.clock, Box: box, Accounts: w.accounts, Notices: w.notices, Door: w.door, Shown: &shown.Once{DB: d, Clock: w.clock, Box: box}}
		w.apps = &factor.Authenticators{DB: d, Clock: w.clock, Box: box, Accounts: w.accounts, Door: w.door, Factors: w.factors}
		w.chats = &factor.Messengers{DB: d, Clock: w.clock, Accounts: w.accounts, Contacts: w.contacts, Codes: w.codes}
		p := demo.Head
		if _, err := w.accounts.Create(context.Background(), account.New{
			PIN: p.PIN, FamilyName: p.FamilyName, GivenName: p.GivenName, Phone: "+996700100200", Lang: text.RU, Password: demo.Password,
		}); err != nil {
			t.Fatal(err)
		}
		run(t, w)
	})
}

func (w *world) account() account.Account {
	w.t.Helper()
	a, found, err := w.accounts.ByPIN(context.Background(), demo.Head.PIN)
	if err != nil || !found {
		w.t.Fatal(found, err)
	}
	return a
}

// sent is the code that waits for the channel: as the message would have it.
func (w *world) sent(channel onetime.Channel) string {
	w.t.Helper()
	owner := string(channel) + ":" + w.account().ID
	var number int64
	if err := w.db.Read.QueryRowContext(context.Background(), `SELECT number FROM one_time_code WHERE purpose = 'contact' AND owner = $1`, owner).Scan(&number); err != nil {
		w.t.Fatal(err)
	}
	code, err := w.box.Code("contact "+owner, number)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *world) change(do func(ctx context.Context, tx *sql.Tx) error) {
	w.t.Helper()
	if err := w.db.Tx(context.Background(), do); err != nil {
		w.t.Fatal(err)
	}
}

// told is the kinds of what the person was told, the newest first.
func (w *world) told() []notice.Kind {
	w.t.Helper()
	events, err := w.notices.Of(context.Background(), w.account().ID, 20)
	if err != nil {
		w.t.Fatal(err)
	}
	var kinds []notice.Kind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
