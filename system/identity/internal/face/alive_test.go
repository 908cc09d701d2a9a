package face_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/identity/facetest"
	"github.com/sanarip/sanarip/system/identity/internal/face"
)

func photoOf(t *testing.T, picture image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// cropped is the part of the picture, enlarged to its size: what somebody does
// who has one photo alone.
func cropped(picture *image.RGBA, part image.Rectangle) *image.RGBA {
	out := image.NewRGBA(picture.Rect)
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			out.Set(x, y, picture.At(part.Min.X+x*part.Dx()/picture.Rect.Dx(), part.Min.Y+y*part.Dy()/picture.Rect.Dy()))
		}
	}
	return out
}

// moved is the picture shifted to the right, its edge drawn out.
func moved(picture *image.RGBA, by int) *image.RGBA {
	out := image.NewRGBA(picture.Rect)
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			out.Set(x, y, picture.At(min(max(x-by, 0), picture.Rect.Dx()-1), y))
		}
	}
	return out
}

// Who does what is asked is taken for present; who sends the same photo again,
// whole, cropped or shifted, is not, nor who does something else.
func TestATaskIsDoneByAFaceAndNotByItsPhoto(t *testing.T) {
	checker := face.NewChecker()
	straight := facetest.Drawn(720, 960, 1, facetest.Head{X: 360, Y: 440, R: 170})
	kept := photoOf(t, straight, 88)
	other := func(x, y, r, turn float64) []byte {
		return photoOf(t, facetest.Drawn(720, 960, 1, facetest.Head{X: x, Y: y, R: r, Turn: turn}), 92)
	}
	for name, try := range map[string]struct {
		task face.Task
		data []byte
		want string
	}{
		"came closer":               {face.Closer, other(350, 450, 240, 0.12), ""},
		"moved to the left":         {face.Left, other(260, 430, 175, -0.12), ""},
		"moved to the right":        {face.Right, other(470, 450, 165, 0.12), ""},
		"the same file":             {face.Closer, kept, "identity.photo.copied"},
		"stayed":                    {face.Closer, other(365, 445, 172, 0.12), "identity.photo.task"},
		"went away":                 {face.Closer, other(360, 440, 130, 0.12), "identity.photo.task"},
		"closer in place of left":   {face.Left, other(350, 450, 240, 0.12), "identity.photo.task"},
		"right in place of left":    {face.Left, other(470, 450, 165, 0.12), "identity.photo.task"},
		"left in place of right":    {face.Right, other(260, 430, 175, -0.12), "identity.photo.task"},
		"nobody":                    {face.Closer, photoOf(t, facetest.Drawn(720, 960, 1), 92), "identity.photo.no_face"},
		"in the dark":               {face.Closer, photoOf(t, facetest.Drawn(720, 960, 0.2, facetest.Head{X: 350, Y: 450, R: 240}), 92), "identity.photo.dark"},
		"the same photo, enlarged":  {face.Closer, photoOf(t, cropped(straight, image.Rect(100, 110, 600, 776)), 92), "identity.photo.copied"},
		"enlarged and pressed hard": {face.Closer, photoOf(t, cropped(straight, image.Rect(110, 130, 600, 783)), 60), "identity.photo.copied"},
		"the same photo, shifted":   {face.Right, photoOf(t, moved(straight, 90), 92), "identity.photo.copied"},
		"no picture":                {face.Closer, []byte("GIF89a"), "identity.photo.format"},
		"a task that there is not":  {face.Task("wink"), other(350, 450, 240, 0.12), "identity.photo.task"},
	} {
		got := ""
		if err := checker.Alive(t.Context(), kept, try.data, try.task); err != nil {
			got = fail.As(err).Findings[0].Key
		}
		if got != try.want {
			t.Errorf("%s: %q, not %q", name, got, try.want)
		}
	}
}
