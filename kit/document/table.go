package document

const (
	cellSize = 9.0
	cellSide = 1.4 // free space beside the text of a cell
)

// laid is a table whose columns have their widths.
type laid struct {
	Table
	widths []float64
	tag    *tag // for the head
	body   *tag // for the rows
}

func (s *sheet) table(t Table) {
	if len(t.Columns) == 0 {
		return
	}
	if len(t.Rows) == 0 && t.Empty != "" {
		s.paragraph(t.Empty, bodySize, "")
		return
	}
	l := laid{Table: t, widths: s.widths(t)}
	s.room(3*lead(cellSize) + 8) // a head is not left alone
	l.tag = s.child("Table")
	s.row(l, s.labels(l), true)
	l.tag, l.body = nil, l.tag // the head is told once: on other pages it only repeats
	for _, row := range t.Rows {
		s.row(l, row, false)
	}
	s.pdf.SetY(s.pdf.GetY() + 1.5)
}

// longestPart is how much of the line a column may ask for so that its words
// stay whole.
const longestPart = 0.25

// widths are the columns' shares of the line; a column that is narrower than its
// longest word takes what it lacks from those that have more than they need.
func (s *sheet) widths(t Table) []float64 {
	widths, least, shares := make([]float64, len(t.Columns)), make([]float64, len(t.Columns)), 0.0
	for i, c := range t.Columns {
		if widths[i] = c.Width; c.Width <= 0 {
			widths[i] = 1
		}
		shares += widths[i]
		s.cellFont(true)
		longest := s.widest(c.Label)
		s.cellFont(false)
		for _, row := range t.Rows {
			if i < len(row) {
				longest = max(longest, s.widest(row[i]))
			}
		}
		least[i] = min(longest+2*cellSide+0.3, inner*longestPart)
	}
	lack, spare := 0.0, 0.0
	for i := range widths {
		widths[i] *= inner / shares
		lack += max(0, least[i]-widths[i])
		spare += max(0, widths[i]-least[i])
	}
	if lack == 0 || spare == 0 {
		return widths
	}
	given := min(1, spare/lack)
	for i := range widths {
		if d := least[i] - widths[i]; d > 0 {
			widths[i] += d * given
		} else {
			widths[i] += d * lack * given / spare
		}
	}
	return widths
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
	if !head {
		if h := float64(most)*lead(cellSize) + 2; h <= (bottom-top)/3 && s.pdf.GetY()+h > bottom {
			s.pdf.AddPage()
			s.row(l, s.labels(l), true)
			s.cellFont(false)
		}
	}
	tags := l.cells(head)
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
		s.strip(l, tags, lines, done, take, head)
		done += take
	}
}

// cells are the tags of a row's cells, nil for a head that only repeats.
func (l laid) cells(head bool) []*tag {
	cells, above, kind, scope := make([]*tag, len(l.widths)), l.body, "TD", ""
	if head {
		above, kind, scope = l.tag, "TH", "Column"
	}
	if above == nil {
		return cells
	}
	row := above.add("TR")
	for i := range cells {
		cells[i] = row.add(kind)
		cells[i].scope = scope
	}
	return cells
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
func (s *sheet) strip(l laid, tags []*tag, lines [][]string, start, take int, head bool) {
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
			s.within(tags[i], func() {
				s.line(x+cellSide, y+1+float64(k-start)*lead(cellSize), w-2*cellSide, cellSize, lines[i][k], align)
			})
		}
		x += w
	}
	s.pdf.SetY(y + high)
}

// signatures stay together as far as a page allows, with the place of the stamp.
func (s *sheet) signatures(lines []Signature) {
	const each, role, name, stamp = 8.5, inner * 0.36, inner * 0.36, 5.5
	s.font("", bodySize)
	high := make([]float64, len(lines))
	all := 2.5
	for i, l := range lines {
		rows := max(len(s.split(l.Role, role)), len(s.split(l.Name, name)))
		high[i] = each + float64(rows-1)*lead(bodySize)
		all += high[i]
	}
	if s.options.Stamp != "" {
		all += stamp
	}
	s.room(min(all, bottom-top-30))
	s.pdf.SetY(s.pdf.GetY() + 2.5)
	for i, l := range lines {
		s.room(high[i])
		y := s.pdf.GetY() + 2
		s.font("", bodySize)
		who := s.child("P")
		s.within(who, func() { s.block(left, y, role, l.Role) })
		s.pdf.SetDrawColor(0x14, 0x22, 0x2b)
		s.pdf.SetLineWidth(0.25)
		s.pdf.Line(left+inner*0.38, y+lead(bodySize), left+inner*0.62, y+lead(bodySize))
		s.within(who, func() { s.block(left+inner*0.64, y, name, l.Name) })
		s.pdf.SetY(y - 2 + high[i])
	}
	if s.options.Stamp != "" {
		y := s.pdf.GetY() + 0.5
		s.grey()
		s.tagged("P", func() { s.line(left, y, role, bodySize, s.options.Stamp, "L") })
		s.ink()
		s.pdf.SetY(y + stamp - 0.5)
	}
}

// block sets a text in lines of the width, from y down.
func (s *sheet) block(x, y, w float64, txt string) {
	for i, l := range s.split(txt, w) {
		s.line(x, y+float64(i)*lead(bodySize), w, bodySize, l, "L")
	}
}
