package document

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/sanarip/sanarip/kit/text"
)

// A screen reader is told what is a heading, what a table's cell and of which
// column, what a picture shows; poppler reads the tree back.
func TestTheDocumentIsTagged(t *testing.T) {
	d := sample(text.KY)
	d.Plot(Plot{Title: "Температура барагы", Height: 20, Axis: "°C", Columns: []string{"1", "2"}, Rows: []string{"40", "35"}, Lines: []PlotLine{{Name: "Дене табы", Points: [][2]float64{{0, 0}, {1, 1}}}}})
	file := write(t, d)
	about := run(t, need(t, "pdfinfo"), file)
	if !regexp.MustCompile(`Tagged:\s+yes`).MatchString(about) || !strings.Contains(about, "Медициналык картадан көчүрмө") {
		t.Errorf("%s", about)
	}
	tree := run(t, need(t, "pdfinfo"), "-struct-text", file)
	for _, want := range []string{
		`(?m)^  H1 \(block\)\n    "Медициналык картадан көчүрмө"`, `(?m)^  H2 \(block\)\n    "Бейтап"`, `(?m)^  P \(block\)\n    "Биринчи абзац."`,
		`(?m)^      TH:\n +/Scope /Row\n +"ФАА"`, `(?m)^      TH:\n +/Scope /Column\n +"Код"`, `"Өкүл Үсөнбековна"|Эгембердиева`, `(?m)^  Figure`, `(?m)^      TH`, `(?m)^      TD`,
	} {
		if !regexp.MustCompile(want).MatchString(tree) {
			t.Errorf("no %s in\n%.3000s", want, tree)
		}
	}
	if n := strings.Count(tree, "Дарттын аталышы"); n != 1 {
		t.Errorf("the head of a table is told %d times: on other pages it only repeats", n)
	}
	if strings.Contains(tree, "барактын") {
		t.Error("the foot of a page is told as part of the document")
	}
	if n := strings.Count(tree, "длинный"); n != 400 {
		t.Errorf("a cell over pages is told with %d of 400 words", n)
	}
	pdf, err := d.PDF()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"QR: Документтин чындыгын", "Температура барагы · °C · Дене табы"} {
		if !bytes.Contains(pdf, []byte("/S/Figure")) || !bytes.Contains(pdf, []byte("/Alt "+strings.TrimSuffix(hexText(want), ">"))) {
			t.Errorf("no picture says %q", want)
		}
	}
	if pages := run(t, need(t, "pdftotext"), "-layout", file, "-"); strings.Count(pages, "Дарттын аталышы") < 4 {
		t.Error("the head is gone from the paper")
	}
}

// Whatever is set on a page is text of one element or an artifact, never both nor
// neither (ISO 14289-1, 7.1), and each marked text has its element.
func TestEverythingOnAPageIsMarkedOnce(t *testing.T) {
	pdf, err := sample(text.RU).PDF()
	if err != nil {
		t.Fatal(err)
	}
	objects, _, err := taken(pdf)
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	for _, page := range numbers(objects[1], "/Kids [") {
		pages++
		_, stream, _ := bytes.Cut(objects[page+1], []byte("stream\n"))
		in, err := zlib.NewReader(bytes.NewReader(stream))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		depth, marked := 0, 0
		for line := range strings.SplitSeq(string(content), "\n") {
			switch {
			case strings.HasSuffix(line, " BMC"), strings.HasSuffix(line, " BDC"):
				depth++
				if strings.HasSuffix(line, " BDC") {
					if !strings.Contains(line, fmt.Sprintf("/MCID %d>>", marked)) {
						t.Errorf("page %d: %s after %d", pages, line, marked)
					}
					marked++
				}
			case line == "EMC":
				depth--
			case depth != 1 && regexp.MustCompile(`(Tj| re| l S| [fSB]| f\*)\b`).MatchString(line):
				t.Fatalf("page %d: at depth %d: %.80s", pages, depth, line)
			}
			if depth < 0 || depth > 1 {
				t.Fatalf("page %d: depth %d at %s", pages, depth, line)
			}
		}
		if depth != 0 || marked == 0 {
			t.Errorf("page %d: ends at depth %d with %d marked", pages, depth, marked)
		}
		row := regexp.MustCompile(fmt.Sprintf(`(?:Nums \[|\n)%d \[((?:\d+ 0 R )*)\]`, pages-1)).FindSubmatch(pdf)
		if row == nil || bytes.Count(row[1], []byte(" R ")) != marked {
			t.Errorf("page %d: %d marked, the tree knows %q", pages, marked, row)
		}
	}
	if pages < 5 {
		t.Errorf("%d pages", pages)
	}
}

// A library that writes its file in another way is noticed, not garbled.
func TestAFileOfAnotherShapeIsRefused(t *testing.T) {
	for _, file := range []string{"", "%PDF-1.7\nxref\ntrailer\nstartxref\n", "\nxref\n0 2\n0000000000 65535 f \n9999999999 00000 n \ntrailer\n<<\n/Size 2\n/Root 1 0 R\n>>\nstartxref\n0\n"} {
		if _, err := withTags([]byte(file), &tag{kind: "Document"}, nil); err == nil {
			t.Errorf("taken: %q", file)
		}
	}
}
