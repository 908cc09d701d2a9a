package history

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Draft is what somebody has begun to write in a stay and not signed. It is
// kept on the server for its author alone, so that a closed laptop or a cut
// line loses nothing, and another computer of the ward goes on with it.
type Draft struct {
	Once       string `json:"once"`
	Kind       string `json:"kind"`
	At         string `json:"at"` // as the page had it
	Body       string `json:"body"`
	CopiedFrom string `json:"copied_from,omitempty"`

	SavedAt time.Time `json:"-"`
}

// SaveDraft keeps the draft of the member of staff of ctx in the stay, in place
// of the one before. One that has been signed meanwhile is not kept again: the
// last word of autosave may come after the signature. Another text that the same
// person has begun in another tab is not written over: fail.Conflict.
func SaveDraft(ctx context.Context, d *desk.Desk, stayID string, in Draft) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := writing.HoldOpen(ctx, d, tx, stayID); err != nil {
			return err
		}
		signed, err := isSigned(ctx, tx, in.Once)
		if err != nil || signed {
			return err
		}
		other, err := loadDraft(ctx, tx, stayID, desk.Of(ctx).PIN)
		if err != nil {
			return err
		}
		if other != nil && other.Once != in.Once {
			return fail.New(fail.Conflict, "card.history.begun_elsewhere")
		}
		if strings.TrimSpace(in.Body) == "" {
			return dropDraft(ctx, tx, stayID, desk.Of(ctx).PIN)
		}
		return saveDraft(ctx, tx, stayID, desk.Of(ctx).PIN, in, d.Clock.Now())
	})
}

// DropDraft throws the draft away.
func DropDraft(ctx context.Context, d *desk.Desk, stayID string) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := writing.Hold(ctx, d, tx, stayID); err != nil {
			return err
		}
		return dropDraft(ctx, tx, stayID, desk.Of(ctx).PIN)
	})
}

// OwnDraft is the draft of the member of staff of ctx in the stay; nil for none.
func OwnDraft(ctx context.Context, d *desk.Desk, stayID string) (*Draft, error) {
	return loadDraft(ctx, d.DB.Read, stayID, desk.Of(ctx).PIN)
}

// InsertInto puts a text below what stands there already.
func InsertInto(body, more string) string {
	body, more = strings.TrimRight(body, " \n\t"), strings.TrimSpace(more)
	switch {
	case body == "":
		body = more
	case more != "" && !strings.Contains(body, more):
		body += "\n" + more
	}
	if runes := []rune(body); len(runes) > writing.MaxBody {
		body = string(runes[:writing.MaxBody])
	}
	return body
}
