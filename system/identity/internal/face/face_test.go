package face_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/facetest"
	"github.com/sanarip/sanarip/system/identity/internal/face"
)

func asJPEG(picture image.Image) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, picture, &jpeg.Options{Quality: 92})
	return b.Bytes()
}

func asPNG(picture image.Image) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, picture)
	return b.Bytes()
}

var one = facetest.Head{X: 360, Y: 440, R: 190}

func drawn(width, height int, light float64, heads ...facetest.Head) *image.RGBA {
	return facetest.Drawn(width, height, light, heads...)
}

// why is the key for which the photo is refused, "" when it is taken.
func why(t *testing.T, c *face.Checker, data []byte) string {
	t.Helper()
	_, err := c.Face(context.Background(), data)
	if err == nil {
		return ""
	}
	if !fail.Is(err, fail.Invalid) || len(fail.As(err).Findings) != 1 {
		t.Fatalf("%v", err)
	}
	return fail.As(err).Findings[0].Key
}

func TestAGoodPhotoIsTakenAndABadOneIsToldWhy(t *testing.T) {
	c := face.NewChecker()
	for name, try := range map[string]struct {
		data []byte
		want string
	}{
		"one face":        {asJPEG(drawn(720, 960, 1, one)), ""},
		"one face as PNG": {asPNG(drawn(720, 960, 1, one)), ""},
		"a smaller face":  {asJPEG(drawn(720, 960, 1, facetest.Head{X: 360, Y: 440, R: 120})), ""},
		"nobody":          {asJPEG(drawn(720, 960, 1)), "identity.photo.no_face"},
		"two people":      {asJPEG(drawn(960, 720, 1, facetest.Head{X: 250, Y: 330, R: 130}, facetest.Head{X: 710, Y: 330, R: 130})), "identity.photo.several"},
		"far away":        {asJPEG(drawn(720, 960, 1, facetest.Head{X: 360, Y: 440, R: 55})), "identity.photo.far"},
		"dark":            {asJPEG(drawn(720, 960, 0.3, one)), "identity.photo.dark"},
		"blurred":         {asJPEG(blurred(drawn(720, 960, 1, one), 14)), "identity.photo.blurred"},
		"small":           {asJPEG(drawn(300, 400, 1, facetest.Head{X: 150, Y: 180, R: 80})), "identity.photo.small"},
		"no picture":      {[]byte("%PDF-1.7 not a picture"), "identity.photo.format"},
		"nothing":         {nil, "identity.photo.format"},
		"half a picture":  {asPNG(drawn(720, 960, 1, one))[:40000], "identity.photo.format"},
		"animation":       {animation(), "identity.photo.format"},
		"many bytes":      {make([]byte, face.MaxBytes+1), "identity.photo.too_large"},
		"a claim of 2^30": {claims(t, 32768, 32768), "identity.photo.too_large"},
	} {
		if got := why(t, c, try.data); got != try.want {
			p, _ := c.Face(context.Background(), try.data)
			t.Errorf("%s: %q, not %q (%+v)", name, got, try.want, p.Found)
		}
	}
}

// A camera's file tells where and with what it was taken, and which side is up.
func TestWhatIsKeptIsThePictureAloneAndUpright(t *testing.T) {
	c := face.NewChecker()
	lying := image.NewRGBA(image.Rect(0, 0, 960, 720)) // turned a quarter to the left
	standing := drawn(720, 960, 1, one)
	for y := range 720 {
		for x := range 960 {
			lying.Set(x, y, standing.At(719-y, x))
		}
	}
	if key := why(t, c, asJPEG(lying)); key != "identity.photo.no_face" {
		t.Fatalf("a lying face: %q", key)
	}
	secret := "GPS 42.8746 74.5698"
	photo, err := c.Face(context.Background(), withExif(asJPEG(lying), 8, secret))
	if err != nil {
		photo, err = c.Face(context.Background(), withExif(asJPEG(lying), 6, secret))
	}
	if err != nil {
		t.Fatalf("the orientation is not read: %v", err)
	}
	if photo.Width != 720 || photo.Height != 960 {
		t.Errorf("%d × %d", photo.Width, photo.Height)
	}
	if bytes.Contains(photo.JPEG, []byte("Exif")) || bytes.Contains(photo.JPEG, []byte(secret)) {
		t.Error("what the camera told is kept")
	}
	large, err := c.Face(context.Background(), asJPEG(drawn(2400, 3200, 1, facetest.Head{X: 1200, Y: 1450, R: 620})))
	if err != nil || max(large.Width, large.Height) != 1200 {
		t.Errorf("%d × %d, %v", large.Width, large.Height, err)
	}
}

