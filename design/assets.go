package design

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/sanarip/sanarip/kit/page"
)

// Texts are the words of kit (kit.*) and of the components (design.*).
//
//go:embed text/*.json
var Texts embed.FS

//go:embed static
var static embed.FS

// asset is a file as it goes out. Version is the start of its sha-256: pages
// ask for it in the address, so that a changed file has a changed address. The
// file itself stays where it is embedded, and takes no memory but while it is sent.
type asset struct {
	name    string // in static
	size    int    // bytes
	zipped  []byte // nil when packing makes it no smaller
	kind    string
	version string
}

var types = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

// assets reads and packs the embedded files once, on first use.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(static, name)
		if err != nil {
			return err
		}
		all[strings.TrimPrefix(name, "static/")] = pack(name, body)
		return nil
	})
	if err != nil {
		panic(err) // files embedded at build time cannot fail to be read
	}
	return all
})

func pack(name string, body []byte) asset {
	ext := path.Ext(name)
	kind := types[ext]
	if kind == "" {
		kind = mime.TypeByExtension(ext)
	}
	sum := sha256.Sum256(body)
	a := asset{name: name, size: len(body), kind: kind, version: hex.EncodeToString(sum[:6])}
	if ext == ".woff2" {
		return a // packed already
	}
	var buf bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level is a constant of the package
	_, _ = zip.Write(body)
	_ = zip.Close()
	if buf.Len() < len(body) {
		a.zipped = buf.Bytes()
	}
	return a
}

// Asset is the address of an embedded file, with its version: "app.css" gives
// "/assets/app.css?v=1f0c…". An unknown name gives an address that is not found.
func Asset(name string) string {
	a, ok := assets()[name]
	if !ok {
		return "/assets/" + name
	}
	return "/assets/" + name + "?v=" + a.version
}

// Mount serves the assets and the switch of the look on a site. Every host needs it.
func Mount(mux *http.ServeMux) {
	mux.Handle("GET /assets/", Assets())
	mux.Handle("POST /assets/look", http.NewCrossOriginProtection().Handler(http.HandlerFunc(setLook)))
}

// Assets serves the embedded files under /assets/. An address with the right
// version may be kept forever, any other is asked for again.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets()[strings.TrimPrefix(r.URL.Path, "/assets/")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		a.serve(w, r, r.URL.Query().Get("v") == a.version)
	})
}

func (a asset) serve(w http.ResponseWriter, r *http.Request, forever bool) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("ETag", `"`+a.version+`"`)
	if forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if a.zipped != nil {
		h.Add("Vary", "Accept-Encoding")
	}
	if r.Header.Get("If-None-Match") == `"`+a.version+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	var body io.Reader = a.open()
	size := a.size
	if a.zipped != nil && page.AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		size, body = len(a.zipped), bytes.NewReader(a.zipped)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(size))
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, body) // a reader that left is no error of ours
	}
}

// open is the file as it is embedded.
func (a asset) open() fs.File {
	file, err := static.Open(a.name)
	if err != nil {
		panic(err) // assets has read it
	}
	return file
}

// setLook keeps the choice for a year and leads back.
func setLook(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 8<<10)
	page.KeepLook(w, r.PostFormValue("look"))
	_ = page.Redirect(w, r, r.PostFormValue("back")) // never fails
}
