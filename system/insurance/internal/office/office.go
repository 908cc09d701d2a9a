// Package office is where the fund's experts sit, and where operators of
// hospitals come to the fund: it signs them in through ЕСИ and lets in who НИСУР
// says is an expert of the fund, or answers for a hospital's forms.
package office

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Office is what every page of the fund works with.
type Office struct {
	Workforce workforceapi.API
	Clock     clock.Clock
	Log       *slog.Logger
	Sessions  *session.Store
	SignIn    *signin.Client
	Site      *page.Site
	Mux       *http.ServeMux
}

// Expert is who is signed in: an expert of the fund, or a hospital's operator.
type Expert struct {
	PIN  string            `json:"pin"`
	Name string            `json:"name"`
	Post workforceapi.Post `json:"post"`
	workforceapi.Standing
}

// Decides is the expert as decisions and records name them.
func (e Expert) Decides() treated.Expert {
	return treated.Expert{PIN: e.PIN, Name: e.Name, Role: e.Post.Title.RU, Title: e.Post.Title, Organisation: e.Post.OrganisationName.RU, Hospital: e.Hospital()}
}

// Clerks are the roles that may enter a hospital's cases and speak for it.
var Clerks = []workforceapi.Role{workforceapi.Statistician, workforceapi.Head, workforceapi.Chief}

// Readers are management too: the hospital's sums and acts, which name nobody.
var Readers = append(slices.Clone(Clerks), workforceapi.Manager)

// Hospital is the code of the hospital whose operator this is; "" for an expert
// of the fund and for nobody.
func (e Expert) Hospital() string {
	if e.PIN == "" || !slices.Contains(Readers, e.Post.Role) {
		return ""
	}
	return e.Post.Organisation
}

// Enters says whether this operator works with the hospital's cases, which have
// names; management reads sums alone.
func (e Expert) Enters() bool { return e.Hospital() != "" && slices.Contains(Clerks, e.Post.Role) }

// OpensCases says whether cases, which have names, are open to the reader.
func (e Expert) OpensCases() bool { return e.OfFund() || e.Enters() }

// OfFund says whether this is an expert of the fund.
func (e Expert) OfFund() bool { return e.PIN != "" && e.Post.Role == workforceapi.Expert }

// posted says whether this is anybody of the fund or of a hospital.
func (e Expert) posted() bool { return e.OfFund() || e.Hospital() != "" }

// noPost is the sentence for who has no post for which the fund opens.
const noPost = "insurance.no_post"

type expertKey struct{}

// Of is the expert of the request; the zero Expert outside a page.
func Of(ctx context.Context) Expert {
	e, _ := ctx.Value(expertKey{}).(Expert)
	return e
}

// Admit lets in who is an expert of the fund today, or holds one of the posts of
// Clerks in a hospital.
func (o *Office) Admit(ctx context.Context, c signin.Claims) (any, error) {
	now := o.Clock.Now() // before НИСУР is asked: what changes meanwhile is newer
	post, err := o.post(ctx, c.PIN)
	if err != nil {
		return nil, err
	}
	return Expert{PIN: c.PIN, Name: post.PersonName, Post: post, Standing: workforceapi.Stands(now)}, nil
}

func (o *Office) post(ctx context.Context, pin string) (workforceapi.Post, error) {
	posts, err := o.Workforce.Posts(ctx, pin)
	if err != nil {
		return workforceapi.Post{}, err
	}
	var clerk workforceapi.Post
	for _, p := range posts {
		expert := p.Role == workforceapi.Expert
		if !expert && ((clerk.PIN != "" && slices.Contains(Clerks, clerk.Role)) || !slices.Contains(Readers, p.Role)) {
			continue
		}
		organisation, err := o.Workforce.Organisation(ctx, p.Organisation)
		switch {
		case err != nil:
			return workforceapi.Post{}, err
		case expert && organisation.Kind == "fund":
			return p, nil
		case !expert && organisation.Kind == "hospital":
			clerk = p
		}
	}
	if clerk.PIN != "" {
		return clerk, nil
	}
	return workforceapi.Post{}, fail.New(fail.Forbidden, noPost)
}

// Public mounts a page for everybody.
func (o *Office) Public(pattern string, h page.Handler) {
	o.Mux.Handle(pattern, o.seated(o.Site.Wrap(h)))
}

// Page mounts a page for experts of the fund.
func (o *Office) Page(pattern string, h page.Handler) {
	o.seat(pattern, h, "insurance.only_fund", Expert.OfFund)
}

