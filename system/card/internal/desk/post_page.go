package desk

import (
	"net/http"
	"net/url"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

// MountPost puts in the page where a person with several posts says in which
// one they act.
func MountPost(d *Desk) {
	d.mountReason()
	d.signedIn("GET "+choosePostURL, func(w http.ResponseWriter, r *http.Request) error {
		staff := Of(r.Context())
		form := page.NewForm("post", staff.Post.ID, "next", page.Local(r.URL.Query().Get("next")))
		return page.Render(w, r, http.StatusOK, postPage(staff, form))
	})
	d.signedIn("POST "+choosePostURL, func(w http.ResponseWriter, r *http.Request) error {
		form, err := page.ReadForm(w, r)
		if err != nil {
			return err
		}
		ctx, staff := r.Context(), Of(r.Context())
		post := choose(staff.Posts, form.Get("post"))
		if post.ID == "" {
			form.Fail("post", "kit.field.choose")
			return page.Render(w, r, http.StatusUnprocessableEntity, postPage(staff, form))
		}
		current, ok, err := d.Sessions.Of(r)
		if err != nil {
			return err
		}
		if !ok {
			return fail.New(fail.SignedOut, "kit.session_ended")
		}
		var s seat
		if err := current.Bind(&s); err != nil {
			return err
		}
		s.Staff.Post = post
		if err := d.Sessions.Update(ctx, current, s); err != nil {
			return err
		}
		return page.Redirect(w, r, page.Local(form.Get("next")))
	})
}

// PostAddress is the page that chooses a post and leads back to the path.
func PostAddress(path string) string { return choosePostURL + "?next=" + url.QueryEscape(path) }
