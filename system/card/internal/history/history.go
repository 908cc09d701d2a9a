// Package history is the case history of a stay: entries that are written and
// signed in one step, orders and their fulfilment, operations. What is signed
// is never changed (the database itself refuses), only corrected: a new version
// with its author and reason, the former text kept beside it (MC-1).
package history

import (
	"time"
)

// Kinds of entries that doctors write, in the order in which they are offered.
const (
	Diary              = "diary"
	Examination        = "examination"
	Reasoning          = "reasoning" // of the clinical diagnosis
	Consultation       = "consultation"
	StageEpicrisis     = "stage_epicrisis"
	DischargeEpicrisis = "discharge_epicrisis"
	FormCorrection     = "form_correction" // written with a correction of form 066/у
)

// Kinds are those on offer.
var Kinds = []string{Diary, Examination, Reasoning, Consultation, StageEpicrisis, DischargeEpicrisis}

// Entry is one version of an entry.
type Entry struct {
	ID       string
	Kind     string
	Root     string // id of the first version
	Version  int
	Reason   string // of the correction, "" for version 1
	Body     string
	At       time.Time // the moment it tells of
	ByPIN    string
	ByName   string
	ByRole   string
	SignedAt time.Time
	Former   []Entry // versions before this one, the newest first

	CopiedFrom  string // id of the version from which lines were carried forward, "" for none
	CopiedLines []int  // those lines, counted from 0 among the lines that are not empty
}

// author is who wrote the first version.
func (e Entry) author() string {
	if n := len(e.Former); n > 0 {
		return e.Former[n-1].ByPIN
	}
	return e.ByPIN
}
