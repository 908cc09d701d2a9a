package treated

// Stage is where a case stands. Accepted, Review and Settled carry a price;
// the others carry none.
type Stage string

// The stages.
const (
	Returned Stage = "returned" // the hospital corrects it or appeals
	Appealed Stage = "appealed" // the fund looks at the return again
	Refused  Stage = "refused"  // the appeal was: it can only be corrected
	Accepted Stage = "accepted"
	Review   Stage = "review"  // an expert looks before it goes into an act
	Settled  Stage = "settled" // it stands in an act: nothing moves it any more
)

// Stages are all of them.
var Stages = []Stage{Returned, Appealed, Refused, Accepted, Review, Settled}

// Step is what somebody does with a case.
type Step string

// The steps. A correction is none: it is a case of its own that takes this
// one's place.
const (
	StepAppeal   Step = "appeal"
	StepWithdraw Step = "withdraw" // the appeal
	StepGrant    Step = "grant"    // the appeal
	StepRefuse   Step = "refuse"   // the appeal
	StepTake     Step = "take"     // for review
	StepConfirm  Step = "confirm"  // after review
	StepReturn   Step = "return"
	StepSettle   Step = "settle" // by making an act
	StepComment  Step = "comment"
	StepApart    Step = "apart" // grants the appeal: the patient is another person than those of the same name
	StepSame     Step = "same"  // takes that back and returns the case
)

// Steps are all of them.
var Steps = []Step{StepAppeal, StepWithdraw, StepGrant, StepRefuse, StepTake, StepConfirm, StepReturn, StepSettle, StepComment, StepApart, StepSame}

// move is a step that may be done: from where to where, and by whom.
type move struct {
	step     Step
	from, to Stage
	hospital bool // by the hospital whose case it is; else by an expert of the fund
	spoken   bool // a comment is needed
}

var moves = []move{
	{StepAppeal, Returned, Appealed, true, true},
	{StepWithdraw, Appealed, Returned, true, false},
	{StepApart, Appealed, Accepted, false, true},
	{StepGrant, Appealed, Accepted, false, true},
	{StepRefuse, Appealed, Refused, false, true},
	{StepTake, Accepted, Review, false, false},
	{StepConfirm, Review, Accepted, false, false},
	{StepReturn, Accepted, Returned, false, true},
	{StepReturn, Review, Returned, false, true},
	{StepSame, Accepted, Returned, false, true},
	{StepSame, Review, Returned, false, true},
	{StepSettle, Accepted, Settled, false, false},
}

// Next is where the step leads; false when that side may not do it there.
// Comments may be left by both sides anywhere.
func Next(from Stage, step Step, byHospital bool) (to Stage, spoken, ok bool) {
	if step == StepComment {
		return from, true, true
	}
	for _, m := range moves {
		if m.step == step && m.from == from && m.hospital == byHospital {
			return m.to, m.spoken, true
		}
	}
	return from, false, false
}

// Open are the steps that the side may do at the stage by hand.
func Open(from Stage, byHospital bool) []Step {
	var list []Step
	for _, m := range moves {
		if m.from == from && m.hospital == byHospital && m.step != StepSettle {
			list = append(list, m.step)
		}
	}
	return append(list, StepComment)
}

// Priced says that a case at the stage has a price.
func (s Stage) Priced() bool { return s == Accepted || s == Review || s == Settled }
