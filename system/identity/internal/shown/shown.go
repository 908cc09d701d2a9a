// Package shown hands what a form has made to the page that follows it: backup
// codes, a link's token, the secret of a system. Each is shown in the session in
// which it was made, for some minutes, so that the page can be loaded again and
// nothing is made twice; what it stands for is kept elsewhere, hashed. It is no
// weaker than the page that stays open: whoever holds a session so fresh may have
// a new one made.
package shown

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/system/identity/internal/seal"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
)

var life = setting.Time("shown_life", 10*time.Minute, time.Minute, time.Hour, "how long what is shown once, as backup codes and secrets of systems, can be loaded again in its own session", "a page is lost to a bad line or a wrong key; codes are written down meanwhile")

// Once is what is shown once.
type Once struct {
	DB    *db.DB
	Clock clock.Clock
	Box   *seal.Box
	Lives setting.Values
}

// Put keeps what the page named what shows in the session of the sid, instead of
// what it showed before.
func (o *Once) Put(ctx context.Context, tx db.Querier, sid, what, content string) error {
	sealed, err := o.Box.Seal("shown", sid+" "+what, []byte(content))
	if err != nil {
		return err
	}
	return o.put(ctx, tx, sid, what, sealed)
}

// Keep is Put in a transaction of its own.
func (o *Once) Keep(ctx context.Context, sid, what, content string) error {
	return o.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return o.Put(ctx, tx, sid, what, content) })
}

// Get is what there is to show; "" when there is nothing, or nothing any more.
func (o *Once) Get(ctx context.Context, sid, what string) (string, error) {
	sealed, err := o.waiting(ctx, sid, what)
	if err != nil || sealed == "" {
		return "", err
	}
	content, err := o.Box.Open("shown", sid+" "+what, sealed)
	return string(content), err
}
