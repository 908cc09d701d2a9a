package control

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// AsidePath is the page on which the person looks at what was put aside.
const AsidePath = "/security/suspended"

type asideView struct {
	waits, done []Thing
	strong      bool   // what waits may be kept on this sign-in
	frozen      bool   // then by card or certificate alone
	again       string // where to sign in by a stronger way
}

func (c *Control) showAside(w http.ResponseWriter, r *http.Request, p door.Person) error {
	all, err := c.All(r.Context(), p.Account.ID)
	if err != nil {
		return err
	}
	now := c.Clock.Now()
	v := asideView{strong: strong(p, now), frozen: p.Account.Frozen(now), again: door.Target{Next: AsidePath}.To("/sign-in")}
	for _, t := range all {
		if t.State == Waiting {
			v.waits = append(v.waits, t)
		} else {
			v.done = append(v.done, t)
		}
	}
	return page.Render(w, r, http.StatusOK, asidePage(v))
}

func (c *Control) takeAside(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	do := form.Choice("do", "keep", "remove")
	if !form.OK() {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	if err := c.review(r.Context(), p, form.Get("thing"), do == "keep", door.PlaceOf(r)); err != nil {
		return err
	}
	page.Notice(w, "identity.aside.did."+do) // text: identity.aside.did.*
	return page.Redirect(w, r, AsidePath)
}

// AsideKind is the word for what kind of thing it is.
func AsideKind(ctx context.Context, t Thing) string {
	return text.T(ctx, "identity.aside."+t.Kind) // text: identity.aside.*
}

// became says what became of a thing, when and by whom.
func became(ctx context.Context, t Thing) string {
	by := "operator"
	switch t.By {
	case byPerson, byRecovery, byClosing:
		by = t.By
	}
	return text.T(ctx, "identity.aside.by."+string(t.State)+"_"+by, "Time", text.Moment(t.Decided)) // text: identity.aside.by.*
}

func asideRows(ctx context.Context, t Thing) []design.Row {
	rows := []design.Row{{Key: text.T(ctx, "identity.aside.kind"), Value: AsideKind(ctx, t)}}
	if !t.Added.IsZero() {
		rows = append(rows, design.Row{Key: text.T(ctx, "identity.aside.added"), Value: text.Moment(t.Added)})
	}
	return append(rows, design.Row{Key: text.T(ctx, "identity.aside.since"), Value: text.Moment(t.Suspended)})
}
