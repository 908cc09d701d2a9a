package desk

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const choosePostURL = "/post"

// seat is what a session of the card keeps.
type seat struct {
	Staff Staff
	workforceapi.Standing
}

// Admit lets in who holds a post in a hospital by НИСУР. Give it to signin.Config.
func (d *Desk) Admit(ctx context.Context, c signin.Claims) (any, error) {
	now := d.Clock.Now() // before НИСУР is asked: what changes meanwhile is newer
	posts, err := d.Posts(ctx, c.PIN)
	if err != nil {
		return nil, err
	}
	if len(posts) == 0 {
		return nil, fail.New(fail.Forbidden, "card.no_post")
	}
	return d.Seat(Staff{PIN: c.PIN, Name: c.Name, Posts: posts}, now), nil
}

// Seat is what the session of the member of staff keeps, whose posts НИСУР
// confirmed then.
func (d *Desk) Seat(who Staff, confirmed time.Time) any {
	s := seat{Staff: who, Standing: workforceapi.Standing{Checked: confirmed, Tried: d.Clock.Now()}}
	if s.Staff.Name == "" {
		s.Staff.Name = who.Posts[0].PersonName
	}
	if len(who.Posts) == 1 {
		s.Staff.Post = who.Posts[0]
	}
	return s
}

// Posts are those by which a person works with the card.
func (d *Desk) Posts(ctx context.Context, pin string) ([]workforceapi.Post, error) {
	all, err := workforceapi.Client{Exchange: d.Exchange}.Posts(ctx, pin)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(p workforceapi.Post) bool {
		works := slices.Contains(Figures, p.Role) && d.inHospital(ctx, p)
		return !works && !d.oversees(ctx, p)
	}), nil
}

// inHospital is true for the posts of hospitals and clinics, false for those of
// the fund and of operators. While nothing is known of the organisation the role
// alone decides.
func (d *Desk) inHospital(ctx context.Context, p workforceapi.Post) bool {
	o, err := d.Directory.Organisation(ctx, p.Organisation)
	return err != nil || directory.Works(o.Kind)
}

// oversees is true for the posts of ЦЭЗ's monitor: an operator of an organisation
// that runs the systems.
func (d *Desk) oversees(ctx context.Context, p workforceapi.Post) bool {
	if p.Role != workforceapi.Operator {
		return false
	}
	o, err := d.Directory.Organisation(ctx, p.Organisation)
	return err == nil && o.Kind == "operator"
}

type sittingKey struct{}

// sitting is what the cookie of a request led to.
type sitting struct {
	staff Staff
	err   error
}

// seated looks up who sends the request before the page is made, so that the
// layout and the page know the same.
func (d *Desk) seated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		staff, err := d.sit(r)
		ctx := context.WithValue(r.Context(), sittingKey{}, sitting{staff, err})
		if err == nil && staff.PIN != "" {
			ctx = With(ctx, staff)
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// sit reads the session and asks НИСУР again, twice a minute and when it told of
// a change.
func (d *Desk) sit(r *http.Request) (Staff, error) {
	ctx := r.Context()
	current, ok, err := d.Sessions.Of(r)
	if err != nil || !ok {
		return Staff{}, err
	}
	var s seat
	if err := current.Bind(&s); err != nil {
		return Staff{}, err
	}
	now := d.Clock.Now()
	if err := d.last(ctx, &s.Staff, clock.DateOf(now)); err != nil {
		return Staff{}, err
	}
	if !s.Due(now, current.Doubted) {
		return s.Staff, nil
	}
	return d.recheck(ctx, current, s)
}

func (d *Desk) recheck(ctx context.Context, current session.Session, s seat) (Staff, error) {
	away, err := s.Renew(ctx, d.Clock.Now(), current.Doubted, func(ctx context.Context) error {
		posts, err := d.Posts(ctx, s.Staff.PIN)
		if err != nil {
			return err
		}
		if len(posts) == 0 {
			return fail.New(fail.Forbidden, "card.no_post")
		}
		s.Staff.Posts, s.Staff.Post = posts, choose(posts, s.Staff.Post.ID)
		return nil
	})
	if err != nil && !fail.Is(err, fail.Forbidden) && d.Away != nil && d.Away(s.Checked) {
		away, err = err, nil
	}
	if fail.Is(err, fail.Forbidden) {
		return Staff{}, d.left(ctx, s.Staff.PIN)
	}
	if err != nil {
		return Staff{}, err
	}
	if away != nil {
		d.Log.WarnContext(ctx, "posts not checked again", "system", "card", "error", away.Error())
	}
	return s.Staff, d.Sessions.Update(ctx, current, s)
}

// last takes away the posts whose day of leaving has come, without asking НИСУР,
// which told of it before; fail.Forbidden when none is left.
func (d *Desk) last(ctx context.Context, who *Staff, today clock.Date) error {
	lasting := workforceapi.Lasting(who.Posts, today)
	if len(lasting) == len(who.Posts) {
		return nil
	}
	if len(lasting) == 0 {
		return d.left(ctx, who.PIN)
	}
	who.Posts, who.Post = lasting, choose(lasting, who.Post.ID)
	return nil
}

// left ends every session of who works here no more, and says so.
func (d *Desk) left(ctx context.Context, pin string) error {
	if err := d.Sessions.EndPIN(ctx, pin); err != nil {
		return err
	}
	return fail.New(fail.Forbidden, "card.no_post")
}

// choose is the post of the id, the only one if there is one, or none.
func choose(posts []workforceapi.Post, id string) workforceapi.Post {
	for _, p := range posts {
		if p.ID == id || len(posts) == 1 {
			return p
		}
	}
	return workforceapi.Post{}
}

// Fill tells the layout who is signed in. Give it, with the navigation of the
// system, to page.Site.
func Fill(r *http.Request, v *page.View) error {
	s, _ := r.Context().Value(sittingKey{}).(sitting)
	if s.err != nil {
		return s.err
	}
	if s.staff.PIN == "" {
		return nil
	}
	ctx := r.Context()
	v.User = &page.User{PIN: s.staff.PIN, Name: s.staff.Name}
	if s.staff.Post.ID != "" {
		v.User.Role, v.User.Organisation = PostTitle(ctx, s.staff.Post), s.staff.Post.OrganisationName.Here(ctx)
	}
	v.SignOut = "/sign-out"
	return nil
}

// toPost leads to the choice of a post and back.
func toPost(w http.ResponseWriter, r *http.Request) error {
	return page.Redirect(w, r, choosePostURL+"?next="+url.QueryEscape(page.Of(r.Context()).Path))
}
