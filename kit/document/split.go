package document

import "strings"

// split breaks a text into lines of the width in the font that is set: between
// words, within one only where it is longer than a line, and then after a hyphen
// or a slash if it has one. A space that does not break (U+00A0) stays.
func (s *sheet) split(txt string, w float64) []string {
	var lines []string
	space := s.pdf.GetStringWidth(" ")
	for paragraph := range strings.SplitSeq(s.plain(txt), "\n") {
		line, used := "", 0.0
		for word := range strings.SplitSeq(paragraph, " ") {
			wide := s.pdf.GetStringWidth(word)
			if line != "" && used+space+wide <= w {
				line += " " + word
				used += space + wide
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			if line, used = word, wide; wide > w {
				parts := s.parts(word, w)
				lines = append(lines, parts[:len(parts)-1]...)
				line = parts[len(parts)-1]
				used = s.pdf.GetStringWidth(line)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// parts breaks a word that is longer than the line.
func (s *sheet) parts(word string, w float64) []string {
	var parts []string
	letters := []rune(word)
	for start := 0; start < len(letters); {
		used, end, seam := 0.0, start, 0
		for ; end < len(letters); end++ {
			used += s.pdf.GetStringWidth(string(letters[end]))
			if used > w && end > start {
				break
			}
			if strings.ContainsRune("-/_.@", letters[end]) {
				seam = end + 1
			}
		}
		if end < len(letters) && seam > start {
			end = seam
		}
		parts = append(parts, string(letters[start:end]))
		start = end
	}
	return parts
}

// widest is the width of the text's longest word.
func (s *sheet) widest(txt string) float64 {
	most := 0.0
	for word := range strings.FieldsFuncSeq(s.plain(txt), func(r rune) bool { return r == ' ' || r == '\n' }) {
		most = max(most, s.pdf.GetStringWidth(word))
	}
	return most
}
