package certificates

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// Path is the page.
const Path = "/security/certificates"

// Mount puts the pages into the mux. Who revokes has just proved anew who they are.
func (c *Certificates) Mount(mux *http.ServeMux) {
	c.Site.Handle(mux, "GET "+Path, c.Door.In(c.list))
	c.Site.Handle(mux, "GET "+Path+"/{serial}", c.Door.Fresh(c.ask))
	c.Site.Handle(mux, "POST "+Path+"/{serial}", c.Door.Fresh(c.take))
}

func (c *Certificates) list(w http.ResponseWriter, r *http.Request, p door.Person) error {
	all, err := c.of(r.Context(), p.Account)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, c.listPage(all))
}

func (c *Certificates) ask(w http.ResponseWriter, r *http.Request, p door.Person) error {
	return c.asked(w, r, http.StatusOK, p, page.NewForm())
}

func (c *Certificates) asked(w http.ResponseWriter, r *http.Request, status int, p door.Person, form *page.Form) error {
	one, err := c.one(r.Context(), p.Account, r.PathValue("serial"))
	if err != nil {
		return err
	}
	if stateOf(one, c.Clock.Now()) == revoked {
		return page.Redirect(w, r, Path)
	}
	return page.Render(w, r, status, c.revokePage(form, one))
}

func (c *Certificates) take(w http.ResponseWriter, r *http.Request, p door.Person) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	one, err := c.one(r.Context(), p.Account, r.PathValue("serial"))
	if err != nil {
		return err
	}
	reason := signatureapi.Reason(form.Choice("reason", names()...))
	if !form.OK() {
		return c.asked(w, r, http.StatusUnprocessableEntity, p, form)
	}
	if err := c.revoke(r.Context(), p.Account, one.Serial, reason); err != nil {
		if fail.Is(err, fail.Invalid) && form.Take(err) {
			return c.asked(w, r, http.StatusUnprocessableEntity, p, form)
		}
		return err
	}
	page.Notice(w, "identity.certificates.done")
	return page.Redirect(w, r, Path)
}

func names() []string {
	all := make([]string, 0, len(Reasons))
	for _, r := range Reasons {
		all = append(all, string(r))
	}
	return all
}

func reasons(ctx context.Context, form *page.Form) []design.Option {
	all := make([]design.Option, 0, len(Reasons))
	for _, r := range Reasons {
		all = append(all, design.Option{Value: string(r), Label: text.T(ctx, "identity.certificates.reason."+string(r))}) // text: identity.certificates.reason.*
	}
	return design.Choose(form, "reason", all)
}

// title is what the certificate is of and for.
func title(ctx context.Context, one signatureapi.Certificate) string {
	switch one.Medium + "/" + string(one.Usage) {
	case "card/authentication", "card/signature", "cloud/signature":
		return text.T(ctx, "identity.certificates.of."+one.Medium+"."+string(one.Usage)) // text: identity.certificates.of.*
	}
	return one.Medium + ", " + string(one.Usage)
}

func (c *Certificates) rows(ctx context.Context, one signatureapi.Certificate) []design.Row {
	all := []design.Row{
		{Key: text.T(ctx, "identity.certificates.from"), Value: text.Date(clock.DateOf(one.NotBefore))},
		{Key: text.T(ctx, "identity.certificates.until"), Value: text.Date(clock.DateOf(one.NotAfter))},
		{Key: text.T(ctx, "identity.certificates.serial"), Component: serial(text.Fours(one.Serial))},
	}
	if !one.RevokedAt.IsZero() {
		all = append(all, design.Row{Key: text.T(ctx, "identity.certificates.revoked_at"), Value: text.Moment(one.RevokedAt)})
		switch one.Reason {
		case signatureapi.KeyCompromise, signatureapi.Ceased, signatureapi.Superseded:
			all = append(all, design.Row{Key: text.T(ctx, "identity.certificates.why"), Value: text.T(ctx, "identity.certificates.reason."+string(one.Reason))})
		}
	}
	return all
}

func stateWord(ctx context.Context, state string) string {
	return text.T(ctx, "identity.certificates.state."+state) // text: identity.certificates.state.*
}

func tone(state string) string {
	switch state {
	case good:
		return "done"
	case revoked:
		return "danger"
	case early:
		return "info"
	}
	return "neutral"
}
