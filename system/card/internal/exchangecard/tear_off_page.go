package exchangecard

import (
	"net/http"
	"net/url"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// inboxPage is the tear-offs that came to the organisation.
func inboxPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	after := r.URL.Query().Get("after")
	all, next, err := inbox(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, after)
	if err != nil {
		return err
	}
	var pins []string
	for _, a := range all {
		pins = append(pins, a.Mother.PIN)
	}
	if err := d.SeenAll(ctx, pins, "antenatal.inbox"); err != nil {
		return err
	}
	first := ""
	if after != "" {
		first = "/tear-offs"
	}
	if next != "" {
		next = "/tear-offs?after=" + url.QueryEscape(next)
	}
	return page.Render(w, r, http.StatusOK, inboxView(all, first, next))
}

func tearOffPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	all, err := versionsOf(ctx, d.DB.Read, desk.Of(ctx).Post.Organisation, r.PathValue("root"))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	if err := seenTearOff(ctx, d, all[0]); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, tearOffView(all))
}

func readPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := MarkRead(r.Context(), d, r.PathValue("root"), writing.Whole(form.Get("seen"))); err != nil {
		return err
	}
	page.Notice(w, "card.antenatal.was_read")
	return page.Redirect(w, r, "/tear-offs")
}
