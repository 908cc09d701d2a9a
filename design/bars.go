package design

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// BarChart is a series over months (or wards, or codes), drawn by the server as
// SVG with the same numbers as a table beneath. It prints in black and white.
type BarChart struct {
	Caption string
	Unit    string // head of the number column: «случаев», «сом»
	Label   string // head of the label column: «месяц»
	Bars    []Bar
	// First says that the first bars matter most: where the picture is wider than the
	// page it begins with them. Else, as along time, with the last ones.
	First bool
}

// Bar is one value. Text is how it is written («1 250»); the number decides only the height.
type Bar struct {
	Label string // short: «янв»
	Value float64
	Text  string
	Mark  bool // stands out (this month), hatched so that it does so in print too
}

// Measures of the drawing in its own units; css scales it to the page.
const (
	barStep   = 56
	barNarrow = 32 // the step where there are many
	barMany   = 16
	barWidth  = 0.65 // of the step
	barHeight = 160
	barTop    = 22
	barBottom = 24
)

// step is how far bars stand apart: a month of days fits on a desk, where what is
// written above them is short.
func (c BarChart) step() int {
	if len(c.Bars) <= barMany || slices.ContainsFunc(c.Bars, func(b Bar) bool { return utf8.RuneCountInString(b.Text) > 4 }) {
		return barStep
	}
	return barNarrow
}

type drawnBar struct {
	Bar
	named                              bool // its label has room
	x, y, width, height, middle, above string
}

// hatch is the name of the chart's own pattern: a page may have several charts,
// and a name stands once.
func (c BarChart) hatch() string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c.Caption))
	return "sn-hatch-" + strconv.FormatUint(uint64(h.Sum32()), 36)
}

func (c BarChart) draw() []drawnBar {
	top, step := c.top(), float64(c.step())
	width := step * barWidth
	drawn := make([]drawnBar, 0, len(c.Bars))
	for i, bar := range c.Bars {
		h := 0.0
		if top > 0 && bar.Value > 0 {
			h = bar.Value / top * barHeight
		}
		x := float64(i)*step + (step-width)/2
		drawn = append(drawn, drawnBar{
			Bar: bar, named: step == barStep || (len(c.Bars)-1-i)%2 == 0, x: number(x), y: number(barTop + barHeight - h),
			width: number(width), height: number(h), middle: number(x + width/2),
			above: number(barTop + barHeight - h - 6),
		})
	}
	return drawn
}

func (c BarChart) top() float64 {
	top := 0.0
	for _, bar := range c.Bars {
		top = max(top, bar.Value)
	}
	return top
}

func (c BarChart) viewBox() string {
	return fmt.Sprintf("0 0 %d %d", max(1, len(c.Bars))*c.step(), barTop+barHeight+barBottom)
}

func (c BarChart) widthText() string { return fmt.Sprint(max(1, len(c.Bars)) * c.step()) }

func number(f float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}