// Each of the eight ways to hold a camera gives the same corner.
func TestOrientations(t *testing.T) {
	c := face.NewChecker()
	for orientation, corner := range map[uint16]image.Point{
		1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {0, 1}, 7: {1, 1}, 8: {1, 0},
	} {
		// Exif 2.32, 4.6.4: where the corner that belongs at the top left lies in
		// the file.
		file := image.NewRGBA(image.Rect(0, 0, 400, 360))
		for y := range 360 {
			for x := range 400 {
				if x/200 == corner.X && y/180 == corner.Y {
					file.Set(x, y, color.White)
				} else {
					file.Set(x, y, color.Black)
				}
			}
		}
		photo, err := c.Read(context.Background(), withExif(asJPEG(file), orientation, ""))
		if err != nil {
			t.Fatal(err)
		}
		picture, _, err := image.Decode(bytes.NewReader(photo.JPEG))
		if err != nil {
			t.Fatal(err)
		}
		if r, _, _, _ := picture.At(20, 20).RGBA(); r < 0xc000 {
			t.Errorf("orientation %d: the corner is elsewhere", orientation)
		}
		if turned := photo.Width == 360; turned != (orientation >= 5) {
			t.Errorf("orientation %d: %d × %d", orientation, photo.Width, photo.Height)
		}
	}
}

// The sample of the module that finds faces, from where modules are kept: a real
// photograph, of which nothing is in this repository.
func TestAPhotographIsTaken(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/esimov/pigo").Output()
	if err != nil {
		t.Skip("the module is not there:", err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", "sample.jpg"))
	if err != nil {
		t.Skip("the module has no sample:", err)
	}
	if key := why(t, face.NewChecker(), data); key != "" {
		t.Errorf("refused: %s", key)
	}
}

func FuzzDecode(f *testing.F) {
	c := face.NewChecker()
	small := image.NewRGBA(image.Rect(0, 0, 330, 330))
	f.Add(asJPEG(small))
	f.Add(withExif(asJPEG(small), 6, "x"))
	f.Add(asPNG(small))
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08"))
	f.Fuzz(func(t *testing.T, data []byte) {
		photo, err := c.Read(context.Background(), data)
		if err != nil && !fail.Is(err, fail.Invalid) {
			t.Fatal(err)
		}
		if err == nil && (photo.Width < 1 || photo.Height < 1 || len(photo.JPEG) == 0) {
			t.Fatalf("%+v", photo.Found)
		}
	})
}

// blurred is the picture out of focus: each pixel the mean of those around it.
func blurred(src *image.RGBA, r int) *image.RGBA {
	pass := func(src *image.RGBA, dx, dy int) *image.RGBA {
		out := image.NewRGBA(src.Rect)
		for y := range src.Rect.Dy() {
			for x := range src.Rect.Dx() {
				var sum [3]int
				n := 0
				for i := -r; i <= r; i++ {
					if !(image.Point{x + i*dx, y + i*dy}).In(src.Rect) {
						continue
					}
					c := src.RGBAAt(x+i*dx, y+i*dy)
					sum[0], sum[1], sum[2], n = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B), n+1
				}
				out.SetRGBA(x, y, color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
			}
		}
		return out
	}
	return pass(pass(src, 1, 0), 0, 1)
}

func animation() []byte {
	var b bytes.Buffer
	_ = gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, 400, 400), color.Palette{color.Black, color.White}), nil)
	return b.Bytes()
}

// claims is a PNG whose head claims a size that its data do not have.
func claims(t *testing.T, width, height uint32) []byte {
	t.Helper()
	data := asPNG(image.NewRGBA(image.Rect(0, 0, 1, 1)))
	binary.BigEndian.PutUint32(data[16:], width)
	binary.BigEndian.PutUint32(data[20:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// withExif puts an Exif segment with the orientation into the JPEG.
func withExif(data []byte, orientation uint16, more string) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	tiff = binary.BigEndian.AppendUint16(tiff, orientation)
	tiff = append(append(tiff, 0, 0, 0, 0, 0, 0), more...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	return append(append([]byte{0xff, 0xd8}, append(segment, body...)...), data[2:]...)
}
