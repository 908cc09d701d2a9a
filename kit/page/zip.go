package page

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// AcceptsGzip says that an Accept-Encoding header takes gzip (RFC 9110, 12.5.3).
func AcceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" || coding == "*" {
			q := strings.ReplaceAll(quality, " ", "")
			return q != "q=0" && q != "q=0.0"
		}
	}
	return false
}

// leastZipped is the length, in bytes, from which a page is worth packing: less
// goes out in one packet as it is.
const leastZipped = 1200

// zipper packs a page. It is kept for the next one: it takes a megabyte.
type zipper struct {
	*gzip.Writer
	to bytes.Buffer
}

var zippers = sync.Pool{New: func() any {
	z := &zipper{}
	z.Writer, _ = gzip.NewWriterLevel(&z.to, gzip.BestSpeed) // the level is a constant of the package
	return z
}}

// pack gives the page as gzip. The name in the head of the file is random and of
// a random length, so that the length of the whole says little of what stands in
// the page beside words that a stranger put into its address (BREACH).
func (z *zipper) pack(page []byte) []byte {
	z.to.Reset()
	z.Reset(&z.to)
	var noise [33]byte
	_, _ = rand.Read(noise[:]) // never fails
	z.Name = hex.EncodeToString(noise[1 : 2+noise[0]%32])
	_, _ = z.Write(page) // a buffer takes everything
	_ = z.Close()
	return z.to.Bytes()
}

// write sends a page, packed for a browser that can unpack it.
func write(w http.ResponseWriter, r *http.Request, status int, page []byte) {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(page) >= leastZipped && h.Get("Content-Encoding") == "" && AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		z := zippers.Get().(*zipper)
		defer zippers.Put(z)
		page = z.pack(page)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(page) // a reader that left is no error of ours
	}
}

// File is a script or a style sheet of a page, the same for everybody. A browser
// that has it is told so and gets nothing; the others get it packed.
type File struct {
	kind, tag    string
	body, zipped []byte
}

// Script is a File of JavaScript.
func Script(body []byte) *File { return newFile("text/javascript; charset=utf-8", body) }

// Sheet is a File of CSS.
func Sheet(body []byte) *File { return newFile("text/css; charset=utf-8", body) }

func newFile(kind string, body []byte) *File {
	sum := sha256.Sum256(body)
	f := &File{kind: kind, body: body, tag: `"` + hex.EncodeToString(sum[:6]) + `"`}
	var to bytes.Buffer
	z, _ := gzip.NewWriterLevel(&to, gzip.BestCompression) // the level is a constant of the package
	_, _ = io.Copy(z, bytes.NewReader(body))               // a buffer takes everything
	_ = z.Close()
	if to.Len() < len(body) {
		f.zipped = to.Bytes()
	}
	return f
}

// ServeHTTP answers with the file. It is asked for each time, lest a page be run
// by a script of yesterday; nothing goes out when the browser has this one.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	h.Add("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.body
	if f.zipped != nil && AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		body = f.zipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a reader that left is no error of ours
	}
}
