package document

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sanarip/sanarip/kit/text"
)

var at = time.Date(2026, 11, 22, 8, 5, 0, 0, time.UTC)

const address = "http://portal.localhost:8080/verify/2026-000001/K7QMX2ND"

// sample has everything a document can have, over several pages.
func sample(l text.Lang) *Document {
	d := New(Options{
		Title: "Медициналык картадан көчүрмө", Subtitle: "Маалымат документи", Issuer: "Мамлекеттик электрондук кызматтар порталы",
		Number: "№ 2026-000001", Form: "Форма № 066/у", Lang: l, At: at, Note: "Документ электрондук мөөр менен бекитилген",
	})
	d.Heading("Бейтап")
	d.Rows(Row{"ФАА", "Эгембердиева Өкүл Үсөнбековна"}, Row{"Дареги", strings.Repeat("Ыссык-Көл көчөсү, Ңоокат ", 9)}, Row{"Жок", ""})
	d.Grid(3, Row{"ПИН", "1 14071999 00563"}, Row{"Туулган күнү", "14.07.1999"}, Row{"Жынысы", "аял"}, Row{"Камсыздандыруу", "бар"})
	table := Table{Columns: []Column{{Label: "Код", Width: 1}, {Label: "Дарттын аталышы", Width: 4}, {Label: "Күн", Width: 1, Right: true}}}
	for i := range 70 {
		table.Rows = append(table.Rows, []string{fmt.Sprintf("I%02d.0", i), "Острый трансмуральный инфаркт передней стенки миокарда и ещё пояснение врача", fmt.Sprint(i)})
	}
	table.Rows = append(table.Rows, []string{"Z", strings.Repeat("очень длинный текст ячейки ", 400), "1"})
	d.Table(table)
	d.Table(Table{Columns: table.Columns, Empty: "Операция болгон эмес."})
	d.Text("Биринчи абзац.\nЭкинчи абзац: Ң Ө Ү ң ө ү.")
	d.Small("Майда жазуу.")
	d.Strong("Калың жазуу.")
	d.Signatures(Signature{"Дарылоочу дарыгер", "Асанова А. М."}, Signature{"Бөлүм башчысы", "Токтогулов Б. Э."})
	d.QR(address, "Документтин чындыгын текшерүү үчүн кодду сканерлеңиз.", address)
	return d
}

func TestSameInputSameBytes(t *testing.T) {
	for _, l := range text.Langs {
		one, err := sample(l).PDF()
		if err != nil {
			t.Fatal(err)
		}
		two, err := sample(l).PDF()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Errorf("%s: the same document has other bytes the second time", l)
		}
		if !bytes.Contains(one, []byte("/Lang ("+string(l)+")")) {
			t.Errorf("%s: the metadata do not name the language", l)
		}
		if len(one) > 250_000 {
			t.Errorf("%d bytes are too many", len(one))
		}
	}
}

// TestText reads the PDF back with poppler, as a clerk's reader would.
func TestText(t *testing.T) {
	tool := need(t, "pdftotext")
	got := run(t, tool, "-layout", write(t, sample(text.RU)), "-")
	for _, want := range []string{
		"Медициналык картадан көчүрмө", "№ 2026-000001", "Өкүл Үсөнбековна", "Ңоокат", "Ң Ө Ү ң ө ү",
		"Страница 1 из ", "Операция болгон эмес", "Бөлүм башчысы", "1 14071999 00563",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the text of the PDF lacks %q", want)
		}
	}
	pages := strings.Count(got, "\f")
	if pages < 5 {
		t.Fatalf("%d pages, want at least 5", pages)
	}
	if !strings.Contains(got, fmt.Sprintf("Страница %d из %d", pages, pages)) {
		t.Errorf("the last page does not say that it is page %d of %d", pages, pages)
	}
	if n := strings.Count(got, "Дарттын аталышы"); n < 4 {
		t.Errorf("the table's head stands on %d pages only", n)
	}
	if n := strings.Count(got, "длинный"); n != 400 {
		t.Errorf("a cell longer than a page lost text: %d of 400 left", n)
	}
}

// TestQRScans prints the PDF to pixels and scans it.
func TestQRScans(t *testing.T) {
	scan, draw := need(t, "zbarimg"), need(t, "pdftoppm")
	pdf := write(t, sample(text.KY))
	prefix := filepath.Join(t.TempDir(), "page")
	run(t, draw, "-r", "110", "-gray", "-png", pdf, prefix)
	pages, _ := filepath.Glob(prefix + "*.png")
	got := run(t, scan, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", pages[len(pages)-1])
	if strings.TrimSpace(got) != address {
		t.Errorf("the code says %q", got)
	}
}

func TestQRPNGScans(t *testing.T) {
	scan := need(t, "zbarimg")
	png, err := QRPNG(address, 4)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "qr.png")
	if err := os.WriteFile(file, png, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, scan, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file); strings.TrimSpace(got) != address {
		t.Errorf("the code says %q", got)
	}
}

