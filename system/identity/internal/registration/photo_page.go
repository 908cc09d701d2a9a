package registration

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/identity/internal/face"
)

// upload reads the form's photo, at most face.MaxBytes, and whether the person
// confirmed it before sending. An empty file is a finding.
func upload(w http.ResponseWriter, r *http.Request) (data []byte, confirmed bool, err error) {
	const others = 64 << 10 // the form's other parts and lines between
	r.Body = http.MaxBytesReader(w, r.Body, face.MaxBytes+others)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, false, fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	for range 4 {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, false, torn(err)
		}
		value, err := io.ReadAll(io.LimitReader(part, face.MaxBytes+1))
		if err != nil {
			return nil, false, torn(err)
		}
		switch part.FormName() {
		case face.Field:
			data = value
		case "confirmed":
			confirmed = string(value) == "1"
		}
	}
	if len(data) == 0 {
		return nil, false, fail.Fields(fail.Finding{Field: face.Field, Key: "identity.register.photo_needed"})
	}
	return data, confirmed, nil
}

func torn(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fail.Fields(fail.Finding{Field: face.Field, Key: "identity.photo.too_large"})
	}
	return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
}

// DataURL is the picture as a page carries it: no address of its own, so that
// nobody can fetch it by one.
func DataURL(picture []byte) string {
	if picture == nil {
		return ""
	}
	return "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(picture)
}

func (g *Registrations) picture(r *http.Request, reg Registration, photoID string) (string, error) {
	data, err := g.JPEG(r.Context(), reg.ID, photoID)
	return DataURL(data), err
}

func (g *Registrations) showPhoto(w http.ResponseWriter, r *http.Request, reg Registration) error {
	return g.renderPhoto(w, r, http.StatusOK, reg, page.NewForm())
}

func (g *Registrations) renderPhoto(w http.ResponseWriter, r *http.Request, status int, reg Registration, form *page.Form) error {
	shown := ""
	if form.OK() && r.URL.Query().Get("again") == "" {
		var err error
		if shown, err = g.picture(r, reg, reg.PhotoID); err != nil {
			return err
		}
	}
	page.PermitCamera(w)
	return page.Render(w, r, status, photoPage(form, shown, reg.PhotoDoubt))
}

func (g *Registrations) takePhoto(w http.ResponseWriter, r *http.Request, reg Registration) error {
	data, confirmed, err := upload(w, r)
	if err == nil {
		reg, err = g.photo(r.Context(), reg, data, confirmed)
	}
	if err == nil {
		if !confirmed {
			return page.Redirect(w, r, string(PagePhoto))
		}
		return page.Redirect(w, r, string(reg.afterPhoto()))
	}
	form := page.NewForm()
	if !take(form, err) {
		return err
	}
	return g.renderPhoto(w, r, http.StatusUnprocessableEntity, reg, form)
}

func (g *Registrations) takeConfirmation(w http.ResponseWriter, r *http.Request, reg Registration) error {
	reg, err := g.confirmPhoto(r.Context(), reg)
	if err != nil {
		return err
	}
	return page.Redirect(w, r, string(reg.afterPhoto()))
}

// afterPhoto is the task, where a machine is to decide, and the passport's page
// for those whom an operator has to look at.
func (r Registration) afterPhoto() Page {
	switch {
	case r.PhotoAt.IsZero() && r.Sure():
		return PageAlive
	case r.PhotoAt.IsZero():
		return PagePhoto
	case !r.Sure() && r.DocumentID == "" && r.State == Open:
		return PageDocument
	}
	return PageReview
}

func (g *Registrations) showDocument(w http.ResponseWriter, r *http.Request, reg Registration) error {
	shown, err := g.picture(r, reg, reg.DocumentID)
	if err != nil {
		return err
	}
	page.PermitCamera(w)
	return page.Render(w, r, http.StatusOK, documentPage(page.NewForm(), shown))
}

func (g *Registrations) takeDocument(w http.ResponseWriter, r *http.Request, reg Registration) error {
	data, _, err := upload(w, r)
	if err == nil {
		err = g.document(r.Context(), reg, data)
	}
	if err == nil {
		return page.Redirect(w, r, string(PageReview))
	}
	form := page.NewForm()
	if !take(form, err) {
		return err
	}
	page.PermitCamera(w)
	return page.Render(w, r, http.StatusUnprocessableEntity, documentPage(form, ""))
}
