package scan

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
)

// mostSent is how many bytes of a request are read: of a file that is too large the
// rest is passed over, so that the browser has sent it when the form comes back.
const mostSent = 16 << 20

// ReadForm reads a form with one file under the field's name. The file is nil
// when none was chosen; it is checked by Keep. Of one that is too large no more is
// kept than shows that it is; fields that stand ahead of it are read however large
// it is.
func ReadForm(w http.ResponseWriter, r *http.Request, field string) (*page.Form, []byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, mostSent)
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, nil, fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	values := url.Values{}
	var file []byte
	for range 40 { // parts; our forms have ten or so
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) || (tooLarge(err) && len(file) > MaxBytes) {
			break
		}
		if err != nil {
			return nil, nil, badUpload(err)
		}
		limit := int64(20_000)
		if part.FormName() == field {
			limit = MaxBytes + 1 // one more than may be: it is then refused as too large
		}
		data, err := io.ReadAll(io.LimitReader(part, limit))
		if err != nil {
			return nil, nil, badUpload(err)
		}
		if part.FormName() == field {
			file = data
			continue
		}
		values.Add(part.FormName(), string(data))
	}
	if err := page.ReadableValues(values); err != nil {
		return nil, nil, err
	}
	form := page.NewForm()
	for name := range values {
		form.Set(name, values.Get(name))
	}
	return form, file, nil
}

func tooLarge(err error) bool {
	_, large := errors.AsType[*http.MaxBytesError](err)
	return large
}

func badUpload(err error) error {
	if tooLarge(err) {
		return fail.Wrap(err, fail.TooLarge, "kit.too_large")
	}
	return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
}

// Serve is GET /organisations/{code}/scans/{id}: the file, for saving.
func Serve(d *db.DB) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := Find(r.Context(), d.Read, r.PathValue("code"), r.PathValue("id"))
		if err != nil {
			return err
		}
		return page.Attach(w, "application/pdf", "scan-"+s.SHA256[:8]+".pdf", s.PDF)
	}
}

// Path is where the scan is given out.
func Path(organisation, scanID string) string {
	return "/organisations/" + organisation + "/scans/" + scanID
}
