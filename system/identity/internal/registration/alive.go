package registration

import (
	"context"
	"strconv"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/internal/face"
)

// notAlive is the doubt of who has not done the task: an operator decides.
const notAlive = "identity.photo.not_alive"

// task is what the person is asked to do before the camera. It follows from the
// photo and from how often it failed, and from a secret of ours: asking for the
// page again gives no other.
func (g *Registrations) task(r Registration) (face.Task, error) {
	drawn, err := g.Box.Token("alive", r.PhotoID+" "+strconv.Itoa(r.PhotoRefused))
	if err != nil || drawn == "" {
		return "", err
	}
	sum := 0
	for _, letter := range []byte(drawn) {
		sum += int(letter)
	}
	return face.Tasks[sum%len(face.Tasks)], nil
}

// alive takes the second photo. It is looked at and not kept. After photoTries
// that do not show the task done an operator decides.
func (g *Registrations) alive(ctx context.Context, r Registration, data []byte) (Registration, error) {
	if err := g.Throttle.Try(ctx, photos, r.ID); err != nil {
		return r, err
	}
	asked, err := g.task(r)
	if err != nil {
		return r, err
	}
	kept, err := g.JPEG(ctx, r.ID, r.PhotoID)
	if err != nil {
		return r, err
	}
	err = g.Faces.Alive(ctx, kept, data, asked)
	if err != nil && !fail.Is(err, fail.Invalid) {
		return r, err
	}
	if err != nil {
		r.PhotoRefused++
		if r.PhotoRefused >= int(g.Door.Lives.Number(photoTries)) {
			return g.unproved(ctx, r)
		}
		if updateErr := g.update(ctx, r); updateErr != nil {
			return r, updateErr
		}
		return r, err
	}
	r.PhotoAt = g.Clock.Now()
	return r, g.update(ctx, r)
}

// unproved goes on without the task: the photo stands, and an operator decides.
func (g *Registrations) unproved(ctx context.Context, r Registration) (Registration, error) {
	r.PhotoAt, r.PhotoDoubt = g.Clock.Now(), notAlive
	return r, g.update(ctx, r)
}
