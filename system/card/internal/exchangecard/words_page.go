package exchangecard

import (
	"context"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// EndingWord is how a stay for a birth ended.
func EndingWord(ctx context.Context, ending string) string {
	return text.T(ctx, "card.maternity.ending."+ending) // text: card.maternity.ending.*
}

// ModeWord is the mode of a birth.
func ModeWord(ctx context.Context, mode string) string {
	if mode == "" {
		return ""
	}
	return text.T(ctx, "card.maternity.mode."+mode) // text: card.maternity.mode.*
}

// MotherWord is how the woman left the hospital.
func MotherWord(ctx context.Context, state string) string {
	return text.T(ctx, "card.maternity.mother."+state) // text: card.maternity.mother.*
}

// ChildWord is the state of a newborn.
func ChildWord(ctx context.Context, state string) string {
	return text.T(ctx, "card.maternity.child."+state) // text: card.maternity.child.*
}

// SexWord is the sex of a newborn.
func SexWord(ctx context.Context, sex string) string {
	return text.T(ctx, "card.sex."+sex) // text: card.sex.*
}

// FeedingWord is how a newborn is fed.
func FeedingWord(ctx context.Context, feeding string) string {
	if feeding == "" {
		return ""
	}
	return text.T(ctx, "card.maternity.feeding."+feeding) // text: card.maternity.feeding.*
}

// BirthRows is a birth in words.
func BirthRows(ctx context.Context, b cardapi.Birth) []design.Row {
	age, loss, anaesthesia := "", "", ""
	if b.Days > 0 {
		age = antenatal.AgeWords(ctx, b.Days)
	}
	if b.Ending != EndingUndelivered {
		loss = strconv.Itoa(b.BloodLoss)
	}
	if b.Anaesthesia != "" {
		anaesthesia = operation.AnaesthesiaWord(ctx, b.Anaesthesia)
	}
	return []design.Row{
		{Key: text.T(ctx, "card.maternity.ending_label"), Value: EndingWord(ctx, b.Ending)},
		{Key: text.T(ctx, "card.maternity.labour_at"), Value: momentOrNone(b.LabourAt)},
		{Key: text.T(ctx, "card.maternity.ended_at"), Value: momentOrNone(b.EndedAt)},
		{Key: text.T(ctx, "card.antenatal.term"), Value: age},
		{Key: text.T(ctx, "card.maternity.mode_label"), Value: ModeWord(ctx, b.Mode)},
		{Key: text.T(ctx, "card.maternity.complications"), Value: b.Complications},
		{Key: text.T(ctx, "card.maternity.operations"), Value: b.Operations},
		{Key: text.T(ctx, "card.maternity.anaesthesia"), Value: anaesthesia},
		{Key: text.T(ctx, "card.maternity.blood_loss"), Value: loss},
		{Key: text.T(ctx, "card.maternity.postpartum"), Value: b.Postpartum},
		{Key: text.T(ctx, "card.maternity.mother_label"), Value: MotherWord(ctx, b.MotherState)},
		{Key: text.T(ctx, "card.maternity.advice"), Value: b.Advice},
	}
}

// NewbornRows is a newborn in words.
func NewbornRows(ctx context.Context, n cardapi.Newborn) []design.Row {
	return []design.Row{
		{Key: text.T(ctx, "card.maternity.child_name"), Value: n.Name},
		{Key: text.T(ctx, "card.col.pin"), Value: pin.Grouped(n.PIN)},
		{Key: text.T(ctx, "card.maternity.born_at"), Value: text.Moment(n.BornAt)},
		{Key: text.T(ctx, "card.maternity.sex"), Value: SexWord(ctx, n.Sex)},
		{Key: text.T(ctx, "card.maternity.child_state"), Value: ChildWord(ctx, n.State)},
		{Key: text.T(ctx, "card.maternity.weight"), Value: antenatal.Shown(n.WeightG, 1)},
		{Key: text.T(ctx, "card.maternity.length"), Value: antenatal.Shown(n.LengthCM, 1)},
		{Key: text.T(ctx, "card.maternity.head"), Value: antenatal.Shown(n.HeadCM, 1)},
		{Key: text.T(ctx, "card.maternity.apgar"), Value: apgar(n)},
		{Key: text.T(ctx, "card.maternity.feeding_label"), Value: FeedingWord(ctx, n.Feeding)},
		{Key: text.T(ctx, "card.maternity.illnesses"), Value: n.Illnesses},
		{Key: text.T(ctx, "card.maternity.bcg"), Value: text.Date(n.BCG)},
		{Key: text.T(ctx, "card.maternity.hepatitis"), Value: text.Date(n.HepatitisB)},
		{Key: text.T(ctx, "card.maternity.screening"), Value: text.Date(n.Screening)},
		{Key: text.T(ctx, "card.maternity.left_on"), Value: text.Date(n.LeftOn)},
		{Key: text.T(ctx, "card.maternity.left_weight"), Value: antenatal.Shown(n.LeftWeightG, 1)},
		{Key: text.T(ctx, "card.maternity.advice"), Value: n.Advice},
	}
}

func apgar(n cardapi.Newborn) string {
	if n.State == "stillborn" {
		return ""
	}
	return strconv.Itoa(n.Apgar1) + " / " + strconv.Itoa(n.Apgar5)
}

// TearOffRows is the head of a tear-off.
func TearOffRows(ctx context.Context, t cardapi.TearOff) []design.Row {
	return []design.Row{
		{Key: text.T(ctx, "card.maternity.woman"), Value: t.Mother.Name},
		{Key: text.T(ctx, "card.col.pin"), Value: pin.Grouped(t.Mother.PIN)},
		{Key: text.T(ctx, "card.col.birth_date"), Value: text.Date(t.Mother.BirthDate)},
		{Key: text.T(ctx, "card.col.address"), Value: t.Mother.Address},
		{Key: text.T(ctx, "card.antenatal.number_col"), Value: t.Number},
		{Key: text.T(ctx, "card.maternity.hospital"), Value: t.FromName.Here(ctx)},
		{Key: text.T(ctx, "card.maternity.admitted_at"), Value: momentOrNone(t.AdmittedAt)},
		{Key: text.T(ctx, "card.maternity.left_at"), Value: momentOrNone(t.LeftAt)},
		{Key: text.T(ctx, "card.maternity.doctor"), Value: t.Doctor + ", " + text.Moment(t.SignedAt)},
	}
}

func inboxRows(ctx context.Context, all []Arrived) [][]design.Cell {
	var rows [][]design.Cell
	for _, a := range all {
		state := design.Tag(text.T(ctx, "card.antenatal.unread"), "attention")
		if !a.ReadAt.IsZero() {
			state = design.Tag(text.T(ctx, "card.antenatal.read_by", "Name", a.ReadName), "done")
		}
		rows = append(rows, []design.Cell{
			{Text: KindWord(ctx, a.Kind), Href: "/tear-offs/" + a.Root},
			{Text: about(ctx, a.TearOff)},
			{Text: a.FromName.Here(ctx)},
			{Text: text.Moment(a.ReceivedAt)},
			{Text: strconv.Itoa(a.Version)},
			{Component: state},
		})
	}
	return rows
}

// KindWord is which tear-off it is.
func KindWord(ctx context.Context, kind string) string {
	return text.T(ctx, "card.maternity.tear_off."+kind) // text: card.maternity.tear_off.*
}

func about(ctx context.Context, t cardapi.TearOff) string {
	if t.Kind == cardapi.TearOffMother {
		return text.Joined(t.Mother.Name, "·", EndingWord(ctx, t.Birth.Ending))
	}
	n := t.Newborns[0]
	child := text.T(ctx, "card.newborn.child")
	switch n.Sex {
	case patient.Female:
		child = text.T(ctx, "card.newborn.girl")
	case patient.Male:
		child = text.T(ctx, "card.newborn.boy")
	}
	return text.Joined(child+",", text.Date(clock.DateOf(n.BornAt)), "·", t.Mother.Name)
}

func momentOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return text.Moment(t)
}
