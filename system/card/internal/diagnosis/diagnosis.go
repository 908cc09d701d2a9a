// Package diagnosis keeps the diagnoses of a stay by stage and rank. Each stage
// has at most one main diagnosis (the database sees to it); one that is
// withdrawn, or changed for another, stays on record.
package diagnosis

import (
	_ "embed" // the table of conflicts
	"encoding/csv"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
)

// Stages and ranks, in the order of form 066/у.
var (
	Stages = []string{"referral", "admission", "clinical", "final", "postmortem"}
	Ranks  = []string{"main", "complication", "comorbid"}
)

// Diagnosis is one of a stay.
type Diagnosis struct {
	ID         string
	Stage      string
	Rank       string
	Code       string
	Text       string
	At         time.Time
	ByName     string
	EndedAt    time.Time // zero: stands
	EndedName  string    // who ended it, "" on records older than this field
	EndReason  string    // why it was changed; "" of one that was withdrawn
	ReplacedBy string    // ID of the one that stands instead, "" none
}

// rule is a line of conflict.csv: codes that only one sex, or only some ages,
// can have. A conflict is shown, never refused: registers and people err.
type rule struct {
	from, until      string // codes of three characters, both included
	sex              string // "" any
	minDays, maxDays int    // of age; 0: no bound
	valid, ends      clock.Date
}

//go:embed conflict.csv
var conflictTable string

var rules = sync.OnceValue(func() []rule {
	lines, err := csv.NewReader(strings.NewReader(conflictTable)).ReadAll()
	if err != nil {
		panic(err) // embedded; a test reads it
	}
	var all []rule
	for _, l := range lines[1:] {
		r := rule{from: l[0], until: l[1], sex: l[2], minDays: number(l[3]), maxDays: number(l[4])}
		r.valid, _ = clock.ParseDate(l[5])
		r.ends, _ = clock.ParseDate(l[6])
		all = append(all, r)
	}
	return all
})

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0 // an empty bound
	}
	return n
}

// Conflict is the key of the sentence about what the code and the person's sex
// or age on the day say differently, "" when nothing.
func Conflict(code, sex string, born, on clock.Date) string {
	if len(code) < 3 {
		return ""
	}
	three := code[:3]
	for _, r := range rules() {
		if three < r.from || three > r.until || on.Before(r.valid) || (!r.ends.IsZero() && r.ends.Before(on)) {
			continue
		}
		if r.sex == "female" && sex == "male" {
			return "card.diagnosis.conflict_female"
		}
		if r.sex == "male" && sex == "female" {
			return "card.diagnosis.conflict_male"
		}
		if born.IsZero() {
			continue
		}
		if age := born.DaysUntil(on); (r.minDays > 0 && age < r.minDays) || (r.maxDays > 0 && age > r.maxDays) {
			return "card.diagnosis.conflict_age"
		}
	}
	return ""
}
