package factor

import (
	"encoding/base64"
	"net/http"

	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// picture is a QR code as the address of an image.
func picture(content string) (string, error) {
	png, err := document.QRPNG(content, 6)
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png), err
}

func (p *Pages) showTOTP(w http.ResponseWriter, r *http.Request, who door.Person) error {
	way, err := WayOf(p.Door, w, r)
	if err != nil {
		return err
	}
	if who.Account.HasTOTP() && r.URL.Query().Get("replace") == "" {
		return page.Render(w, r, http.StatusOK, totpThere())
	}
	return p.renderTOTP(w, r, http.StatusOK, who, way, page.NewForm())
}

func (p *Pages) renderTOTP(w http.ResponseWriter, r *http.Request, status int, who door.Person, way Way, form *page.Form) error {
	offer, err := p.Apps.Offer(r.Context(), who.Account, who.Session.SID)
	if err != nil {
		return err
	}
	qr, err := picture(offer.URI)
	if err != nil {
		return err
	}
	form.Set("code", "")
	return page.Render(w, r, status, totpPage(way, form, offer, qr))
}

func (p *Pages) takeTOTP(w http.ResponseWriter, r *http.Request, who door.Person) error {
	way, err := WayOf(p.Door, w, r)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	code := form.Need("code", 20)
	if form.OK() {
		err := p.Apps.Confirm(r.Context(), who.Account, who.Session.SID, code, door.PlaceOf(r))
		if err == nil {
			page.Notice(w, "identity.totp.bound")
			return page.Redirect(w, r, way.Done())
		}
		if !told(form, err) {
			return err
		}
	}
	return p.renderTOTP(w, r, http.StatusUnprocessableEntity, who, way, form)
}

func (p *Pages) removeTOTP(w http.ResponseWriter, r *http.Request, who door.Person) error {
	return removed(w, r, p.Apps.Remove(r.Context(), who.Account, door.PlaceOf(r)))
}

// removed leads back to the list, which says how it went.
func removed(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case fail.Is(err, fail.Conflict):
		page.Attention(w, "identity.factor.last")
	case err != nil:
		return err
	default:
		page.Notice(w, "identity.factors.removed")
	}
	return page.Redirect(w, r, "/security/factors")
}
