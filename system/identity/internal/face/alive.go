package face

import (
	"bytes"
	"context"
	"image"
	"math"
)

// Task is what a person is asked to do between two photos, so that somebody who
// holds one photo of another does not get by with it alone.
type Task string

// The tasks. Sides are those of the picture.
const (
	Closer Task = "closer"
	Left   Task = "left"
	Right  Task = "right"
)

// Tasks are all tasks.
var Tasks = []Task{Closer, Left, Right}

const (
	nearer  = 1.25  // how much larger the face is when the person has come closer
	full    = 0.85  // share of the shorter side from which no face has to grow further
	aside   = 0.08  // of the width, that the face has moved
	alike   = 0.995 // correlation from which two faces are one picture, moved or enlarged
	cells   = 24    // of a face's side that is compared
	inner   = 0.8   // of the found face that is compared: no background
	coarse  = 0.03  // steps of the search for how one face lies on the other
	fine    = 0.01
	reaches = 0.15 // how far the search goes: a face is found no more exactly
)

// Alive compares the photo that is kept with one taken after it: both show one
// face, the face has done the task, and it is not the same picture enlarged or
// moved. fail.Fields of the field tells why not.
//
// This stops a photo sent twice and a crop of it. It does not stop somebody who
// moves a printed photo before the camera, or feeds it a film: that is for the
// eyes of an operator, and nothing above the level low follows from it.
func (c *Checker) Alive(ctx context.Context, kept, data []byte, task Task) error {
	if bytes.Equal(kept, data) {
		return refused("identity.photo.copied")
	}
	first, err := c.decode(ctx, kept)
	if err != nil {
		return err
	}
	then, err := c.decode(ctx, data)
	if err != nil {
		return err
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	a, b := c.look(first), c.look(then)
	switch key := b.fault(); {
	case key != "":
		return refused(key)
	case !task.done(a, b):
		return refused("identity.photo.task")
	case likeness(first, a, then, b) >= alike:
		return refused("identity.photo.copied")
	}
	return nil
}

// done says whether the face of b has done the task since a.
func (t Task) done(a, b Found) bool {
	switch t {
	case Closer:
		return b.Share >= min(a.Share*nearer, max(full, a.Share*1.1))
	case Left:
		return b.X <= a.X-aside
	case Right:
		return b.X >= a.X+aside
	}
	return false
}

// plane is a picture's luminance.
type plane struct {
	grey          []uint8
	width, height int
}

func planeOf(picture *image.RGBA) plane {
	return plane{luminance(picture), picture.Rect.Dx(), picture.Rect.Dy()}
}

// at is the luminance at the point; beyond the edge it is the edge's.
func (p plane) at(x, y float64) float64 {
	column, line := min(max(int(x), 0), p.width-1), min(max(int(y), 0), p.height-1)
	return float64(p.grey[line*p.width+column])
}

// square is the part about the middle with the side, as cells × cells values of
// mean 0 and length 1.
func (p plane) square(x, y, side float64) []float64 {
	const points = 2 // a cell's side
	values := make([]float64, 0, cells*cells)
	step := side / cells
	sum := 0.0
	for line := range cells {
		for column := range cells {
			v := 0.0
			for i := range points * points {
				v += p.at(x-side/2+step*(float64(column)+(float64(i%points)+0.5)/points), y-side/2+step*(float64(line)+(float64(i/points)+0.5)/points))
			}
			values = append(values, v)
			sum += v
		}
	}
	length := 0.0
	for i := range values {
		values[i] -= sum / float64(len(values))
		length += values[i] * values[i]
	}
	length = max(math.Sqrt(length), 1)
	for i := range values {
		values[i] /= length
	}
	return values
}

// likeness is the highest correlation of the two faces, from −1 to 1, over the
// ways in which one may lie on the other.
func likeness(first *image.RGBA, a Found, then *image.RGBA, b Found) float64 {
	one, other := planeOf(first), planeOf(then)
	side := func(p plane, f Found) float64 { return f.Share * float64(min(p.width, p.height)) * inner }
	model := one.square(a.X*float64(one.width), a.Y*float64(one.height), side(one, a))
	x, y, size := b.X*float64(other.width), b.Y*float64(other.height), side(other, b)
	best, bestX, bestY, bestSize := -1.0, x, y, size
	seek := func(x, y, size, reach, step float64) {
		for grow := -reach; grow <= reach+step/2; grow += step {
			for right := -reach; right <= reach+step/2; right += step {
				for down := -reach; down <= reach+step/2; down += step {
					px, py, ps := x+right*size, y+down*size, size*(1+grow)
					r := 0.0
					for i, v := range other.square(px, py, ps) {
						r += v * model[i]
					}
					if r > best {
						best, bestX, bestY, bestSize = r, px, py, ps
					}
				}
			}
		}
	}
	seek(x, y, size, reaches, coarse)
	seek(bestX, bestY, bestSize, coarse, fine)
	return best
}
