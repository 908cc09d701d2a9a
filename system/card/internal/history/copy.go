package history

import (
	"context"
	"slices"

	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// copied says which lines of the body stand word for word in the version that
// was carried forward. The server looks itself: what a page says of it is not
// asked. Nothing is marked when no line was left as it was.
func copied(ctx context.Context, q db.Querier, stayID, from, body string) (string, []int, error) {
	if from == "" {
		return "", nil, nil
	}
	source, err := findVersion(ctx, q, stayID, from)
	if fail.Is(err, fail.NotFound) {
		return "", nil, fail.New(fail.BadRequest, "kit.bad_request")
	}
	if err != nil {
		return "", nil, err
	}
	lines := sameLines(source.Body, body)
	if len(lines) == 0 {
		return "", nil, nil
	}
	return from, lines, nil
}

func sameLines(source, body string) []int {
	known := slices.Collect(writing.Lines(source))
	var same []int
	n := 0
	for line := range writing.Lines(body) {
		if slices.Contains(known, line) {
			same = append(same, n)
		}
		n++
	}
	return same
}