// Desk mounts a page for operators of hospitals.
func (o *Office) Desk(pattern string, h page.Handler) {
	o.seat(pattern, h, "insurance.only_hospital", Expert.Enters)
}

// Both mounts a page for either; what a hospital sees there is its own.
func (o *Office) Both(pattern string, h page.Handler) {
	o.seat(pattern, h, "insurance.only_cases", Expert.OpensCases)
}

// Sums mounts a page that names nobody, for management too.
func (o *Office) Sums(pattern string, h page.Handler) {
	o.seat(pattern, h, noPost, Expert.posted)
}

// seat mounts a page for those who may; key says to others with a post here whose
// page it is.
func (o *Office) seat(pattern string, h page.Handler, key string, may func(Expert) bool) {
	o.Public(pattern, o.SignIn.Require(func(w http.ResponseWriter, r *http.Request) error {
		switch e := Of(r.Context()); {
		case may(e):
		case e.posted():
			return fail.New(fail.Forbidden, key)
		default:
			return fail.New(fail.Forbidden, noPost)
		}
		return h(w, r)
	}))
}

// Arrive is where one comes to after signing in: each to their own work.
func Arrive(w http.ResponseWriter, r *http.Request) error {
	switch e := Of(r.Context()); {
	case e.Enters():
		return page.Redirect(w, r, "/entry")
	case e.Hospital() != "":
		return page.Redirect(w, r, "/totals")
	}
	return page.Redirect(w, r, "/cases")
}

// seated puts the expert into the request's context.
func (o *Office) seated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, err := o.expert(r)
		if err != nil {
			o.Site.Wrap(func(http.ResponseWriter, *http.Request) error { return err }).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), expertKey{}, e)))
	})
}

// expert is who the session names, asked about anew twice a minute and
// when НИСУР tells of a change: who has
// left the fund is nobody here. While НИСУР is away the session goes on until
// the day of leaving that was known.
func (o *Office) expert(r *http.Request) (Expert, error) {
	current, ok, err := o.Sessions.Of(r)
	if err != nil || !ok {
		return Expert{}, err
	}
	var e Expert
	if err := current.Bind(&e); err != nil {
		return Expert{}, err
	}
	now := o.Clock.Now()
	if until := e.Post.Until; !until.IsZero() && !clock.DateOf(now).Before(until) {
		return Expert{}, nil
	}
	if !e.Due(now, current.Doubted) {
		return e, nil
	}
	away, err := e.Renew(r.Context(), now, current.Doubted, func(ctx context.Context) error {
		post, err := o.post(ctx, e.PIN)
		if err == nil {
			e.Post = post
		}
		return err
	})
	if fail.Is(err, fail.Forbidden) {
		return Expert{}, nil
	}
	if err != nil {
		return Expert{}, err
	}
	if away != nil {
		o.Log.WarnContext(r.Context(), "НИСУР could not be asked about an expert", "system", "insurance", "error", away.Error())
	}
	return e, o.Sessions.Update(r.Context(), current, e)
}

// Fill gives the layout its user and navigation.
func Fill(r *http.Request, v *page.View) error {
	e := Of(r.Context())
	if e.PIN != "" {
		v.User = &page.User{PIN: e.PIN, Name: e.Name, Role: e.Post.Title.In(v.Lang), Organisation: e.Post.OrganisationName.In(v.Lang)}
		v.SignOut = "/sign-out"
		if e.Enters() {
			v.Nav = append(v.Nav, page.NavItem{Key: "insurance.nav.entry", Path: "/entry"})
		}
		if e.OpensCases() {
			v.Nav = append(v.Nav, page.NavItem{Key: "insurance.nav.cases", Path: "/cases"})
		}
		v.Nav = append(v.Nav, page.NavItem{Key: "insurance.nav.totals", Path: "/totals"}, page.NavItem{Key: "insurance.nav.acts", Path: "/acts"})
		if e.OfFund() {
			v.Nav = append(v.Nav, page.NavItem{Key: "insurance.nav.rerun", Path: "/rerun"})
		}
	} else {
		v.SignIn = "/sign-in"
	}
	v.Nav = append(v.Nav, page.NavItem{Key: "insurance.nav.rules", Path: "/rules"}, page.NavItem{Key: "insurance.nav.prices", Path: "/prices"}, page.NavItem{Key: "insurance.simulator.title", Path: "/simulator"})
	return nil
}
