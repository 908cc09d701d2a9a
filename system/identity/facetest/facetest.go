// Package facetest draws faces that nobody has, for tests of what looks at photos.
package facetest

import (
	"image"
	"math"
)

// Drawn is a picture of heads, shaded ellipses with hair, eyes, brows, nose and
// mouth. light is how bright it is: 1 is daylight.
func Drawn(width, height int, light float64, heads ...Head) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		row := picture.Pix[y*picture.Stride:][:4*width]
		grain := math.Cos(float64(y) * 2.3) // as every sensor has
		for x := range width {
			v := 190 - 30*float64(y)/float64(height)
			for _, h := range heads {
				if tone, on := h.tone((float64(x)-h.X)/h.R, (float64(y)-h.Y)/h.R); on {
					v = tone
				}
			}
			v += 2 * math.Sin(float64(x)*1.7) * grain
			for i, f := range [...]float64{1.05, 0.97, 0.9} {
				row[4*x+i] = uint8(max(0, min(255, v*light*f)))
			}
			row[4*x+3] = 255
		}
	}
	return picture
}

// Head is one: its middle, the half of its width, and how far it is turned to
// the picture's right, in shares of that half.
type Head struct{ X, Y, R, Turn float64 }

func ellipse(u, v, x, y, a, b float64) float64 {
	return math.Hypot((u-x)/a, (v-y)/b)
}

// soft is 1 inside and fades to 0 outside the ellipse.
func soft(d, edge float64) float64 { return max(0, min(1, (1-d)/edge+0.5)) }

// tone is the luminance at (u, v) of the head, whose width is 2.
func (h Head) tone(u, v float64) (float64, bool) {
	if math.Abs(u) > 1.9 || v < -1.55 { // beyond shoulders and hair: most of a picture
		return 0, false
	}
	outline := ellipse(u, v, 0, 0.05, 1, 1.35)
	shoulders := ellipse(u, v, 0, 2.6, 1.9, 1.15)
	hair := ellipse(u, v, 0, -0.25, 1.12, 1.3)
	if outline > 1 && shoulders > 1 && hair > 1 {
		return 0, false
	}
	if outline > 1 && shoulders <= 1 {
		return 80, true
	}
	if outline > 1 {
		return 45, true
	}
	t := 200 - 45*u*u - 20*math.Max(0, v) // light from the front
	if v < -0.62 {
		t -= 150 * soft(hair, 0.2)
	}
	dark := func(amount, x, y, a, b float64) {
		x += h.Turn
		if math.Abs(u-x) < 1.25*a && math.Abs(v-y) < 1.25*b { // beyond, soft is 0
			t -= amount * soft(ellipse(u, v, x, y, a, b), 0.5)
		}
	}
	for _, side := range []float64{-1, 1} {
		dark(55, side*0.42, -0.16, 0.34, 0.2)  // socket
		dark(70, side*0.42, -0.38, 0.3, 0.07)  // brow
		dark(-60, side*0.42, -0.1, 0.2, 0.085) // white of the eye
		dark(120, side*0.42, -0.1, 0.1, 0.1)   // iris
		dark(35, side*0.13, 0.38, 0.09, 0.06)  // nostril
		dark(20, side*0.16, 0.1, 0.08, 0.35)   // side of the nose
		dark(-20, side*0.5, 0.3, 0.25, 0.2)    // cheek
	}
	dark(-25, 0, 0.1, 0.08, 0.4)  // bridge
	dark(75, 0, 0.72, 0.36, 0.08) // mouth
	dark(30, 0, 0.86, 0.25, 0.06) // below the lip
	dark(30, 0, 0.52, 0.1, 0.05)
	return t, true
}
