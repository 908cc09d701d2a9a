package authority

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/sanarip/sanarip/kit/cms"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// checkView is the page on which anybody checks a person's signature (SG-1).
type checkView struct {
	form    *page.Form
	checked bool
	verdict signatureapi.SignedVerdict
}

// MountCheck puts the page into the mux.
func (s *Service) MountCheck(mux *http.ServeMux, site *page.Site) {
	site.Handle(mux, "GET /check", func(w http.ResponseWriter, r *http.Request) error {
		return page.Render(w, r, http.StatusOK, checkPage(checkView{form: page.NewForm()}))
	})
	site.Handle(mux, "POST /check", s.checkUpload)
}

// checkUpload takes the document, of which only the hash is made, and the
// signature. Nothing of them is kept.
func (s *Service) checkUpload(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, page.MaxUpload)
	reader, err := r.MultipartReader()
	if err != nil {
		return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
	}
	document, signature, err := readParts(reader)
	if err != nil {
		return err
	}
	v := checkView{form: page.NewForm()}
	if document == nil {
		v.form.Fail("document", "signature.check.no_document")
	}
	if signature == nil {
		v.form.Fail("signature", "signature.check.no_signature")
	}
	if !v.form.OK() {
		return page.Render(w, r, http.StatusUnprocessableEntity, checkPage(v))
	}
	v.checked = true
	if v.verdict, err = s.Check(r.Context(), signatureapi.Signed{CMS: unarmour(signature), SHA256: document}); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, checkPage(v))
}

// readParts gives the hash of the document and the signature; nil for what was
// not sent or is empty.
func readParts(reader *multipart.Reader) (document, signature []byte, err error) {
	for range 20 { // parts of the form; ours has two
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, badUpload(err)
		}
		switch part.FormName() {
		case "document":
			hash := sha256.New()
			n, err := io.Copy(hash, part)
			if err != nil {
				return nil, nil, badUpload(err)
			}
			if n > 0 {
				document = hash.Sum(nil)
			}
		case "signature":
			// One byte more than may be: it is then refused as no signature.
			data, err := io.ReadAll(io.LimitReader(part, 2*cms.MaxSize+1))
			if err != nil {
				return nil, nil, badUpload(err)
			}
			if len(data) > 0 {
				signature = data
			}
		}
	}
	return document, signature, nil
}

func badUpload(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return fail.Wrap(err, fail.TooLarge, "kit.too_large")
	}
	return fail.Wrap(err, fail.BadRequest, "kit.bad_request")
}

// unarmour takes a signature as programs save it: DER, PEM or bare base64.
func unarmour(data []byte) []byte {
	if block, _ := pem.Decode(data); block != nil {
		return block.Bytes
	}
	packed := bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, data)
	if der, err := base64.StdEncoding.DecodeString(string(packed)); err == nil && len(der) > 0 {
		return der
	}
	return data
}
