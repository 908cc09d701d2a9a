package document

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A tag is an element of the document's structure (ISO 32000-1, 14.7): what a
// screen reader goes by. The library that sets the pages knows none: sheet writes
// the marks into the pages, and withTags the tree into the file.
type tag struct {
	kind  string // H1, P, Table, TR, TH, TD, Figure… of the standard's types
	alt   string // what a Figure shows
	box   []float64
	scope string // of a TH: Column or Row
	kids  []*tag
	parts []piece // its text on the pages, in order; a tag has kids or parts
	id    int     // number of its object in the file
}

// piece is a marked sequence of a page's content; both count from 0.
type piece struct{ page, id int }

// tagged does what sets an element of the kind, below the one that is being set.
func (s *sheet) tagged(kind string, do func()) *tag {
	t := s.child(kind)
	s.within(t, do)
	return t
}

// add adds an element below t.
func (t *tag) add(kind string) *tag {
	k := &tag{kind: kind}
	t.kids = append(t.kids, k)
	return k
}

// pair adds to a table a row of a name and its value.
func (t *tag) pair() (key, value *tag) {
	row := t.add("TR")
	key, value = row.add("TH"), row.add("TD")
	key.scope = "Row"
	return key, value
}

// child adds an element below the one that is being set, for within.
func (s *sheet) child(kind string) *tag {
	above := s.at
	if above == nil {
		above = s.root
	}
	return above.add(kind)
}

// within does what sets text of the element; nil is for what is only there to be
// looked at, such as the head of a page.
func (s *sheet) within(t *tag, do func()) {
	before := s.at
	s.at = t
	do()
	s.at = before
}

// figure draws a picture with what it shows in words, in a box in millimetres.
func (s *sheet) figure(alt string, x, y, w, h float64, draw func()) {
	const point = 72 / 25.4
	f := s.child("Figure")
	f.alt, f.box = plain(alt), []float64{x * point, (height - y - h) * point, (x + w) * point, (height - y) * point}
	s.within(f, func() { s.mark(func() { s.within(nil, draw) }) })
}

// What is not the text of an element is an artifact (14.8.2.2): a page begins as
// one, which is broken off where text is set.
const beginArtifact, endMarked = "/Artifact BMC", "EMC"

// mark lets what is drawn be content of the element that is being set.
func (s *sheet) mark(do func()) {
	if s.at == nil {
		do()
		return
	}
	page := s.pdf.PageNo() - 1
	for len(s.marks) <= page {
		s.marks = append(s.marks, nil)
	}
	p := piece{page, len(s.marks[page])}
	s.marks[page] = append(s.marks[page], s.at)
	s.at.parts = append(s.at.parts, p)
	s.pdf.RawWriteStr(endMarked)
	s.pdf.RawWriteStr(fmt.Sprintf("/%s <</MCID %d>> BDC", s.at.kind, p.id))
	do()
	s.pdf.RawWriteStr(endMarked)
	s.pdf.RawWriteStr(beginArtifact)
}

var errLayout = errors.New("document: the library writes its file in another way")

// withTags adds the tree of tags to the file that the library wrote: one section
// of objects with a table of where each begins. It is written anew, since pages
// and catalogue grow.
func withTags(file []byte, root *tag, marks [][]*tag) ([]byte, error) {
	objects, trailer, err := taken(file)
	if err != nil {
		return nil, err
	}
	pages, catalogue := numbers(objects[1], "/Kids ["), numbers([]byte(trailer), "/Root ")
	if len(pages) < len(marks) || len(catalogue) != 1 || catalogue[0] >= len(objects) {
		return nil, errLayout
	}
	root.prune()
	tree := len(objects)
	next := tree + 2
	number(root, &next)
	for i, p := range pages {
		if p >= len(objects) {
			return nil, errLayout
		}
		grown := bytes.Replace(objects[p], []byte("<</Type /Page\n"), fmt.Appendf(nil, "<</Type /Page\n/StructParents %d\n/Tabs /S\n", i), 1)
		if len(grown) == len(objects[p]) {
			return nil, errLayout
		}
		objects[p] = grown
	}
	c := catalogue[0]
	grown := bytes.Replace(objects[c], []byte("/Type /Catalog\n"),
		fmt.Appendf(nil, "/Type /Catalog\n/MarkInfo <</Marked true>>\n/StructTreeRoot %d 0 R\n/ViewerPreferences <</DisplayDocTitle true>>\n", tree), 1)
	if len(grown) == len(objects[c]) {
		return nil, errLayout
	}
	objects[c] = grown
	objects = append(objects, fmt.Appendf(nil, "%d 0 obj\n<</Type/StructTreeRoot/K %d 0 R/ParentTree %d 0 R/ParentTreeNextKey %d>>\nendobj\n", tree, root.id, tree+1, len(pages)))
	objects = append(objects, parents(tree+1, marks, len(pages)))
	objects = elements(objects, root, tree, pages)
	return written(objects, trailer), nil
}