// TestHostileText sets what people paste: nothing may break the document.
func TestHostileText(t *testing.T) {
	for _, s := range []string{"", "\x00\x01\x07", "\xff\xfe", "😀🏥", "漢字", "a\u0301 е\u0308", "\u202eabc", strings.Repeat("Ө", 5000), "()\\<>%", strings.Repeat("\n", 300), "кесе\u00adлди"} {
		d := New(Options{Title: s, Number: s, Issuer: s, Note: s, Subtitle: s, Lang: text.KY, At: at})
		d.Heading(s)
		d.Text(s)
		d.Rows(Row{s, s})
		d.Grid(2, Row{s, s})
		d.Table(Table{Columns: []Column{{Label: "а"}, {Label: s}}, Rows: [][]string{{s, s, s}, {}}})
		d.Signatures(Signature{s, s})
		if _, err := d.PDF(); err != nil {
			t.Errorf("%.20q: %v", s, err)
		}
	}
	if got := plain("Ңөү 😀\tа\u0000"); got != "Ңөү [U+1F600] а" {
		t.Errorf("plain gives %q", got)
	}
}

func TestTooMuchForQR(t *testing.T) {
	d := New(Options{At: at})
	d.QR(strings.Repeat("ы", 4000))
	if _, err := d.PDF(); err == nil {
		t.Error("a QR code of 8,000 bytes was made")
	}
}

func TestFontsHaveKyrgyz(t *testing.T) {
	for name, font := range map[string][]byte{"regular": usual().regular, "bold": usual().bold} {
		have := characters(font)
		for _, r := range "АЯаяЁёҢңӨөҮүAZaz09№«»—–…•’“”„×±°₂−≤≥" {
			if !have[r] {
				t.Errorf("%s lacks %q", name, r)
			}
		}
	}
}

// What a laboratory writes keeps its meaning: nothing of it becomes a "?".
func TestExponentsAndArrowsAreSet(t *testing.T) {
	const written = "10⁹/л 10¹² 10⁻³ АД ↑ 180, ↓ 60 ≈ 5 мкм 5 μг H₂O C₆H₁₂ 36,6 °C ≥ ≤ → 5′"
	d := New(Options{Title: "⁰⁴⁵⁶⁷⁸⁹⁺⁻ ₀₁₃₄₅₆₇₈₉", Lang: text.RU, At: at})
	d.Text(written)
	d.Strong(written)
	got := run(t, need(t, "pdftotext"), "-layout", write(t, d), "-")
	if strings.Contains(got, "?") || strings.Count(got, "10⁹/л") != 2 || strings.Count(got, "АД ↑ 180, ↓ 60 ≈ 5") != 2 || !strings.Contains(got, "⁰⁴⁵⁶⁷⁸⁹⁺⁻ ₀₁₃₄₅₆₇₈₉") {
		t.Error(got)
	}
}

func need(t *testing.T, tool string) string {
	t.Helper()
	path, err := exec.LookPath(tool)
	if err != nil {
		t.Skip(tool + " is not installed")
	}
	return path
}

func write(t *testing.T, d *Document) string {
	t.Helper()
	pdf, err := d.PDF()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("SANARIP_KEEP_PDF"); keep != "" { // to look at it
		_ = os.WriteFile(keep, pdf, 0o600)
	}
	return file
}

func run(t *testing.T, tool string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	return string(out)
}

// A heading goes with the drawing under it to the next page, however far down the
// page it is come to.
func TestAHeadingIsNotPartedFromItsPlot(t *testing.T) {
	tool := need(t, "pdftotext")
	for lines := 20; lines < 60; lines += 3 { // text that ends all down the page
		d := New(Options{Title: "Т", Lang: text.KY, At: at})
		for range lines {
			d.Text("Сап")
		}
		d.Heading("Температура баракчасы")
		d.Plot(Plot{Height: 60, Axis: "огу", Columns: []string{"1"}, Rows: []string{"41", "35"}})
		for i, page := range strings.Split(run(t, tool, "-layout", write(t, d), "-"), "\f") {
			if strings.Contains(page, "баракчасы") != strings.Contains(page, "огу") {
				t.Errorf("after %d lines page %d has one without the other:\n%s", lines, i+1, page)
			}
		}
	}
}
