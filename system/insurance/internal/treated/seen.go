package treated

import (
	"fmt"
	"strconv"
	"strings"
)

// Seen is what somebody's page showed of a case when they decided: its stage, how
// many steps had been done, and the cases of people of the same name. The zero Seen is
// nobody's page.
type Seen struct {
	Stage Stage
	Steps int
	Alike string // ids, with commas between
}

// Seen is what a page made of w shows.
func (w Whole) Seen() Seen {
	ids := make([]string, len(w.Alike))
	for i, r := range w.Alike {
		ids[i] = r.ID
	}
	return Seen{w.Stage, len(w.Steps), strings.Join(ids, ",")}
}

// String is how a form carries it: «accepted.3», «appealed.1.ID,ID».
func (s Seen) String() string {
	if s.Alike == "" {
		return fmt.Sprintf("%s.%d", s.Stage, s.Steps)
	}
	return fmt.Sprintf("%s.%d.%s", s.Stage, s.Steps, s.Alike)
}

// ParseSeen reads String; what cannot be read is the zero Seen.
func ParseSeen(written string) Seen {
	stage, rest, _ := strings.Cut(written, ".")
	steps, alike, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(steps)
	if err != nil || n < 0 {
		return Seen{}
	}
	return Seen{Stage(stage), n, alike}
}

// passed says that the case stands elsewhere than it was seen.
func (s Seen) passed(now Stage) bool { return s.Stage != "" && s.Stage != now }

// twice says that this very step was done from this very page: a button pressed
// twice, or an answer that got lost. past is the steps done, the newest first.
func (s Seen) twice(past []Done, step Step, comment string, by Expert) bool {
	if s.Stage == "" || len(past) != s.Steps+1 {
		return false
	}
	last := past[0]
	return last.Was == s.Stage && last.Step == step && last.Comment == comment && last.ByPIN == by.PIN && last.Hospital == by.Hospital
}

// OtherCase is the argument of a conflict that holds the id of the case that is
// in the way.
const OtherCase = "Case"
