package cabinet

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

func (c *Cabinet) showSecurity(w http.ResponseWriter, r *http.Request, p door.Person) error {
	ctx := r.Context()
	var tasks []design.Task
	for _, s := range c.sections {
		t := design.Task{Title: text.T(ctx, s.Key), Href: s.Path}
		if s.HintKey != "" {
			t.Hint = text.T(ctx, s.HintKey)
		}
		if s.Status != nil {
			var err error
			if t.Status, t.Tone, err = s.Status(ctx, p.Account); err != nil {
				return err
			}
		}
		tasks = append(tasks, t)
	}
	sessions, err := c.Sessions.Of(ctx, p.Account.ID)
	if err != nil {
		return err
	}
	tasks = append(tasks,
		design.Task{Title: text.T(ctx, "identity.cabinet.sessions"), Hint: text.T(ctx, "identity.cabinet.sessions_hint"), Href: "/security/sessions", Status: text.T(ctx, "identity.cabinet.sessions_count", "Count", len(sessions))},
		design.Task{Title: text.T(ctx, "identity.cabinet.events"), Hint: text.T(ctx, "identity.cabinet.events_hint"), Href: "/security/events"},
	)
	waits, err := c.Control.Waiting(ctx, p.Account.ID)
	if err != nil {
		return err
	}
	next := advice(ctx, p.Account)
	if p.Account.Frozen(c.Clock.Now()) { // it could not be taken
		next = step{}
	}
	return page.Render(w, r, http.StatusOK, securityPage(p.Account, c.Clock.Now(), len(waits), tasks, next))
}

// step is what would make the account safer, and where to take it: the page's path
// and the key of its name.
type step struct{ words, path, key string }

// advice is the next step, an empty one when there is none.
func advice(ctx context.Context, a account.Account) step {
	switch {
	case !a.PhoneVerified:
		return step{text.T(ctx, "identity.advice.phone"), contactsPath, "identity.cabinet.contacts"}
	case !a.EmailVerified:
		return step{text.T(ctx, "identity.advice.email"), contactsPath, "identity.cabinet.contacts"}
	case !a.HasTOTP():
		return step{text.T(ctx, "identity.advice.totp"), "/security/factors", "identity.cabinet.factors"}
	}
	return step{}
}
