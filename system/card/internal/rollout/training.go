package rollout

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Training is one session with who came.
type Training struct {
	ID           string
	Topic        string
	At           time.Time
	Format       string // online, onsite
	Place        string // address, or link of the call
	Organisation string // who holds it
	Trainer      string
	Line         string // of the schedule, "" for none
	CreatedBy    string
	CreatedName  string
	Invited      int
	Came         int
}

// Attendee is a person of a training.
type Attendee struct {
	PIN, Name, Organisation string
	Post                    text.Words // as it was when they were invited
	Attended                bool
}

// trainingFormats are where a session takes place.
var trainingFormats = []string{"online", "onsite"}

// monitors says whether the post is ЦЭЗ's, which sees every organisation.
func monitors(post workforceapi.Post) bool { return post.Role == workforceapi.Operator }

// ownOnly is the organisation to which what the reader sees is bounded, "" for
// the whole country.
func ownOnly(ctx context.Context) string {
	if post := desk.Of(ctx).Post; !monitors(post) {
		return post.Organisation
	}
	return ""
}

// Hold puts a session down, in the name of the reader's organisation. once makes
// a form that was sent twice one session.
func Hold(ctx context.Context, d *desk.Desk, once string, t Training) (string, error) {
	if len(once) != 36 {
		return "", fail.New(fail.BadRequest, "kit.bad_request")
	}
	staff := desk.Of(ctx)
	t.ID, t.Organisation, t.CreatedBy, t.CreatedName = once, staff.Post.Organisation, staff.PIN, staff.Name
	if t.Line != "" {
		lines, err := history(ctx, d.DB.Read, t.Line)
		if err != nil {
			return "", err
		}
		if len(lines) == 0 {
			return "", fail.Fields(fail.Finding{Field: "line", Key: "kit.field.choose"})
		}
	}
	return t.ID, d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := insertTraining(ctx, tx, t, d.Clock.Now())
		return err
	})
}

// Find is a session that the reader may see: ЦЭЗ every one, an organisation
// those it holds and those its people are invited to.
func Find(ctx context.Context, d *desk.Desk, trainingID string) (Training, error) {
	all, err := trainings(ctx, d.DB.Read, ownOnly(ctx), trainingID, Training{}, 1)
	if err != nil {
		return Training{}, err
	}
	if len(all) == 0 {
		return Training{}, fail.New(fail.NotFound, "kit.not_found")
	}
	return all[0], nil
}

// Invite adds everybody who works with the card in the organisation by НИСУР, and
// tells them where and when, if that is still to come.
// Management invites its own people alone.
func (r *Rollout) Invite(ctx context.Context, trainingID, organisation string) (int, error) {
	t, err := Find(ctx, r.Desk, trainingID)
	if err != nil {
		return 0, err
	}
	if own := ownOnly(ctx); own != "" {
		organisation = own
	}
	posts, err := r.Register.Staff(ctx, organisation)
	if err != nil {
		return 0, err
	}
	added := 0
	err = r.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		added = 0
		for _, p := range people(posts) {
			fresh, err := insertAttendee(ctx, tx, trainingID, Attendee{PIN: p.PIN, Name: p.PersonName, Post: p.Title, Organisation: organisation})
			if err != nil {
				return err
			}
			if !fresh {
				continue
			}
			added++
			if t.At.After(r.Desk.Clock.Now()) { // who is put down afterwards was there, or was not
				who := invitation{Training: trainingID, PIN: p.PIN}
				if _, err := r.Desk.Queue.Add(ctx, tx, inviteJob, who, job.Options{Unique: who.id(), Subject: trainingID}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return added, err
}

// Attendance says who of the people shown came. Only who could be seen changes:
// the others of a large session are left as they are.
func (r *Rollout) Attendance(ctx context.Context, trainingID string, came []string) error {
	t, err := Find(ctx, r.Desk, trainingID)
	if err != nil {
		return err
	}
	if t.At.After(r.Desk.Clock.Now()) {
		return fail.New(fail.Conflict, "card.rollout.not_yet")
	}
	staff, own := desk.Of(ctx), ownOnly(ctx)
	return r.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		people, err := attendees(ctx, tx, trainingID, own)
		if err != nil {
			return err
		}
		for _, p := range people {
			if attended := slices.Contains(came, p.PIN); attended != p.Attended {
				if err := markAttended(ctx, tx, trainingID, p.PIN, attended, r.Desk.Clock.Now(), staff.PIN); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// newID is for a form that may be sent twice.
func newID() string { return id.New() }
