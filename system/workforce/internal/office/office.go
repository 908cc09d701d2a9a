// Package office is where НИСУР's users sit: it signs them in through ЕСИ and
// reads their posts anew for every page, so that who leaves is out at once.
package office

import (
	"context"
	"net/http"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/session"
	"github.com/sanarip/sanarip/kit/signin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Office is what every page of НИСУР works with.
type Office struct {
	// Posts are those that the person holds today.
	Posts    func(ctx context.Context, pin string) ([]workforceapi.Post, error)
	Sessions *session.Store
	SignIn   *signin.Client
	Site     *page.Site
	Mux      *http.ServeMux
}

// Member is who is signed in, with the posts of today.
type Member struct {
	PIN   string
	Name  string
	Posts []workforceapi.Post
}

// In says whether the member works in the organisation. Who keeps the register
// sees every one.
func (m Member) In(code string) bool {
	return m.Keeps() || slices.ContainsFunc(m.Posts, func(p workforceapi.Post) bool { return p.Organisation == code })
}

// Keeps says whether the member keeps the register: the operator (ЦЭЗ) and the
// ministry. They open, reorganise and close organisations and change their codes.
func (m Member) Keeps() bool {
	return slices.ContainsFunc(m.Posts, func(p workforceapi.Post) bool {
		return p.Role == workforceapi.Operator || p.Role == workforceapi.Ministry
	})
}

// Edits says whether the member may change the organisation's departments, beds,
// papers and reports: its management, and who keeps the register.
func (m Member) Edits(code string) bool { return m.Manages(code) || m.Keeps() }

// Actor is the member as records name them, in the organisation or, for who
// keeps the register, in their own.
func (m Member) Actor(code string) change.Actor {
	p := m.PostIn(code)
	if p.ID == "" && len(m.Posts) > 0 {
		p = m.Posts[0]
	}
	return change.Actor{PIN: m.PIN, Name: m.Name, Role: p.Title.RU, Organisation: p.OrganisationName.RU}
}

// Manages says whether the member is management of the organisation.
func (m Member) Manages(code string) bool {
	return slices.ContainsFunc(m.Posts, func(p workforceapi.Post) bool {
		return p.Organisation == code && p.Role == workforceapi.Manager
	})
}

// PostIn is the member's first post in the organisation, for records.
func (m Member) PostIn(code string) workforceapi.Post {
	for _, p := range m.Posts {
		if p.Organisation == code {
			return p
		}
	}
	return workforceapi.Post{}
}

type kept struct {
	Name string `json:"name"`
}

type memberKey struct{}

// Of is the member of the request; the zero Member outside a page.
func Of(ctx context.Context) Member {
	m, _ := ctx.Value(memberKey{}).(Member)
	return m
}

// With is for tests.
func With(ctx context.Context, m Member) context.Context {
	return context.WithValue(ctx, memberKey{}, m)
}

// Admit lets in who holds a post today.
func (o *Office) Admit(ctx context.Context, c signin.Claims) (any, error) {
	posts, err := o.Posts(ctx, c.PIN)
	if err != nil {
		return nil, err
	}
	if len(posts) == 0 {
		return nil, fail.New(fail.Forbidden, "workforce.no_post")
	}
	return kept{posts[0].PersonName}, nil
}

// Public mounts a page that needs no sign-in.
func (o *Office) Public(pattern string, h page.Handler) {
	o.Mux.Handle(pattern, o.seated(o.Site.Wrap(h)))
}

// Page mounts a page for people who hold a post.
func (o *Office) Page(pattern string, h page.Handler) {
	o.Public(pattern, o.SignIn.Require(func(w http.ResponseWriter, r *http.Request) error {
		if len(Of(r.Context()).Posts) == 0 {
			return fail.New(fail.Forbidden, "workforce.no_post")
		}
		return h(w, r)
	}))
}

// Own mounts a page of an organisation, {code} in the pattern, for those who
// work there. Another organisation is "not there" to them.
func (o *Office) Own(pattern string, h page.Handler) {
	o.Page(pattern, func(w http.ResponseWriter, r *http.Request) error {
		if !Of(r.Context()).In(r.PathValue("code")) {
			return fail.New(fail.NotFound, "kit.not_found")
		}
		return h(w, r)
	})
}

// Managed mounts a page for the management of the organisation {code}.
func (o *Office) Managed(pattern string, h page.Handler) {
	o.Own(pattern, func(w http.ResponseWriter, r *http.Request) error {
		if !Of(r.Context()).Manages(r.PathValue("code")) {
			return fail.New(fail.Forbidden, "workforce.managers_only")
		}
		return h(w, r)
	})
}

// Edited mounts a page for those who may change the organisation {code}.
func (o *Office) Edited(pattern string, h page.Handler) {
	o.Own(pattern, func(w http.ResponseWriter, r *http.Request) error {
		if !Of(r.Context()).Edits(r.PathValue("code")) {
			return fail.New(fail.Forbidden, "workforce.managers_only")
		}
		return h(w, r)
	})
}

// Kept mounts a page for those who keep the register.
func (o *Office) Kept(pattern string, h page.Handler) {
	o.Page(pattern, func(w http.ResponseWriter, r *http.Request) error {
		if !Of(r.Context()).Keeps() {
			return fail.New(fail.Forbidden, "workforce.keepers_only")
		}
		return h(w, r)
	})
}

// seated puts the member into the request's context.
func (o *Office) seated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, err := o.member(r)
		if err != nil {
			o.Site.Wrap(func(http.ResponseWriter, *http.Request) error { return err }).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(With(r.Context(), m)))
	})
}

func (o *Office) member(r *http.Request) (Member, error) {
	current, ok, err := o.Sessions.Of(r)
	if err != nil || !ok {
		return Member{}, err
	}
	var k kept
	if err := current.Bind(&k); err != nil {
		return Member{}, err
	}
	posts, err := o.Posts(r.Context(), current.PIN)
	return Member{current.PIN, k.Name, posts}, err
}

// Fill gives the layout its user and navigation.
func Fill(r *http.Request, v *page.View) error {
	m := Of(r.Context())
	if m.PIN == "" {
		v.SignIn = "/sign-in"
		return nil
	}
	v.User = &page.User{PIN: m.PIN, Name: m.Name}
	v.SignOut = "/sign-out"
	if len(m.Posts) > 0 {
		p := m.Posts[0]
		v.User.Role, v.User.Organisation = PostTitle(v.Lang, p), p.OrganisationName.In(v.Lang)
		v.Nav = []page.NavItem{{Key: "workforce.nav.organisation", Path: "/organisations/" + p.Organisation}}
		if len(m.Posts) > 1 || m.Keeps() {
			v.Nav = append(v.Nav, page.NavItem{Key: "workforce.nav.all", Path: "/organisations"})
		}
		if m.Keeps() {
			v.Nav = append(v.Nav,
				page.NavItem{Key: "workforce.nav.equipment", Path: "/equipment"},
				page.NavItem{Key: "workforce.nav.responsible", Path: "/responsible"})
		}
	}
	return nil
}

// PostTitle is the post as people read it.
func PostTitle(l text.Lang, p workforceapi.Post) string {
	title := p.Title.In(l)
	if department := p.DepartmentName.In(l); department != "" {
		title += ", " + department
	}
	return title
}
