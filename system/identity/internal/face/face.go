// Package face looks at a photograph that a person took of themselves: whether
// there is one face on it, large, sharp and bright enough to be known again. It
// does not say whose face it is: that is for a person to see (package proofing).
package face

import (
	"bytes"
	"context"
	_ "embed"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"sync"

	pigo "github.com/esimov/pigo/core"

	"github.com/sanarip/sanarip/kit/fail"
)

// What a photo may be.
const (
	MaxBytes  = 10 << 20 // of the file
	maxPixels = 25 << 20
	minSide   = 320  // pixels of the shorter side
	keptSide  = 1200 // pixels of the longer side of what is kept
	quality   = 88   // of the JPEG that is kept
)

// What is asked of a face.
const (
	certain    = 12.0 // detection quality from which something is taken for a face
	second     = 30.0 // and from which a further one is taken for another person
	minShare   = 0.22 // of the shorter side that the face fills
	minSharp   = 60.0 // variance of the Laplacian on the face of facePixels
	minLight   = 55.0 // mean luminance of the face, 0…255
	maxLight   = 235.0
	facePixels = 160
	seekSide   = 480 // pixels of the longer side of the picture that is searched
)

//go:embed cascade/facefinder
var cascade []byte

// Photo is a photograph as it is kept: turned upright, without anything but the
// picture itself.
type Photo struct {
	JPEG          []byte
	Width, Height int
	Found         Found
}

// Found is what was seen on the photo.
type Found struct {
	Faces int
	Share float64 // of the shorter side
	X, Y  float64 // the face's middle, in shares of width and height
	Sharp float64
	Light float64
}

// Field is the form field that findings about a photo name.
const Field = "photo"

// Checker looks at photos; a few at a time, since a large one takes a hundred
// megabytes.
type Checker struct {
	finder func() *pigo.Pigo
	slots  chan struct{}
}

// NewChecker makes one. The trees are unpacked for the first photo: until somebody
// registers they would only take memory.
func NewChecker() *Checker {
	finder := sync.OnceValue(func() *pigo.Pigo {
		finder, err := pigo.NewPigo().Unpack(cascade)
		if err != nil {
			panic(err) // the embedded trees are these of the tests
		}
		return finder
	})
	return &Checker{finder: finder, slots: make(chan struct{}, 2)}
}

// Read makes what is kept of a picture, whatever is on it: fail.Fields of the
// field tells why it is none.
func (c *Checker) Read(ctx context.Context, data []byte) (Photo, error) {
	picture, err := c.decode(ctx, data)
	if err != nil {
		return Photo{}, err
	}
	return encode(picture)
}

// Face is Read for a photo of a person: it is refused when there is not one face
// that can be known again. A refused photo is given too, for the eyes of who
// decides when the machine cannot.
func (c *Checker) Face(ctx context.Context, data []byte) (Photo, error) {
	picture, err := c.decode(ctx, data)
	if err != nil {
		return Photo{}, err
	}
	photo, err := encode(picture)
	if err != nil {
		return Photo{}, err
	}
	photo.Found = c.look(picture)
	if key := photo.Found.fault(); key != "" {
		return photo, refused(key)
	}
	return photo, nil
}

// Small is a kept photo with the longer side of at most so many pixels.
func Small(kept []byte, side int) ([]byte, error) {
	picture, err := jpeg.Decode(bytes.NewReader(kept))
	if err != nil {
		return nil, err
	}
	photo, err := encode(shrink(picture, side))
	return photo.JPEG, err
}

// fault is the key of what is wrong with the face, "" for nothing.
func (f Found) fault() string {
	switch {
	case f.Faces == 0:
		return "identity.photo.no_face"
	case f.Faces > 1:
		return "identity.photo.several"
	case f.Share < minShare:
		return "identity.photo.far"
	case f.Light < minLight:
		return "identity.photo.dark"
	case f.Light > maxLight:
		return "identity.photo.bright"
	case f.Sharp < minSharp:
		return "identity.photo.blurred"
	}
	return ""
}

func refused(key string) error { return fail.Fields(fail.Finding{Field: Field, Key: key}) }

func encode(picture *image.RGBA) (Photo, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: quality}); err != nil {
		return Photo{}, err
	}
	return Photo{JPEG: out.Bytes(), Width: picture.Rect.Dx(), Height: picture.Rect.Dy()}, nil
}

// look searches the picture for faces and measures the largest.
func (c *Checker) look(picture *image.RGBA) Found {
	small := shrink(picture, seekSide)
	width, height := small.Rect.Dx(), small.Rect.Dy()
	grey := luminance(small)
	shorter := min(width, height)
	finder := c.finder()
	found := finder.RunCascade(pigo.CascadeParams{
		MinSize: max(24, shorter/10), MaxSize: max(width, height), ShiftFactor: 0.08, ScaleFactor: 1.08,
		ImageParams: pigo.ImageParams{Pixels: grey, Rows: height, Cols: width, Dim: width},
	}, 0)
	clusters := finder.ClusterDetections(found, 0.15)
	var best pigo.Detection
	for _, d := range clusters {
		if d.Q > best.Q {
			best = d
		}
	}
	if best.Q < certain {
		return Found{}
	}
	others := 0
	for _, d := range clusters {
		// A face is found several times, larger and smaller, about one middle.
		apart := math.Hypot(float64(d.Col-best.Col), float64(d.Row-best.Row)) > float64(best.Scale+d.Scale)/4
		if apart && d.Q >= second {
			others++
		}
	}
	scale := float64(picture.Rect.Dx()) / float64(width)
	half := float64(best.Scale) / 2
	area := image.Rect(int((float64(best.Col)-half)*scale), int((float64(best.Row)-half)*scale),
		int((float64(best.Col)+half)*scale), int((float64(best.Row)+half)*scale)).Intersect(picture.Rect)
	cut, _ := picture.SubImage(area).(*image.RGBA)
	head := shrink(cut, facePixels)
	pixels := luminance(head)
	return Found{
		Faces: 1 + others, Share: float64(best.Scale) / float64(shorter), X: float64(best.Col) / float64(width), Y: float64(best.Row) / float64(height),
		Sharp: sharpness(pixels, head.Rect.Dx(), head.Rect.Dy()), Light: mean(pixels),
	}
}

func luminance(picture *image.RGBA) []uint8 {
	width, height := picture.Rect.Dx(), picture.Rect.Dy()
	grey := make([]uint8, 0, width*height)
	for y := range height {
		for x := range width {
			at := picture.PixOffset(picture.Rect.Min.X+x, picture.Rect.Min.Y+y)
			l, _, _ := color.RGBToYCbCr(picture.Pix[at], picture.Pix[at+1], picture.Pix[at+2])
			grey = append(grey, l)
		}
	}
	return grey
}

func mean(grey []uint8) float64 {
	sum := 0
	for _, each := range grey {
		sum += int(each)
	}
	return float64(sum) / float64(max(len(grey), 1))
}

// sharpness is the variance of the Laplacian (Pech-Pacheco and others, 2000): a
// blurred face has few edges, and so a small one.
func sharpness(grey []uint8, width, height int) float64 {
	var sum, squares, count float64
	for y := 1; y < height-1; y++ {
		for x := 1; x < width-1; x++ {
			at := y*width + x
			v := float64(4*int(grey[at]) - int(grey[at-1]) - int(grey[at+1]) - int(grey[at-width]) - int(grey[at+width]))
			sum, squares, count = sum+v, squares+v*v, count+1
		}
	}
	if count == 0 {
		return 0
	}
	return squares/count - (sum/count)*(sum/count)
}
