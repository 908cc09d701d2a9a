// Package othertest gives tests another value than one that was made by chance: a
// value written into the test may be the very one, once in so many runs.
package othertest

import "strings"

// Than is another text of the same length and of the same kind of characters: one
// of its letters or digits is another one, and stays another one whatever the
// reader lets pass, that is capital for small, O for 0, I and L for 1. It is the
// fifth from the end, or the nearest before it: the last one of base64 may count in
// part or not at all. A text without letters and digits of ASCII is an error of the
// test.
func Than(text string) string {
	const digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	at := strings.LastIndexAny(text[:max(1, len(text)-4)], digits+letters)
	if at < 0 {
		panic("othertest: nothing to change in the text")
	}
	other := "2"
	switch is := text[at]; {
	case is == '2':
		other = "3"
	case is == 'b' || is == 'B':
		other = string(is + 1)
	case 'a' <= is && is <= 'z':
		other = "b"
	case 'A' <= is && is <= 'Z':
		other = "B"
	}
	return text[:at] + other + text[at+1:]
}
