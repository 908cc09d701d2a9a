package registration

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/system/identity/internal/face"
)

// Kind is what a photo shows.
type Kind string

// The kinds.
const (
	Face     Kind = "face"
	Passport Kind = "passport" // its page with the photo, for an operator's eyes
)

// photo takes a photo of the person. One that the machine does not take is told
// why; after photoTries it is kept all the same, for an operator to look at.
func (g *Registrations) photo(ctx context.Context, r Registration, data []byte, confirmed bool) (Registration, error) {
	if err := g.Throttle.Try(ctx, photos, r.ID); err != nil {
		return r, err
	}
	taken, err := g.Faces.Face(ctx, data)
	if err != nil && !fail.Is(err, fail.Invalid) {
		return r, err
	}
	doubt := ""
	if err != nil {
		r.PhotoRefused++
		if taken.JPEG == nil || r.PhotoRefused < int(g.Door.Lives.Number(photoTries)) {
			if updateErr := g.update(ctx, r); updateErr != nil {
				return r, updateErr
			}
			return r, err
		}
		doubt = fail.As(err).Findings[0].Key
		confirmed = false // the person sees first what an operator is to see
	}
	old := r.PhotoID
	r.PhotoID, r.PhotoDoubt, r.PhotoAt = id.New(), doubt, time.Time{}
	if doubt == "" {
		r.PhotoRefused = 0
	}
	if confirmed && !r.Sure() {
		r.PhotoAt = g.Clock.Now()
	}
	return r, g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := g.dropPhoto(ctx, tx, old); err != nil {
			return err
		}
		if err := g.keep(ctx, tx, r, r.PhotoID, Face, taken); err != nil {
			return err
		}
		return g.save(ctx, tx, r)
	})
}

// confirmPhoto is the person's word that this is how they look. Where a machine
// is to decide, the task comes after it; see alive.go.
func (g *Registrations) confirmPhoto(ctx context.Context, r Registration) (Registration, error) {
	if r.PhotoID == "" {
		return r, fail.New(fail.BadRequest, "kit.bad_request")
	}
	if r.Sure() && r.PhotoAt.IsZero() {
		return r, nil
	}
	r.PhotoAt = g.Clock.Now()
	return r, g.update(ctx, r)
}

// document takes a photo of the passport.
func (g *Registrations) document(ctx context.Context, r Registration, data []byte) error {
	if err := g.Throttle.Try(ctx, photos, r.ID); err != nil {
		return err
	}
	taken, err := g.Faces.Read(ctx, data)
	if err != nil {
		return err
	}
	old := r.DocumentID
	r.DocumentID = id.New()
	return g.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := g.dropPhoto(ctx, tx, old); err != nil {
			return err
		}
		if err := g.keep(ctx, tx, r, r.DocumentID, Passport, taken); err != nil {
			return err
		}
		return g.save(ctx, tx, r)
	})
}

// keep seals the photo. It goes with a registration that is not finished.
func (g *Registrations) keep(ctx context.Context, tx *sql.Tx, r Registration, photoID string, kind Kind, p face.Photo) error {
	sealed, err := g.Box.Seal("photo", photoID, p.JPEG)
	if err != nil {
		return err
	}
	measured, err := json.Marshal(p.Found)
	if err != nil {
		return err
	}
	return g.insertPhoto(ctx, tx, photoID, r, kind, sealed, string(measured))
}

// JPEG opens a photo of the registration; nil when there is none (any more).
// Who shows it to somebody else than the person records that.
func (g *Registrations) JPEG(ctx context.Context, registrationID, photoID string) ([]byte, error) {
	if photoID == "" {
		return nil, nil
	}
	sealed, found, err := g.sealed(ctx, registrationID, photoID)
	if err != nil || !found {
		return nil, err
	}
	return g.Box.Open("photo", photoID, sealed)
}

// OfAccount is the photo of the account's owner as they confirmed it; nil when
// there is none.
func (g *Registrations) OfAccount(ctx context.Context, accountID string) ([]byte, error) {
	photoID, sealed, found, err := g.sealedOf(ctx, accountID)
	if err != nil || !found {
		return nil, err
	}
	return g.Box.Open("photo", photoID, sealed)
}
