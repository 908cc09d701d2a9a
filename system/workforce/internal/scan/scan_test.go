package scan

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
)

func packed(t *testing.T, objects string) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, err := z.Write([]byte(objects))
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Hostile files are refused, each with its reason; what a scanner makes is taken.
func TestAScanIsAPDFThatRunsNothing(t *testing.T) {
	whole := func(body string) string {
		return "%PDF-1.7\n1 0 obj\n" + body + "\nendobj\ntrailer<<>>\n%%EOF\n"
	}
	stream := func(dictionary, data string) string {
		return fmt.Sprintf("<<%s/Length %d>>\nstream\r\n%s\nendstream", dictionary, len(data), data)
	}
	noise := make([]byte, 4<<20) // an image of a page
	random := rand.New(rand.NewPCG(3, 1))
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for name, c := range map[string]struct{ file, key string }{
		"a scan":                           {whole(stream("/Subtype/Image/Filter/DCTDecode", string(noise))), ""},
		"with packed objects":              {whole(stream("/Type/ObjStm/Filter/FlateDecode", packed(t, "1 0 <</Type/Pages/Count 1>>"))), ""},
		"PDF 2.0":                          {strings.Replace(whole("<<>>"), "%PDF-1.7", "%PDF-2.0", 1), ""},
		"of the most bytes":                {"%PDF-1.7\n" + strings.Repeat(" ", MaxBytes-14) + "%%EOF", ""},
		"one byte more":                    {"%PDF-1.7\n" + strings.Repeat(" ", MaxBytes-13) + "%%EOF", "workforce.scan.too_large"},
		"a photo with its place (EXIF)":    {"\xff\xd8\xff\xe1\x00\x18Exif\x00\x00MM\x00*" + "%%EOF", "workforce.scan.not_pdf"},
		"a page that calls itself PDF":     {"<html><script>alert(1)</script>%PDF-1.7 %%EOF", "workforce.scan.not_pdf"},
		"a program":                        {"MZ\x90\x00" + whole(""), "workforce.scan.not_pdf"},
		"cut off":                          {"%PDF-1.7\n1 0 obj<<>>", "workforce.scan.cut"},
		"a script":                         {whole("<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>"), "workforce.scan.active"},
		"a script by its escaped name":     {whole("<</OpenAction<</S/J#61v#61Script/JS<6170>>>>>"), "workforce.scan.active"},
		"a script among packed objects":    {whole(stream("/Type/ObjStm/Filter/FlateDecode", packed(t, "1 0 <</S/JavaScript/JS(x)>>"))), "workforce.scan.active"},
		"packed objects nobody can read":   {whole(stream("/Type/ObjStm/Filter/LZWDecode", "\x80\x0b\x60")), "workforce.scan.active"},
		"objects of more than is unpacked": {whole(stream("/Type/ObjStm/Filter/FlateDecode", packed(t, strings.Repeat(" ", mostInflated+1)))), "workforce.scan.active"},
		"a program to start":               {whole("<</A<</S/Launch/F(cmd.exe)>>>>"), "workforce.scan.active"},
		"a file inside":                    {whole("<</Names<</EmbeddedFiles 5 0 R>>>>"), "workforce.scan.active"},
		"a form that sends":                {whole("<</A<</S/SubmitForm/F(http://x)>>>>"), "workforce.scan.active"},
		"a form in XML":                    {whole("<</AcroForm<</XFA 5 0 R>>>>"), "workforce.scan.active"},
	} {
		err := Check("scan", []byte(c.file))
		got := ""
		if err != nil {
			got = fail.As(err).Findings[0].Key
		}
		if got != c.key {
			t.Errorf("%s: %q, not %q", name, got, c.key)
		}
	}
}
