package sign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/identity/internal/assurance"
	"github.com/sanarip/sanarip/system/identity/internal/door"
)

// CheckPath is where anybody checks a simple signature, without an account.
const CheckPath = "/signature"

// checkView is the page: the form, and what was found.
type checkView struct {
	form   *page.Form
	sha256 string // of the document that was checked, "" before
	found  []checked
}

func (d *Desk) askCheck(w http.ResponseWriter, r *http.Request) error {
	return page.Render(w, r, http.StatusOK, d.checkPage(checkView{form: page.NewForm()}))
}

// takeCheck takes a document, of which only the hash is made, and the file of
// its signature, if there is one. Neither is kept.
func (d *Desk) takeCheck(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, page.MaxUpload)
	reader, err := r.MultipartReader()
	if err != nil {
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	hash, file, err := parts(reader)
	if err != nil {
		return err
	}
	v := checkView{form: page.NewForm()}
	var given *identityapi.SimpleSignature
	if hash == "" {
		v.form.Fail("document", "identity.signing.check.no_document")
	}
	if file != nil {
		if given = read(file); given == nil {
			v.form.Fail("signature", "identity.signing.check.no_signature")
		}
	}
	if !v.form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, d.checkPage(v))
	}
	v.sha256 = hash
	if v.found, err = d.under(r.Context(), hash, page.Address(r), given); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, d.checkPage(v))
}

// parts gives the hash of the document and the bytes of the signature's file;
// "" and nil for what was not sent or is empty.
func parts(reader *multipart.Reader) (hash string, file []byte, err error) {
	for range 20 { // parts of the form; ours has two
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, badUpload(err)
		}
		switch part.FormName() {
		case "document":
			sum := sha256.New()
			n, err := io.Copy(sum, part)
			if err != nil {
				return "", nil, badUpload(err)
			}
			if n > 0 {
				hash = hex.EncodeToString(sum.Sum(nil))
			}
		case "signature":
			// One byte more than may be: it is then refused as no signature.
			data, err := io.ReadAll(io.LimitReader(part, maxSignature+1))
			if err != nil {
				return "", nil, badUpload(err)
			}
			if len(data) > 0 {
				file = data
			}
		}
	}
	return hash, file, nil
}

func badUpload(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return fail.Wrap(err, fail.TooLarge, "kit.too_large")
	}
	return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
}

// file gives the person the proof of their own signature, to keep beside the
// document.
func (d *Desk) file(w http.ResponseWriter, r *http.Request, who door.Person) error {
	request, err := d.open(r.Context(), r.PathValue("id"), who)
	if err != nil {
		return err
	}
	if request.signature == nil {
		return fail.New(fail.NotFound, "kit.not_found")
	}
	return page.AttachJSON(w, "signature.json", request.signature)
}

// rows say who signed, what, when, and how surely they were known.
func (d *Desk) rows(ctx context.Context, s checked) []design.Row {
	client := nameOf(s.Client)
	level := s.ACR
	for _, l := range []assurance.Level{assurance.Low, assurance.Substantial, assurance.High} {
		if l.ACR() == s.ACR {
			level = text.T(ctx, "identity.level."+string(l)) // text: identity.level.*
		}
	}
	return []design.Row{
		{Key: text.T(ctx, "identity.signing.check.who"), Value: s.Name},
		{Key: text.T(ctx, "identity.pin"), Value: pin.Masked(s.PIN)},
		{Key: text.T(ctx, "identity.signing.check.when"), Value: text.Moment(s.At)},
		{Key: text.T(ctx, "identity.signing.document"), Value: s.Title.Here(ctx)},
		{Key: text.T(ctx, "identity.signing.client"), Value: d.Site.Texts.WordsOr("identity.client."+client, client).Here(ctx)},        // text: identity.client.*
		{Key: text.T(ctx, "identity.signing.check.way"), Value: d.Site.Texts.WordsOr("identity.method."+s.Method, s.Method).Here(ctx)}, // text: identity.method.*
		{Key: text.T(ctx, "identity.signing.check.level"), Value: level},
	}
}

// reasonKey is the sentence of a refusal.
func reasonKey(reason string) string {
	switch reason {
	case "document", "hash", "signature", "unknown-key", "holder":
		return "identity.signing.check.reason." + reason // text: identity.signing.check.reason.*
	}
	return "identity.signing.check.reason.signature"
}
