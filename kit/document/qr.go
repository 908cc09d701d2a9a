package document

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// matrix is a QR code: true is a dark module.
type matrix [][]bool

func encodeQR(content string) (matrix, error) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("document: QR code: %w", err)
	}
	size := code.Bounds().Dx()
	m := make(matrix, size)
	for y := range m {
		m[y] = make([]bool, size)
		for x := range m[y] {
			grey, _, _, _ := code.At(x, y).RGBA()
			m[y][x] = grey < 0x8000
		}
	}
	return m, nil
}

// quiet is the free border that ISO/IEC 18004 asks for, in modules.
const quiet = 4

// QRPNG is a QR code as a picture, scale pixels a module, for pages.
func QRPNG(content string, scale int) ([]byte, error) {
	m, err := encodeQR(content)
	if err != nil {
		return nil, err
	}
	scale = min(max(scale, 1), 20)
	size := (len(m) + 2*quiet) * scale
	img := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	for y := range size {
		for x := range size {
			my, mx := y/scale-quiet, x/scale-quiet
			if my >= 0 && mx >= 0 && my < len(m) && mx < len(m) && m[my][mx] {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// qr draws the code into the lower right corner, its caption to the left.
func (s *sheet) qr(part *qrPart) {
	module := qrSize / float64(len(part.code))
	border := quiet * module
	if s.pdf.GetY() > bottom-qrSize-2*border {
		s.pdf.AddPage()
	}
	x0, y0 := left+inner-qrSize, bottom-qrSize-1
	s.pdf.SetFillColor(255, 255, 255)
	s.pdf.Rect(x0-border, y0-border, qrSize+border, qrSize+border, "F")
	alt := "QR"
	if len(part.caption) > 0 {
		alt += ": " + strings.Join(part.caption, " ")
	}
	s.figure(alt, x0, y0, qrSize, qrSize, func() { s.modules(part.code, x0, y0, module) })
	s.tagged("P", func() { s.caption(part.caption, x0-border-left-4) })
	s.pdf.SetY(bottom) // nothing is set over it
}

func (s *sheet) modules(code matrix, x0, y0, module float64) {
	s.pdf.SetFillColor(0, 0, 0)
	for y, row := range code {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			run := x
			for run < len(row) && row[run] {
				run++
			}
			s.pdf.Rect(x0+float64(x)*module, y0+float64(y)*module, float64(run-x)*module, module, "F")
			x = run
		}
	}
}

// caption stands level with the foot of the code.
func (s *sheet) caption(captions []string, w float64) {
	const size = 8.5
	s.font("", size)
	var lines []string
	for _, c := range captions {
		lines = append(lines, s.split(c, w)...)
	}
	y := bottom - 1 - float64(len(lines))*lead(size)
	for _, l := range lines {
		s.line(left, y, w, size, l, "L")
		y += lead(size)
	}
}
