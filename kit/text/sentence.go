package text

import (
	"fmt"
	"strconv"
	"strings"
)

// sentence is a text whose places take an argument each and no more:
// "Палата {{.Room}}". Nearly all with arguments are such; they are said without
// a template. What has forms for numbers, conditions or functions is not one.
type sentence []piece

// piece is a text as it stands, or the name of the argument that stands there.
type piece struct {
	text string
	name bool
}

const placeOpens, placeEnds = "{{.", "}}"

func sentenceOf(s string) (sentence, bool) {
	var pieces sentence
	for {
		before, after, found := strings.Cut(s, placeOpens)
		if strings.Contains(before, "{{") {
			return nil, false
		}
		if before != "" {
			pieces = append(pieces, piece{text: before})
		}
		if !found {
			return pieces, true
		}
		name, rest, ended := strings.Cut(after, placeEnds)
		if !ended || name == "" || strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }) {
			return nil, false
		}
		pieces = append(pieces, piece{text: name, name: true})
		s = rest
	}
}

// noValue is what a template writes for an argument that is missing.
const noValue = "<no value>"

// say writes the arguments as a template would, but follows no pointers.
func (s sentence) say(args, always map[string]any) string {
	room := make([]byte, 0, 64)
	for _, p := range s {
		if !p.name {
			room = append(room, p.text...)
			continue
		}
		value, ok := args[p.text]
		if !ok {
			value = always[p.text]
		}
		switch v := value.(type) {
		case string:
			room = append(room, v...)
		case int:
			room = strconv.AppendInt(room, int64(v), 10)
		case nil:
			room = append(room, noValue...)
		default:
			room = fmt.Append(room, v)
		}
	}
	return string(room)
}