// prune takes away what nothing was set of, such as the number of a document
// without one. An empty cell stays: the others of its row would be in its column.
func (t *tag) prune() {
	for _, k := range t.kids {
		k.prune()
	}
	t.kids = slices.DeleteFunc(t.kids, func(k *tag) bool {
		return len(k.kids)+len(k.parts) == 0 && k.kind != "TD" && k.kind != "TH"
	})
}

// number gives each element the number of its object.
func number(t *tag, next *int) {
	t.id = *next
	*next++
	for _, k := range t.kids {
		number(k, next)
	}
}

// parents names, page by page, the element of each marked sequence.
func parents(id int, marks [][]*tag, pages int) []byte {
	b := fmt.Appendf(nil, "%d 0 obj\n<</Nums [", id)
	for i := range pages {
		b = fmt.Appendf(b, "%d [", i)
		if i < len(marks) {
			for _, t := range marks[i] {
				b = fmt.Appendf(b, "%d 0 R ", t.id)
			}
		}
		b = append(b, "]\n"...)
	}
	return append(b, "]>>\nendobj\n"...)
}

func elements(objects [][]byte, t *tag, above int, pages []int) [][]byte {
	b := fmt.Appendf(nil, "%d 0 obj\n<</S/%s/P %d 0 R", t.id, t.kind, above)
	if t.alt != "" {
		b = fmt.Appendf(b, "/Alt %s", hexText(t.alt))
	}
	switch {
	case t.scope != "":
		b = fmt.Appendf(b, "/A<</O/Table/Scope/%s>>", t.scope)
	case len(t.box) == 4:
		b = fmt.Appendf(b, "/A<</O/Layout/BBox[%.2f %.2f %.2f %.2f]>>", t.box[0], t.box[1], t.box[2], t.box[3])
	}
	if len(t.parts) > 0 {
		b = fmt.Appendf(b, "/Pg %d 0 R", pages[t.parts[0].page])
	}
	b = append(b, "/K["...)
	for _, k := range t.kids {
		b = fmt.Appendf(b, "%d 0 R ", k.id)
	}
	for _, p := range t.parts {
		if p.page == t.parts[0].page {
			b = fmt.Appendf(b, "%d ", p.id)
		} else {
			b = fmt.Appendf(b, "<</Type/MCR/Pg %d 0 R/MCID %d>>", pages[p.page], p.id)
		}
	}
	objects = append(objects, append(b, "]>>\nendobj\n"...))
	for _, k := range t.kids {
		objects = elements(objects, k, t.id, pages)
	}
	return objects
}

// hexText is a text string of PDF: UTF-16 with its mark, in hexadecimal.
func hexText(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, r := range s {
		if r > 0xFFFF {
			r = '?' // plain has written such out already
		}
		fmt.Fprintf(&b, "%04X", r)
	}
	return b.String() + ">"
}

// taken is the file's objects by number, the first one empty, and its trailer.
func taken(file []byte) (objects [][]byte, trailer string, err error) {
	table := bytes.LastIndex(file, []byte("\nxref\n"))
	at := bytes.LastIndex(file, []byte("trailer\n"))
	end := bytes.LastIndex(file, []byte("startxref\n"))
	if table < 0 || at < table || end < at {
		return nil, "", errLayout
	}
	lines := strings.Split(strings.TrimSpace(string(file[table+len("\nxref\n"):at])), "\n")
	if len(lines) < 3 {
		return nil, "", errLayout
	}
	offsets := make([]int, len(lines)-1)
	for i, line := range lines[1:] {
		digits, _, _ := strings.Cut(line, " ")
		if offsets[i], err = strconv.Atoi(digits); err != nil || offsets[i] > table {
			return nil, "", errLayout
		}
	}
	objects = make([][]byte, len(offsets))
	for i := 1; i < len(offsets); i++ {
		stop := table + 1
		for _, o := range offsets[1:] { // objects do not stand in the order of their numbers
			if o > offsets[i] && o < stop {
				stop = o
			}
		}
		objects[i] = bytes.Clone(file[offsets[i]:stop])
		if !bytes.HasPrefix(objects[i], fmt.Appendf(nil, "%d 0 obj", i)) {
			return nil, "", errLayout
		}
	}
	return objects, string(file[at:end]), nil
}

// numbers are those of the objects that the dictionary refers to after the name.
func numbers(dictionary []byte, name string) []int {
	_, rest, found := strings.Cut(string(dictionary), name)
	var list []int
	for words := strings.Fields(rest); found && len(words) >= 3 && strings.HasPrefix(words[2], "R"); words = words[3:] {
		n, err := strconv.Atoi(words[0])
		if err != nil {
			break
		}
		list = append(list, n)
	}
	return list
}

// written is the file of the objects.
func written(objects [][]byte, trailer string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xc2\xb5\xc2\xb6\n")
	offsets := make([]int, len(objects))
	for i, o := range objects[1:] {
		offsets[i+1] = b.Len()
		b.Write(o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects))
	for _, o := range offsets[1:] {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	_, after, _ := strings.Cut(trailer, "/Size ")
	_, after, _ = strings.Cut(after, "\n")
	fmt.Fprintf(&b, "trailer\n<<\n/Size %d\n%sstartxref\n%d\n%%%%EOF\n", len(objects), after, table)
	return b.Bytes()
}
