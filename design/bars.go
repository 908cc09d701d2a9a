package design

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
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
	barWidth  = 36
	barHeight = 160
	barTop    = 22
	barBottom = 24
)

type drawnBar struct {
	Bar
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
	top := c.top()
	drawn := make([]drawnBar, 0, len(c.Bars))
	for i, bar := range c.Bars {
		h := 0.0
		if top > 0 && bar.Value > 0 {
			h = bar.Value / top * barHeight
		}
		x := float64(i*barStep) + (barStep-barWidth)/2
		drawn = append(drawn, drawnBar{
			Bar: bar, x: number(x), y: number(barTop + barHeight - h),
			width: number(barWidth), height: number(h), middle: number(x + barWidth/2),
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
	return fmt.Sprintf("0 0 %d %d", max(1, len(c.Bars))*barStep, barTop+barHeight+barBottom)
}

func (c BarChart) widthText() string { return fmt.Sprint(max(1, len(c.Bars)) * barStep) }

func number(f float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}
