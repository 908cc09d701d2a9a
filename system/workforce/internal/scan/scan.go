// Package scan keeps scans of orders and licences: PDF files, bounded, checked
// for what they are, and given back byte for byte.
package scan

import (
	"bytes"
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

// Check says what is wrong with a file: too large, no PDF, cut off, or able to
// run something when opened. field is that of the form.
func Check(field string, data []byte) error {
	note := func(key string) error { return fail.Fields(fail.Finding{Field: field, Key: key}) }
	tail := data[max(0, len(data)-1024):]
	switch {
	case len(data) > MaxBytes:
		return note("workforce.scan.too_large")
	case !bytes.HasPrefix(data, []byte("%PDF-1.")) && !bytes.HasPrefix(data, []byte("%PDF-2.")):
		return note("workforce.scan.not_pdf") // ISO 32000-2, 7.5.2: the head stands first
	case !bytes.Contains(tail, []byte("%%EOF")):
		return note("workforce.scan.cut") // 7.5.5: the end mark in the last 1,024 bytes
	case active(data):
		return note("workforce.scan.active")
	}
	return nil
}

// active says that the file names a script or a program to start. What hides it
// in compressed objects passes here: the file is given out for saving only,
// never shown within our pages.
func active(data []byte) bool {
	for _, name := range []string{"/JavaScript", "/JS ", "/JS(", "/Launch", "/EmbeddedFile"} {
		if bytes.Contains(data, []byte(name)) {
			return true
		}
	}
	return false
}
