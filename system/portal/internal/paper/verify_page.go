package paper

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/portal/portalapi"
)

// The result of a check on its page.
type result string

const (
	asked      result = "" // nothing was checked yet
	authentic  result = "authentic"
	notGenuine result = "not-authentic"
)

// verifyView is the page of a check.
type verifyView struct {
	Form    *page.Form
	Result  result
	Verdict portalapi.Verdict
	ByFile  bool
}

func (d *Desk) mountVerify() {
	d.Public("GET /verify", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, verifyPage(verifyView{Form: page.NewForm()}))
	})
	d.Public("GET /verify/{number}/{code}", d.verifyByQR)
	d.Public("POST /verify", d.verifyByNumber)
	d.Public("POST /verify/file", d.verifyByFile)
}

func (d *Desk) verifyByQR(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("X-Robots-Tag", "noindex")
	return d.answer(w, r, verifyView{Form: page.NewForm()}, portalapi.Query{Number: r.PathValue("number"), Code: r.PathValue("code")})
}

func (d *Desk) verifyByNumber(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	q := tidy(portalapi.Query{Number: form.Need("number", 40), Code: form.Need("code", 40)})
	if q.Number != "" && !numberShape.MatchString(q.Number) {
		form.Fail("number", "portal.verify.bad_number")
	}
	if q.Code != "" && !codeShape.MatchString(q.Code) {
		form.Fail("code", "portal.verify.bad_code")
	}
	if !form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, verifyPage(verifyView{Form: form}))
	}
	return d.answer(w, r, verifyView{Form: form}, q)
}

// verifyByFile takes the file itself, at most 10 MB. Nothing of it is kept.
func (d *Desk) verifyByFile(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, page.MaxUpload)
	reader, err := r.MultipartReader()
	if err != nil {
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	for range 20 { // parts of the form; ours has one
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return badUpload(err)
		}
		if part.FormName() != "file" {
			continue
		}
		hash := sha256.New()
		n, err := io.Copy(hash, part)
		if err != nil {
			return badUpload(err)
		}
		if n == 0 {
			break
		}
		return d.answer(w, r, verifyView{Form: page.NewForm(), ByFile: true}, portalapi.Query{SHA256: hex.EncodeToString(hash.Sum(nil))})
	}
	form := page.NewForm()
	form.Fail("file", "portal.verify.no_file")
	return page.Render(w, r, http.StatusUnprocessableEntity, verifyPage(verifyView{Form: form}))
}

func badUpload(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return fail.Wrap(err, fail.TooLarge, "kit.too_large")
	}
	return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
}

// answer checks and shows; who guesses too often is asked to wait.
func (d *Desk) answer(w http.ResponseWriter, r *http.Request, v verifyView, q portalapi.Query) error {
	client := d.client(r)
	n, err := misses(r.Context(), d.DB.Read, client, d.Clock.Now().Add(-missWindow))
	if err != nil {
		return err
	}
	if n >= missLimit {
		return fail.New(fail.TooMany, "portal.verify.too_many")
	}
	if v.Verdict, err = d.verify(r.Context(), q, audit.Record{}); err != nil {
		return err
	}
	v.Result = authentic
	if !v.Verdict.Authentic {
		v.Result = notGenuine
		if err := missed(r.Context(), d.DB, client, d.Clock.Now()); err != nil {
			return err
		}
	}
	return page.Render(w, r, http.StatusOK, verifyPage(v))
}

// client is a keyed hash of the network address: enough to count by.
func (d *Desk) client(r *http.Request) string {
	return d.Key("client\n" + page.Address(r))
}
