package treated

import (
	"fmt"
	"strconv"
	"strings"
)

// Seen is what somebody's page showed of a case when they decided: its stage and
// how many steps had been done. The zero Seen is nobody's page.
type Seen struct {
	Stage Stage
	Steps int
}

// Seen is what a page made of w shows.
func (w Whole) Seen() Seen { return Seen{w.Stage, len(w.Steps)} }

// String is how a form carries it: «accepted.3».
func (s Seen) String() string { return fmt.Sprintf("%s.%d", s.Stage, s.Steps) }

// ParseSeen reads String; what cannot be read is the zero Seen.
func ParseSeen(written string) Seen {
	stage, steps, _ := strings.Cut(written, ".")
	n, err := strconv.Atoi(steps)
	if err != nil || n < 0 {
		return Seen{}
	}
	return Seen{Stage(stage), n}
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
