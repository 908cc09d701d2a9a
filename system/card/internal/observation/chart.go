package observation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/document"
)

// Measures of the drawing in its own units. A day is two columns of the paper
// form, morning and evening; the sheet shows at least a week.
const (
	dayWidth    = 84.0
	chartLeft   = 110.0
	chartTop    = 26.0
	chartHeight = 260.0
	lowHeight   = 96.0 // respiration and saturation below
	leastDays   = 7
	mostDays    = 60
)

// Chart is the sheet as it is drawn. Temperatures go from 35 to 41 °C, pulse
// from 40 to 160 beside them, pressure as bars on the same 40–220 scale.
type Chart struct {
	Width, Height string
	Days          []chartDay
	Rows          []chartRow
	Lines         []chartLine
	Bars          []chartBar
	Norm          string // y of 37 °C
}

type chartDay struct{ X, Middle, Label, Number string }

type chartRow struct{ Y, Temperature, Pulse, Pressure string }

type chartLine struct {
	Name   string // temperature, pulse…
	Points string
	Dots   []chartDot
}

type chartDot struct{ X, Y, Path string }

type chartBar struct{ X, Top, Bottom string }

func n(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

// Draw draws the lines that stand, from the day of the admission on. Of a long
// stay the last sixty days are drawn; the table has all.
func Draw(all []Observation, admitted, now time.Time) Chart {
	first, last := clock.DateOf(admitted), clock.DateOf(now)
	if len(all) > 0 && clock.DateOf(all[len(all)-1].At).Before(last) {
		last = clock.DateOf(all[len(all)-1].At)
	}
	days := max(leastDays, first.DaysUntil(last)+1)
	start := first.Start()
	if days > mostDays {
		start = start.AddDate(0, 0, days-mostDays)
		days = mostDays
	}
	c := Chart{
		Width: n(chartLeft + float64(days)*dayWidth + 8), Height: n(chartTop + chartHeight + lowHeight + 20),
		Norm: n(scale(370, 350, 410, chartTop, chartHeight)),
	}
	offset := first.DaysUntil(clock.DateOf(start))
	for i := range days {
		x := chartLeft + float64(i)*dayWidth
		day := clock.DateOf(start.AddDate(0, 0, i))
		c.Days = append(c.Days, chartDay{X: n(x), Middle: n(x + dayWidth/2), Label: fmt.Sprintf("%02d.%02d", day.Day, int(day.Month)), Number: fmt.Sprint(offset + i + 1)})
	}
	for i := range 7 {
		c.Rows = append(c.Rows, chartRow{
			Y: n(chartTop + float64(i)*chartHeight/6), Temperature: fmt.Sprint(41 - i), Pulse: fmt.Sprint(160 - 20*i), Pressure: fmt.Sprint(220 - 30*i),
		})
	}
	c.plot(all, start)
	return c
}

func scale(value, low, high, top, height float64) float64 {
	value = min(max(value, low), high)
	return top + (high-value)/(high-low)*height
}

func (c *Chart) plot(all []Observation, start time.Time) {
	series := []struct {
		name        string
		of          func(Vitals) int
		low, high   float64
		top, height float64
		dot         func(x, y float64) string
	}{
		{"temperature", func(v Vitals) int { return v.Temperature }, 350, 410, chartTop, chartHeight, round},
		{"pulse", func(v Vitals) int { return v.Pulse }, 40, 160, chartTop, chartHeight, square},
		{"respiration", func(v Vitals) int { return v.Respiration }, 8, 40, chartTop + chartHeight + 12, lowHeight - 12, triangle},
		{"saturation", func(v Vitals) int { return v.Saturation }, 80, 100, chartTop + chartHeight + 12, lowHeight - 12, diamond},
	}
	for _, s := range series {
		line := chartLine{Name: s.name}
		var points []string
		for _, o := range all {
			value := s.of(o.Vitals)
			if o.Struck || value == 0 || o.At.Before(start) {
				continue
			}
			x, y := c.x(o.At, start), scale(float64(value), s.low, s.high, s.top, s.height)
			points = append(points, n(x)+","+n(y))
			line.Dots = append(line.Dots, chartDot{X: n(x), Y: n(y), Path: s.dot(x, y)})
		}
		line.Points = strings.Join(points, " ")
		c.Lines = append(c.Lines, line)
	}
	for _, o := range all {
		if o.Struck || o.Vitals.Systolic == 0 || o.At.Before(start) {
			continue
		}
		c.Bars = append(c.Bars, chartBar{
			X: n(c.x(o.At, start)), Top: n(scale(float64(o.Vitals.Systolic), 40, 220, chartTop, chartHeight)),
			Bottom: n(scale(float64(o.Vitals.Diastolic), 40, 220, chartTop, chartHeight)),
		})
	}
}

func (c *Chart) x(at, start time.Time) float64 {
	return chartLeft + at.Sub(start).Hours()/24*dayWidth
}

func round(x, y float64) string {
	return fmt.Sprintf("M%s %sa3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0", n(x-3.5), n(y))
}
func square(x, y float64) string   { return fmt.Sprintf("M%s %sh6v6h-6z", n(x-3), n(y-3)) }
func triangle(x, y float64) string { return fmt.Sprintf("M%s %sl4 7h-8z", n(x), n(y-4)) }
func diamond(x, y float64) string  { return fmt.Sprintf("M%s %sl4 4l-4 4l-4 -4z", n(x), n(y-4)) }

// Plot is the sheet for paper: the days from first on, ten at most, and the
// lines whose names words gives.
func Plot(all []Observation, first clock.Date, days int, name func(string) string) document.Plot {
	p := document.Plot{Height: 78}
	start := first.Start()
	for i := range days {
		day := clock.DateOf(start.AddDate(0, 0, i))
		p.Columns = append(p.Columns, fmt.Sprintf("%02d.%02d", day.Day, int(day.Month)))
	}
	for i := range 7 {
		p.Rows = append(p.Rows, fmt.Sprintf("%d° %d %d", 41-i, 160-20*i, 220-30*i))
	}
	end := start.AddDate(0, 0, days)
	line := func(key string, of func(Vitals) int, low, high float64, dash []float64, marker byte) {
		l := document.PlotLine{Name: name(key), Dash: dash, Marker: marker}
		for _, o := range all {
			if value := of(o.Vitals); value != 0 && !o.Struck && !o.At.Before(start) && o.At.Before(end) {
				l.Points = append(l.Points, [2]float64{o.At.Sub(start).Hours() / 24 / float64(days), scale(float64(value), low, high, 0, 1)})
			}
		}
		p.Lines = append(p.Lines, l)
	}
	line("temperature", func(v Vitals) int { return v.Temperature }, 350, 410, nil, 'o')
	line("pulse", func(v Vitals) int { return v.Pulse }, 40, 160, []float64{2, 1}, 's')
	for _, o := range all {
		if o.Vitals.Systolic != 0 && !o.Struck && !o.At.Before(start) && o.At.Before(end) {
			p.Bars = append(p.Bars, document.PlotBar{
				X:   o.At.Sub(start).Hours() / 24 / float64(days),
				Top: scale(float64(o.Vitals.Systolic), 40, 220, 0, 1), Bottom: scale(float64(o.Vitals.Diastolic), 40, 220, 0, 1),
			})
		}
	}
	return p
}

// LineWord is the name of a line of the chart.
func LineWord(ctx context.Context, name string) string { return lineWord(ctx, name) }
