package page

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
)

// Attach gives a file to save under the name, which holds nothing of a person:
// names of files stay in a browser's list of downloads.
func Attach(w http.ResponseWriter, kind, name string, data []byte) error {
	Attached(w, kind, name)
	_, _ = w.Write(data) // a reader that left is no error of ours
	return nil
}

// AttachJSON is Attach of v as JSON.
func AttachJSON(w http.ResponseWriter, name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return Attach(w, "application/json", name, data)
}

// Attached says that a file to save follows, for who writes it piece by piece.
func Attached(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", disposition("attachment", name))
}

// ShowPDF gives a paper to read in the browser. The language of a paper, ?lang=,
// does not become that of the pages.
func ShowPDF(w http.ResponseWriter, name string, pdf []byte) error {
	h := w.Header()
	cookies := h.Values("Set-Cookie")
	h.Del("Set-Cookie")
	for _, c := range cookies {
		if !strings.HasPrefix(c, languageCookie+"=") {
			h.Add("Set-Cookie", c)
		}
	}
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", disposition("inline", name))
	// The browser's own reader needs its styles; the file itself holds no script.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	_, _ = w.Write(pdf)
	return nil
}

func disposition(kind, name string) string {
	return mime.FormatMediaType(kind, map[string]string{"filename": name})
}

// PaperLang is the language of a paper: forms exist in the state's two.
func PaperLang(ctx context.Context) text.Lang {
	if lang := text.LangOf(ctx); lang != text.EN {
		return lang
	}
	return text.RU
}
