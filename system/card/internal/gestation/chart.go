package gestation

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// Measures of a drawing in its own units; weeks run from left to right.
const (
	chartWidth  = 290.0
	chartHeight = 200.0
	plotHeight  = 36.0 // on paper, in millimetres: three, the signature and the code find room on a page
	chartLeft   = 44.0
	chartTop    = 12.0
	chartFoot   = 24.0
	firstWeek   = 4
	lastWeek    = 44
	mostSteps   = 10 // of the scale at the left: more would run into each other
)

// Chart is a measure against the gestational age with what is usual.
type Chart struct {
	Key        string // of its name: card.antenatal.chart.<Key>
	Band       string // points of the polygon, "" for none
	Lines      []line
	Limits     []limit
	XTicks     []tick
	YTicks     []tick
	Source     string // code; "" for none
	bands      []Band
	low, high  float64
	scale      float64 // divides a value for its label
	Width      string
	Height     string
	Right      string
	Bottom     string
	limitsHold []float64
	step       float64 // of the scale at the left
}

type line struct {
	Name   string
	Points string
	Dots   []dot
	values []point
}

type (
	dot   struct{ X, Y string }
	tick  struct{ At, Label string }
	limit struct{ Y, Label string }
	point struct{ Days, Value int }
)

func n(f float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0") }

func share(value, low, high float64) float64 {
	return (min(max(value, low), high) - low) / (high - low)
}

func x(days float64) float64 {
	return chartLeft + share(days, firstWeek*7, lastWeek*7)*(chartWidth-chartLeft-8)
}

func (c *Chart) y(value float64) float64 {
	return chartTop + (1-share(value, c.low, c.high))*(chartHeight-chartTop-chartFoot)
}

// Charts are weight gain (or weight, when the weight before is not known),
// pressure and fundal height of the card's visits.
func Charts(card cardapi.ExchangeCard) []Chart {
	reg := card.Registration
	series := func(of func(cardapi.Visit) int) []point {
		var all []point
		for _, v := range card.Visits {
			if value := of(v.Visit); value != 0 {
				all = append(all, point{card.DatedFrom.DaysUntil(v.Day), value})
			}
		}
		return all
	}
	weight, name := Chart{Key: "weight", low: 400, high: 1000, step: 100, scale: 10}, "weight"
	class, of := BodyClass(reg.HeightCM, reg.WeightBefore), func(v cardapi.Visit) int { return v.Weight }
	points := series(of)
	if class != "" {
		weight, name = Chart{Key: "gain", low: -40, high: 200, step: 40, scale: 10}, "gain"
		for i := range points {
			points[i].Value -= reg.WeightBefore
		}
		weight.reference("gain", class, card)
	}
	weight.add(name, points)
	weight.draw()
	pressure := Chart{Key: "pressure", low: 40, high: 200, step: 20, scale: 1, limitsHold: []float64{140, 90}, Source: limitSource("pressure")}
	pressure.add("systolic", series(func(v cardapi.Visit) int { return v.Systolic }))
	pressure.add("diastolic", series(func(v cardapi.Visit) int { return v.Diastolic }))
	pressure.draw()
	fundal := Chart{Key: "fundal", low: 100, high: 450, step: 50, scale: 10}
	fundal.reference("fundal", "", card)
	fundal.add("fundal", series(func(v cardapi.Visit) int { return v.Fundal }))
	fundal.draw()
	return []Chart{weight, pressure, fundal}
}

func limitSource(code string) string {
	for _, r := range Rules() {
		if r.Code == code {
			return r.Source
		}
	}
	return ""
}

// reference takes the bands of the day of the last visit; those of one child
// say nothing of twins.
func (c *Chart) reference(measure, class string, card cardapi.ExchangeCard) {
	on := card.DatedFrom
	if n := len(card.Visits); n > 0 {
		on = card.Visits[n-1].Day
	}
	if card.Registration.Fetuses > 1 {
		return
	}
	r := ReferenceOn(measure, class, on)
	c.bands, c.Source = r.Bands, r.Source
}

func (c *Chart) add(name string, points []point) {
	c.Lines = append(c.Lines, line{Name: name, values: points})
}

// stretch widens the scale by whole steps until every value has its place: what
// was measured is never drawn as something else.
func (c *Chart) stretch() {
	for _, l := range c.Lines {
		for _, p := range l.values {
			for float64(p.Value) < c.low {
				c.low -= c.step
			}
			for float64(p.Value) > c.high {
				c.high += c.step
			}
		}
	}
	for c.high-c.low > mostSteps*c.step {
		c.step *= 2
	}
	c.high = c.low + math.Ceil((c.high-c.low)/c.step)*c.step
}

func (c *Chart) draw() {
	c.stretch()
	c.Width, c.Height, c.Right, c.Bottom = n(chartWidth), n(chartHeight), n(chartWidth-8), n(chartHeight-chartFoot)
	for week := firstWeek; week <= lastWeek; week += 4 {
		c.XTicks = append(c.XTicks, tick{n(x(float64(week * 7))), strconv.Itoa(week)})
	}
	for value := c.low; value <= c.high; value += c.step {
		c.YTicks = append(c.YTicks, tick{n(c.y(value)), c.label(value)})
	}
	for _, value := range c.limitsHold {
		c.Limits = append(c.Limits, limit{n(c.y(value)), n(value)})
	}
	var upper, lower []string
	for _, b := range c.bands {
		if b.Week >= firstWeek {
			at := n(x(float64(b.Week*7))) + ","
			upper, lower = append(upper, at+n(c.y(float64(b.High)))), append(lower, at+n(c.y(float64(b.Low))))
		}
	}
	slices.Reverse(lower)
	c.Band = strings.Join(append(upper, lower...), " ")
	for i, l := range c.Lines {
		var points []string
		for _, p := range l.values {
			px, py := n(x(float64(p.Days))), n(c.y(float64(p.Value)))
			points = append(points, px+","+py)
			l.Dots = append(l.Dots, dot{px, py})
		}
		l.Points = strings.Join(points, " ")
		c.Lines[i] = l
	}
}

// label is the value as it is written.
func (c *Chart) label(value float64) string {
	return strings.ReplaceAll(n(value/c.scale), ".", ",")
}

// Reading is a line of the chart as a table: what was measured on a day, in the
// order of Lines ("" for none), and what is usual then ("" when nothing is known).
type Reading struct {
	Days   int // of the pregnancy
	Values []string
	Usual  string
}

// Readings are what the chart draws, by day, for those who do not see it.
func (c Chart) Readings() []Reading {
	var all []Reading
	for i, l := range c.Lines {
		for _, p := range l.values {
			at := slices.IndexFunc(all, func(r Reading) bool { return r.Days == p.Days && r.Values[i] == "" })
			if at < 0 {
				at, all = len(all), append(all, Reading{p.Days, make([]string, len(c.Lines)), c.usual(p.Days)})
			}
			all[at].Values[i] = c.label(float64(p.Value))
		}
	}
	slices.SortStableFunc(all, func(a, b Reading) int { return cmp.Compare(a.Days, b.Days) })
	return all
}

func (c Chart) usual(days int) string {
	if r, ok := (Reference{Bands: c.bands}).at(days / 7); ok {
		return c.label(float64(r.Low)) + "–" + c.label(float64(r.High))
	}
	var limits []string
	for _, value := range c.limitsHold {
		limits = append(limits, "<"+n(value))
	}
	return strings.Join(limits, "/")
}

// Plot is the chart for paper.
func (c Chart) Plot(name func(string) string) document.Plot {
	p := document.Plot{Height: plotHeight}
	for week := firstWeek; week < lastWeek; week += 2 {
		p.Columns = append(p.Columns, strconv.Itoa(week))
	}
	for i := len(c.YTicks) - 1; i >= 0; i-- {
		p.Rows = append(p.Rows, c.YTicks[i].Label)
	}
	across := func(days int) float64 { return share(float64(days), firstWeek*7, lastWeek*7) }
	down := func(value int) float64 { return 1 - share(float64(value), c.low, c.high) }
	for i, l := range c.Lines {
		drawn := document.PlotLine{Name: name(l.Name), Marker: "os"[i%2]}
		for _, v := range l.values {
			drawn.Points = append(drawn.Points, [2]float64{across(v.Days), down(v.Value)})
		}
		p.Lines = append(p.Lines, drawn)
	}
	if len(c.bands) > 0 {
		low, high := document.PlotLine{Name: name("band"), Dash: []float64{1, 1}}, document.PlotLine{Dash: []float64{1, 1}, Name: name("band_high")}
		for _, b := range c.bands {
			if b.Week >= firstWeek {
				low.Points = append(low.Points, [2]float64{across(b.Week * 7), down(b.Low)})
				high.Points = append(high.Points, [2]float64{across(b.Week * 7), down(b.High)})
			}
		}
		p.Lines = append(p.Lines, low, high)
	}
	for _, value := range c.limitsHold {
		p.Lines = append(p.Lines, document.PlotLine{Name: name("limit") + " " + n(value), Dash: []float64{2, 1}, Points: [][2]float64{{0, down(int(value))}, {1, down(int(value))}}})
	}
	return p
}
