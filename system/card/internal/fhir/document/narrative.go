package document

import (
	"html"
	"strings"
)

// narrative is lines of cells as XHTML; everything in it is escaped. Status says
// whether it holds all that the entries do.
func narrative(lines [][]string) *Narrative {
	var b strings.Builder
	b.WriteString(`<div xmlns="http://www.w3.org/1999/xhtml"><table>`)
	for _, line := range lines {
		b.WriteString("<tr>")
		for _, cell := range line {
			b.WriteString("<td>" + escape(cell) + "</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table></div>")
	return &Narrative{"generated", b.String()}
}

// prose is text as it was written, line by line.
func prose(heading, body string) *Narrative {
	var b strings.Builder
	b.WriteString(`<div xmlns="http://www.w3.org/1999/xhtml">`)
	if heading != "" {
		b.WriteString("<p><b>" + escape(heading) + "</b></p>")
	}
	for line := range strings.SplitSeq(body, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString("<p>" + escape(line) + "</p>")
		}
	}
	b.WriteString("</div>")
	return &Narrative{"additional", b.String()}
}

// escape writes a text for XHTML; what XML cannot hold is left out.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if s == "" {
		return "—"
	}
	return html.EscapeString(s)
}
