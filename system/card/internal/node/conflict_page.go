package node

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/node/merge"
)

// written is one side's value of a conflict.
type written struct {
	value       string
	name, place string // who wrote it and in which organisation, "" not known
	at          time.Time
	stands      bool
	both        bool // the other stands too
}

// by says who wrote it, where and when, as far as it is known.
func (w written) by(ctx context.Context) string {
	who := cmp.Or(w.name, text.T(ctx, "card.node.author_unknown"))
	if w.place != "" {
		who += ", " + w.place
	}
	if w.at.IsZero() {
		return who
	}
	return who + " · " + text.Moment(w.at)
}

// matter is a conflict with those of the same row that are decided with it.
type matter struct {
	Conflict
	With  []Conflict
	names names
}

// matters puts together what is decided together, in the order of the list.
func matters(all []Conflict, names names) []matter {
	row := func(c Conflict) string { return c.Table + "/" + c.Key + "/" + c.DecidedAt.String() }
	led := map[string]bool{} // rows and columns that lead
	for _, c := range all {
		led[row(c)+"/"+c.Column] = true
	}
	var found []matter
	place := map[string]int{}
	leads := func(c Conflict) bool {
		f, _ := fieldOf(c.Table, c.Column)
		return f.with == "" || !led[row(c)+"/"+f.with]
	}
	for _, c := range all {
		if leads(c) {
			place[row(c)+"/"+c.Column] = len(found)
			found = append(found, matter{Conflict: c, names: names})
		}
	}
	for _, c := range all {
		f, _ := fieldOf(c.Table, c.Column)
		if at, ok := place[row(c)+"/"+f.with]; ok && !leads(c) && !f.hidden {
			found[at].With = append(found[at].With, c)
		}
	}
	for _, m := range found {
		slices.SortFunc(m.With, func(a, b Conflict) int { return strings.Compare(a.Column, b.Column) })
	}
	return found
}

// rows are what was there before, and both values. here names the hospital of
// the node.
func (m matter) rows(ctx context.Context, here string) []design.Row {
	c := m.Conflict
	ours := written{value: m.value(ctx, ourValue), name: c.OursBy, place: c.OursPlace, at: c.OursAt, stands: c.Stands == "ours"}
	theirs := written{value: m.value(ctx, theirValue), name: c.TheirsBy, place: cmp.Or(c.TheirsPlace, here), at: c.TheirsAt, stands: c.Stands == "theirs"}
	if c.BothStand || c.DecidedAt.IsZero() && (merge.Additive(c.Table, c.Column) || c.Table == "newborn") {
		ours.both, theirs.both = true, true
	}
	rows := []design.Row{
		{Key: text.T(ctx, "card.node.base"), Component: linesView(m.value(ctx, func(c Conflict) string { return c.Base }))},
		{Key: text.T(ctx, "card.node.ours"), Component: writtenView(ours)},
		{Key: text.T(ctx, "card.node.theirs"), Component: writtenView(theirs)},
	}
	if m.special() != "" { // before both there was nothing
		return rows[1:]
	}
	return rows
}

func ourValue(c Conflict) string   { return c.Ours }
func theirValue(c Conflict) string { return c.Theirs }

// value is a side's value, and beneath it those that go with it.
func (m matter) value(ctx context.Context, of func(Conflict) string) string {
	value := m.names.read(ctx, m.Table, m.Column, of(m.Conflict))
	for _, c := range m.With {
		f, _ := fieldOf(c.Table, c.Column)
		value += "\n" + f.word(ctx) + ": " + m.names.read(ctx, c.Table, c.Column, of(c))
	}
	return value
}

// title is the field, of what, and whom it is about.
func (m matter) title(ctx context.Context) string {
	field := fieldName(ctx, m.Table, m.Column)
	if m.Subject != "" {
		field = m.Subject + " · " + field
	}
	if m.Table != "patient" {
		field = tableWord(ctx, m.Table) + " · " + field
	}
	if m.Person == "" {
		return field
	}
	return m.Person + ": " + field
}

// choice is one of the ways to decide.
type choice struct{ take, word string }

// choices are the ways to decide, in the words of the matter where it has some.
func (m matter) choices(ctx context.Context) []choice {
	of := "card.node.take_" // text: card.node.take_*
	switch m.special() {
	case "birth":
		of = "card.node.birth_" // text: card.node.birth_*
	case "pregnancy":
		of = "card.node.pregnancy_" // text: card.node.pregnancy_*
	}
	all := []choice{{takeOurs, text.T(ctx, of+takeOurs)}, {takeTheirs, text.T(ctx, of+takeTheirs)}}
	if mayBoth(m.Table, m.Column) {
		all = append(all, choice{takeBoth, text.T(ctx, of+takeBoth)})
	}
	return all
}

// special is what both sides have begun, of which a rule of the centre made room
// for both until somebody decides; "" for a value that both changed.
func (m matter) special() string {
	switch {
	case m.Table == "newborn":
		return "birth"
	case m.Table == "pregnancy" && m.Column == "state" && m.Ours == "closed" && m.Theirs == "open" && m.Base == "":
		return "pregnancy"
	}
	return ""
}

// means is what follows from each choice, "" where it says so itself.
func (m matter) means(ctx context.Context) string {
	if kind := m.special(); kind != "" {
		return text.T(ctx, "card.node."+kind+"_means") // text: card.node.*_means
	}
	return ""
}

// standing and fallen are the value that was taken and the other.
func (m matter) standing(ctx context.Context) string {
	switch {
	case m.BothStand:
		return m.value(ctx, ourValue) + "\n" + m.value(ctx, theirValue)
	case m.Stands == "ours":
		return m.value(ctx, ourValue)
	}
	return m.value(ctx, theirValue)
}

func (m matter) fallen(ctx context.Context) string {
	switch {
	case m.BothStand:
		return text.T(ctx, "card.node.nothing")
	case m.Stands == "ours":
		return m.value(ctx, theirValue)
	}
	return m.value(ctx, ourValue)
}

// fieldName is a column in words, its own name where a newer program has added it.
func fieldName(ctx context.Context, table, column string) string {
	if f, ok := fieldOf(table, column); ok {
		return f.word(ctx)
	}
	return column
}

// place leads to what the conflict is about, "" where there is no page of it.
func (c Conflict) place() string {
	switch {
	case c.Table == "stay":
		return "/stays/" + c.Key
	case c.Table == "referral":
		return "/referrals/" + c.Key
	case c.Patient != "":
		return "/patients/" + c.Patient
	case c.Table == "patient":
		return "/patients/" + c.Key
	}
	return ""
}

// tableWord names what the rows of a table are; rarer tables go by their own name.
func tableWord(ctx context.Context, table string) string {
	switch table {
	case "patient", "stay", "move", "bed", "diagnosis", "entry", "medical_order", "operation", "form", "treated_case", "request", "transfer", "refusal", "referral", "pregnancy", "exchange_card",
		"consent", "form_signature", "bed_reservation", "confinement", "tear_off_inbox", "patient_merge", "patient_identity", "referral_route", "entry_template", "entry_draft", "discharge_draft", "change_conflict", "newborn", "isolation":
		return text.T(ctx, "card.node.table."+table) // text: card.node.table.*
	}
	return table
}
