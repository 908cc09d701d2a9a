package node

import (
	"cmp"
	"context"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/text"
)

// written is one side's value of a conflict.
type written struct {
	value       string
	name, place string // who wrote it and in which organisation, "" not known
	at          time.Time
	stands      bool
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

// rows are what was there before, and both values. here names the hospital of
// the node.
func (c Conflict) rows(ctx context.Context, here string) []design.Row {
	ours := written{value: c.Ours, name: c.OursBy, place: c.OursPlace, at: c.OursAt, stands: c.Stands == "ours"}
	theirs := written{value: c.Theirs, name: c.TheirsBy, place: cmp.Or(c.TheirsPlace, here), at: c.TheirsAt, stands: c.Stands == "theirs"}
	return []design.Row{
		{Key: text.T(ctx, "card.node.base"), Value: c.value(ctx, c.Base)},
		{Key: text.T(ctx, "card.node.ours"), Component: writtenView(c, ours)},
		{Key: text.T(ctx, "card.node.theirs"), Component: writtenView(c, theirs)},
	}
}

// title is the field, and whom it is about.
func (c Conflict) title(ctx context.Context) string {
	if c.Person == "" {
		return c.field(ctx)
	}
	return c.Person + ": " + c.field(ctx)
}

// standing and fallen are the value that was taken and the other.
func (c Conflict) standing() string {
	if c.Stands == "ours" {
		return c.Ours
	}
	return c.Theirs
}

func (c Conflict) fallen() string {
	if c.Stands == "ours" {
		return c.Theirs
	}
	return c.Ours
}

// value is a column's value as people read it.
func (c Conflict) value(ctx context.Context, value string) string {
	switch {
	case value == "":
		return text.T(ctx, "card.node.nothing")
	case c.Column == "sex":
		return text.T(ctx, "card.sex."+value) // text: card.sex.*
	case c.Column == "birth_date" || c.Column == "policy_until":
		return text.Date(db.Date(value))
	case c.Column == "insured" && value == "1":
		return text.T(ctx, "card.node.yes")
	case c.Column == "insured":
		return text.T(ctx, "card.node.no")
	}
	return value
}

// field is a conflict's column in words, its own name where there are none.
func (c Conflict) field(ctx context.Context) string {
	switch c.Table + "." + c.Column {
	case "patient.address", "patient.alerts", "patient.policy", "patient.category", "patient.insured", "patient.passport", "patient.citizenship", "patient.region",
		"patient.family_name", "patient.given_name", "patient.patronymic", "patient.birth_date", "patient.sex", "patient.description":
		return text.T(ctx, "card.node.field."+c.Column) // text: card.node.field.*
	}
	return tableWord(ctx, c.Table) + " · " + c.Column
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
	case "patient", "stay", "move", "bed", "diagnosis", "entry", "medical_order", "operation", "form", "treated_case", "request", "transfer", "refusal", "referral", "pregnancy", "exchange_card":
		return text.T(ctx, "card.node.table."+table) // text: card.node.table.*
	}
	return table
}
