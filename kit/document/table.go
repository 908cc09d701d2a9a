package document

const (
	cellSize = 9.0
	cellSide = 1.4 // free space beside the text of a cell
)

// laid is a table whose columns have their widths.
type laid struct {
	Table
	widths []float64
}

func (s *sheet) table(t Table) {
	if len(t.Columns) == 0 {
		return
	}
	if len(t.Rows) == 0 && t.Empty != "" {
		s.paragraph(t.Empty, bodySize, "")
		return
	}
	l := laid{t, make([]float64, len(t.Columns))}
	shares := 0.0
	for i, c := range t.Columns {
		if l.widths[i] = c.Width; c.Width <= 0 {
			l.widths[i] = 1
		}
		shares += l.widths[i]
	}
	for i := range l.widths {
		l.widths[i] *= inner / shares
	}
	labels := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		labels[i] = c.Label
	}
	s.room(3*lead(cellSize) + 8) // a head is not left alone
	s.row(l, labels, true)
	for _, row := range t.Rows {
		s.row(l, row, false)
	}
	s.pdf.SetY(s.pdf.GetY() + 3)
}

// row sets a row; one that is longer than the page goes on on the next, below
// the head again.
func (s *sheet) row(l laid, cells []string, head bool) {
	s.cellFont(head)
	lines, most := make([][]string, len(l.widths)), 1
	for i := range l.widths {
		if i < len(cells) {
			lines[i] = s.split(cells[i], l.widths[i]-2*cellSide)
		}
		most = max(most, len(lines[i]))
	}
	for done := 0; done < most; {
		fit := int((bottom - s.pdf.GetY() - 2) / lead(cellSize))
		rest := most - done
		if fit < min(rest, 4) && !head {
			s.pdf.AddPage()
			s.row(l, s.labels(l), true)
			s.cellFont(false)
			fit = int((bottom - s.pdf.GetY() - 2) / lead(cellSize))
		}
		take := min(rest, max(fit, 1))
		s.strip(l, lines, done, take, head)
		done += take
	}
}

func (s *sheet) labels(l laid) []string {
	labels := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		labels[i] = c.Label
	}
	return labels
}

func (s *sheet) cellFont(head bool) {
	if head {
		s.font("B", cellSize)
		return
	}
	s.font("", cellSize)
}

// strip sets the lines from start to start+take of every cell, in boxes.
func (s *sheet) strip(l laid, lines [][]string, start, take int, head bool) {
	y, high := s.pdf.GetY(), float64(take)*lead(cellSize)+2
	s.pdf.SetDrawColor(0x6b, 0x78, 0x80)
	s.pdf.SetLineWidth(0.2)
	s.pdf.SetFillColor(0xee, 0xf2, 0xf4)
	x := left
	for i, w := range l.widths {
		style := "D"
		if head {
			style = "FD"
		}
		s.pdf.Rect(x, y, w, high, style)
		align := "L"
		if l.Columns[i].Right {
			align = "R"
		}
		for k := start; k < min(start+take, len(lines[i])); k++ {
			s.line(x+cellSide, y+1+float64(k-start)*lead(cellSize), w-2*cellSide, cellSize, lines[i][k], align)
		}
		x += w
	}
	s.pdf.SetY(y + high)
}

// signatures need 11 mm a line and stay together as far as a page allows.
func (s *sheet) signatures(lines []Signature) {
	const each = 11.0
	s.room(min(float64(len(lines))*each+4, bottom-top-30))
	s.pdf.SetY(s.pdf.GetY() + 4)
	for _, l := range lines {
		s.room(each)
		y := s.pdf.GetY()
		s.font("", bodySize)
		s.line(left, y+3, inner*0.36, bodySize, s.one(l.Role, inner*0.36), "L")
		s.pdf.SetDrawColor(0x14, 0x22, 0x2b)
		s.pdf.SetLineWidth(0.25)
		s.pdf.Line(left+inner*0.38, y+3+lead(bodySize), left+inner*0.62, y+3+lead(bodySize))
		s.line(left+inner*0.64, y+3, inner*0.36, bodySize, s.one(l.Name, inner*0.36), "L")
		s.pdf.SetY(y + each)
	}
}
