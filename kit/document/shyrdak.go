package document

// The running horn of a felt carpet's edge, in a square of 48 by 14, as the
// pages have it under their header: curves of a start and two handles and an
// end for each piece.
var horn = [][]float64{
	{0, 10.5, 5, 10.5, 8, 8, 8, 5.2, 8, 3, 6.6, 1.8, 5, 1.8, 3.4, 1.8, 2.4, 2.8, 2.4, 4, 2.4, 5.2, 3.2, 6, 4.4, 6},
	{48, 10.5, 43, 10.5, 40, 8, 40, 5.2, 40, 3, 41.4, 1.8, 43, 1.8, 44.6, 1.8, 45.6, 2.8, 45.6, 4, 45.6, 5.2, 44.8, 6, 43.6, 6},
	{8, 10.5, 14, 10.5, 17, 4, 24, 1.8, 31, 4, 34, 10.5, 40, 10.5},
}

// shyrdak draws the line at y over the whole width, 4 mm high.
func (s *sheet) shyrdak(y float64) {
	const repeats = 13
	scale := inner / repeats / 48
	s.pdf.SetLineWidth(0.22)
	s.pdf.SetDrawColor(0x0b, 0x4a, 0x6f)
	for i := range repeats {
		at := func(x, up float64) (float64, float64) { return left + (float64(i)*48+x)*scale, y + up*scale }
		for _, path := range horn {
			s.pdf.MoveTo(at(path[0], path[1]))
			for k := 2; k+5 < len(path); k += 6 {
				ax, ay := at(path[k], path[k+1])
				bx, by := at(path[k+2], path[k+3])
				cx, cy := at(path[k+4], path[k+5])
				s.pdf.CurveBezierCubicTo(ax, ay, bx, by, cx, cy)
			}
			s.pdf.DrawPath("D")
		}
		s.pdf.MoveTo(at(20, 8.5))
		for _, corner := range [][2]float64{{24, 5.5}, {28, 8.5}, {24, 10.5}} {
			s.pdf.LineTo(at(corner[0], corner[1]))
		}
		s.pdf.ClosePath()
		s.pdf.DrawPath("D")
	}
	s.pdf.SetDrawColor(0xb3, 0x26, 0x1e)
	s.pdf.Line(left, y+13*scale, left+inner, y+13*scale)
}
