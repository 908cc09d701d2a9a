package face

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // the two kinds of picture that are taken
	_ "image/png"
)

// decode turns the file of a stranger into a small upright picture. What it says
// of its own size is believed only to refuse it.
func (c *Checker) decode(ctx context.Context, data []byte) (*image.RGBA, error) {
	if len(data) > MaxBytes {
		return nil, refused("identity.photo.too_large")
	}
	head, kind, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || kind != "jpeg" && kind != "png" {
		return nil, refused("identity.photo.format") // what a stranger sent is no error of ours
	}
	switch {
	case head.Width <= 0 || head.Height <= 0 || head.Width > maxPixels/head.Height:
		return nil, refused("identity.photo.too_large")
	case min(head.Width, head.Height) < minSide:
		return nil, refused("identity.photo.small")
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, refused("identity.photo.format")
	}
	if size := picture.Bounds().Size(); size.X != head.Width || size.Y != head.Height {
		return nil, refused("identity.photo.format")
	}
	return upright(shrink(picture, keptSide), orientation(data)), nil
}

// shrink makes the picture's longer side at most limit pixels: each new pixel is
// the mean of those it stands for. What is transparent becomes white.
func shrink(src image.Image, limit int) *image.RGBA {
	from := src.Bounds()
	width, height := from.Dx(), from.Dy()
	if longer := max(width, height); longer > limit {
		width, height = max(1, width*limit/longer), max(1, height*limit/longer)
	}
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		top, bottom := y*from.Dy()/height, (y+1)*from.Dy()/height
		strip := image.NewRGBA(image.Rect(0, 0, from.Dx(), bottom-top))
		draw.Draw(strip, strip.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
		draw.Draw(strip, strip.Rect, src, image.Pt(from.Min.X, from.Min.Y+top), draw.Over)
		for x := range width {
			left, right := x*from.Dx()/width, (x+1)*from.Dx()/width
			var r, g, b, n int
			for j := range bottom - top {
				for i := left; i < right; i++ {
					at := strip.PixOffset(i, j)
					r, g, b, n = r+int(strip.Pix[at]), g+int(strip.Pix[at+1]), b+int(strip.Pix[at+2]), n+1
				}
			}
			small.SetRGBA(x, y, color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}) //nolint:gosec // a mean of bytes is a byte
		}
	}
	return small
}

// upright turns the picture as its orientation (1…8 of Exif 2.32, 4.6.4) says.
func upright(picture *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return picture
	}
	width, height := picture.Rect.Dx(), picture.Rect.Dy()
	turned := image.NewRGBA(image.Rect(0, 0, width, height))
	if orientation >= 5 {
		turned = image.NewRGBA(image.Rect(0, 0, height, width))
	}
	for y := range turned.Rect.Dy() {
		for x := range turned.Rect.Dx() {
			i, j := x, y
			if orientation >= 5 {
				i, j = y, x
			}
			switch orientation {
			case 2, 7: // mirrored across the width
				i = width - 1 - i
			case 3:
				i, j = width-1-i, height-1-j
			case 4:
				j = height - 1 - j
			case 6:
				j = height - 1 - j
			case 8:
				i = width - 1 - i
			}
			if orientation == 7 {
				j = height - 1 - j
			}
			turned.SetRGBA(x, y, picture.RGBAAt(i, j))
		}
	}
	return turned
}

// orientation is how the camera was held, as the JPEG's Exif says; 1 when it
// says nothing that can be read.
func orientation(data []byte) int {
	if len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		return 1
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, length := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xda || length < 2 || at+2+length > len(data) {
			return 1
		}
		body := data[at+4 : at+2+length]
		if rest, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(rest)
		}
		at += 2 + length
	}
	return 1
}

// tiffOrientation reads tag 0x0112 of the first directory.
func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	start := int64(order.Uint32(tiff[4:]))
	if start+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[start+2:]
	for range order.Uint16(tiff[start:]) {
		if len(entries) < 12 {
			return 1
		}
		if order.Uint16(entries) == 0x0112 {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return 1
}
