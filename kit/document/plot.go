package document

import "codeberg.org/go-pdf/fpdf"

// Plot is a drawing over columns of one width, such as the days of a
// temperature sheet. It reads as a photocopy: lines differ by dash and marker.
type Plot struct {
	Title   string   // above it, on the same page; "" for none
	Height  float64  // in millimetres, of the field
	Axis    string   // above Rows: what their figures are of
	Columns []string // written above each
	Rows    []string // written at the left, from the top to the bottom edge
	Lines   []PlotLine
	Bars    []PlotBar
	BarName string // what a bar stands for
}

// PlotLine is points with x and y from 0 to 1, y from the top.
type PlotLine struct {
	Name   string
	Points [][2]float64
	Dash   []float64 // millimetres on and off; none: unbroken
	Marker byte      // 'o', 's' (square), 't' (triangle), 'd' (diamond); 0 for none: a bound, not what was measured
}

// PlotBar is an upright bar at x from Top to Bottom, all from 0 to 1.
type PlotBar struct{ X, Top, Bottom float64 }

// Plot draws a plot with its legend, kept together on one page.
func (d *Document) Plot(p Plot) {
	d.parts = append(d.parts, section{set: func(s *sheet) { s.plot(p) }, whole: p.whole()})
}

// plotHead is the height of the columns' names above the field, in millimetres.
const plotHead = 5.0

// whole is the height of title, field and legend in millimetres.
func (p Plot) whole() float64 {
	title := 0.0
	if p.Title != "" {
		title = lead(bodySize) + 1.2
	}
	return title + plotHead + p.Height + 12
}

func (s *sheet) plot(p Plot) {
	const margin = 16.0
	s.room(p.whole())
	if p.Title != "" {
		s.paragraph(p.Title, bodySize, "B")
	}
	y, w := s.pdf.GetY()+plotHead, inner-margin
	s.figure(joined(p.Title, p.Axis, p.names()), left, s.pdf.GetY(), inner, plotHead+p.Height+2+lead(labelSize), func() { s.field(p, left+margin, y, w, margin, plotHead) })
}

// names are what the legend says.
func (p Plot) names() string {
	var names []string
	for _, l := range p.Lines {
		names = append(names, l.Name)
	}
	if len(p.Bars) > 0 {
		names = append(names, p.BarName)
	}
	return joined(names...)
}

// field draws the field at x, y, what stands beside it, and the legend.
func (s *sheet) field(p Plot, x, y, w, margin, head float64) {
	s.pdf.SetDrawColor(0xb8, 0xc2, 0xc8)
	s.pdf.SetLineWidth(0.15)
	s.font("", labelSize)
	for i, label := range p.Columns {
		at := x + w*float64(i)/float64(len(p.Columns))
		s.pdf.Line(at, y-head, at, y+p.Height)
		s.line(at, y-head, w/float64(len(p.Columns)), labelSize, label, "C")
	}
	s.line(left, y-head, margin-1, labelSize, p.Axis, "R")
	for i, label := range p.Rows {
		at := y + p.Height*float64(i)/float64(max(1, len(p.Rows)-1))
		s.pdf.Line(x, at, x+w, at)
		s.line(left, at-lead(labelSize)/2, margin-1, labelSize, label, "R")
	}
	s.pdf.Rect(x, y, w, p.Height, "D")
	s.pdf.SetDrawColor(0, 0, 0)
	for _, b := range p.Bars {
		s.pdf.SetLineWidth(0.9)
		s.pdf.Line(x+w*b.X, y+p.Height*b.Top, x+w*b.X, y+p.Height*b.Bottom)
	}
	s.pdf.SetLineWidth(0.35)
	for _, l := range p.Lines {
		s.pdf.SetDashPattern(l.Dash, 0)
		for i := 1; i < len(l.Points); i++ {
			a, b := l.Points[i-1], l.Points[i]
			s.pdf.Line(x+w*a[0], y+p.Height*a[1], x+w*b[0], y+p.Height*b[1])
		}
		s.pdf.SetDashPattern(nil, 0)
		for _, at := range l.Points {
			s.marker(l.Marker, x+w*at[0], y+p.Height*at[1])
		}
	}
	s.pdf.SetY(y + p.Height + 2)
	at := left
	for _, l := range p.Lines {
		s.font("", labelSize)
		wide := 12 + s.pdf.GetStringWidth(s.plain(l.Name))
		if at > left && at+wide > left+inner { // the legend goes on in the next line
			at = left
			s.pdf.SetY(s.pdf.GetY() + lead(labelSize))
		}
		s.pdf.SetDashPattern(l.Dash, 0)
		s.pdf.Line(at, s.pdf.GetY()+1.8, at+8, s.pdf.GetY()+1.8)
		s.pdf.SetDashPattern(nil, 0)
		s.marker(l.Marker, at+4, s.pdf.GetY()+1.8)
		top := s.pdf.GetY()
		s.line(at+9, top, wide-9, labelSize, s.plain(l.Name), "L")
		s.pdf.SetY(top)
		at += wide
	}
	if p.BarName != "" && len(p.Bars) > 0 {
		top := s.pdf.GetY()
		s.pdf.SetLineWidth(0.9)
		s.pdf.Line(at+4, top+0.2, at+4, top+3.4)
		s.line(at+6, top, 60, labelSize, s.plain(p.BarName), "L")
		s.pdf.SetY(top)
	}
	s.pdf.SetY(s.pdf.GetY() + lead(labelSize) + 2)
}

func (s *sheet) marker(kind byte, x, y float64) {
	s.pdf.SetFillColor(0, 0, 0)
	const r = 0.8
	switch kind {
	case 's':
		s.pdf.Rect(x-r, y-r, 2*r, 2*r, "F")
	case 't':
		s.pdf.Polygon([]fpdf.PointType{{X: x, Y: y - r}, {X: x + r, Y: y + r}, {X: x - r, Y: y + r}}, "F")
	case 'd':
		s.pdf.Polygon([]fpdf.PointType{{X: x, Y: y - r}, {X: x + r, Y: y}, {X: x, Y: y + r}, {X: x - r, Y: y}}, "F")
	case 'o':
		s.pdf.Circle(x, y, r, "F")
	}
}
