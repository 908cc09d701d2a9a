// Package scan keeps scans of orders and licences: PDF files, bounded, checked
// for what they are, and given back byte for byte.
package scan

import (
	"bytes"
	"compress/zlib"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
)

// MaxBytes bounds a scan: some ten pages at 300 dpi.
const MaxBytes = 5 << 20

// Scan is a file of an organisation.
type Scan struct {
	ID           string
	Organisation string
	SHA256       string // of the bytes, in hex
	Bytes        int64
	PDF          []byte
	At           time.Time
	By           string // ПИН
}

// Wrong is what Check says of a file that was chosen, beside what is wrong with the
// rest of its form: who sends it again would learn it only then.
func Wrong(field string, data []byte) []fail.Finding {
	if len(data) == 0 {
		return nil
	}
	if err := Check(field, data); err != nil {
		return fail.As(err).Findings
	}
	return nil
}

// Check says what is wrong with a file: too large, no PDF, cut off, or able to
// run something when opened. field is that of the form.
func Check(field string, data []byte) error {
	note := func(key string) error { return fail.Fields(fail.Finding{Field: field, Key: key}) }
	tail := data[max(0, len(data)-1024):]
	switch {
	case len(data) > MaxBytes:
		return fail.Fields(fail.Finding{Field: field, Key: "workforce.scan.too_large", Args: fail.Args("Count", MaxBytes>>20)})
	case !bytes.HasPrefix(data, []byte("%PDF-1.")) && !bytes.HasPrefix(data, []byte("%PDF-2.")):
		return note("workforce.scan.not_pdf") // ISO 32000-2, 7.5.2: the head stands first
	case !bytes.Contains(tail, []byte("%%EOF")):
		return note("workforce.scan.cut") // 7.5.5: the end mark in the last 1,024 bytes
	case active(data):
		return note("workforce.scan.active")
	}
	return nil
}

// runs are the names by which a PDF starts something, takes files along or sends
// what is typed into it (ISO 32000-2, 12.6.4, 7.11.4, 12.7.9, 13.2).
var runs = map[string]bool{
	"JavaScript": true, "Rendition": true, "Launch": true, "EmbeddedFile": true, "EmbeddedFiles": true, "RichMedia": true,
	"XFA": true, "SubmitForm": true, "ImportData": true, "GoToE": true,
}

// mostInflated bounds what is unpacked of a file to look into it.
const mostInflated = 32 << 20

// active says that the file names something to run, as it stands, spelt with
// escapes ("/J#61vaScript", 7.3.5) or packed in a stream of objects (7.5.7). A
// stream of objects that cannot be read, such as an encrypted one, counts as active.
func active(data []byte) bool {
	left := int64(mostInflated)
	for name, at := range names(data) {
		if runs[name] {
			return true
		}
		if name != "ObjStm" {
			continue
		}
		objects, ok := inflate(data[at:], left)
		if !ok {
			return true
		}
		for packed := range names(objects) {
			if runs[packed] {
				return true
			}
		}
		left -= int64(len(objects))
	}
	return false
}

// names are the names of a piece of a PDF with their escapes resolved, and where
// each ends.
func names(data []byte) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for i := 0; i < len(data); {
			slash := bytes.IndexByte(data[i:], '/')
			if slash < 0 {
				return
			}
			i += slash + 1
			var name []byte
			for i < len(data) && len(name) < 128 && !bytes.ContainsRune([]byte("\x00\t\n\f\r ()<>[]{}/%"), rune(data[i])) {
				if data[i] == '#' && i+2 < len(data) {
					if c, err := strconv.ParseUint(string(data[i+1:i+3]), 16, 8); err == nil {
						name, i = append(name, byte(c)), i+3
						continue
					}
				}
				name, i = append(name, data[i]), i+1
			}
			if !yield(string(name), i) {
				return
			}
		}
	}
}

// inflate unpacks the next stream of the file, most bytes of it at most.
func inflate(data []byte, most int64) ([]byte, bool) {
	at := bytes.Index(data, []byte("stream"))
	if at < 0 {
		return nil, false
	}
	packed := bytes.TrimLeft(data[at+len("stream"):], "\r\n")
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	objects, err := io.ReadAll(io.LimitReader(z, most+1))
	return objects, err == nil && int64(len(objects)) <= most
}
