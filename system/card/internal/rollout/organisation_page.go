package rollout

import (
	"context"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// rows are what is known of the organisation.
func (v organisationOf) rows(ctx context.Context) []design.Row {
	connected := text.T(ctx, "card.rollout.no")
	if v.Connected() {
		connected = text.T(ctx, "card.rollout.yes")
	}
	rows := []design.Row{
		{Key: text.T(ctx, "card.rollout.connected"), Value: connected},
		{Key: text.T(ctx, "card.rollout.trained"), Value: outOf(v.Trained, v.Staff) + ", " + percent(v.Trained, v.Staff)},
		{Key: text.T(ctx, "card.rollout.card_share"), Value: outOf(v.ByCard, v.ByCard+v.ByHand) + ", " + percent(v.ByCard, v.ByCard+v.ByHand)},
		{Key: text.T(ctx, "card.rollout.in_time"), Value: outOf(v.Discharged-v.FormLate, v.Discharged) + ", " + percent(v.Discharged-v.FormLate, v.Discharged)},
	}
	if l := v.Line; l.Line != "" {
		rows = append(rows, design.Row{Key: text.T(ctx, "card.rollout.stage_two"), Value: l.days() + ", " + l.Responsible.Here(ctx), Link: lineHref(l.Line), LinkLabel: text.T(ctx, "card.rollout.open")})
	}
	return rows
}

// days are the first and the last day, as far as the document says.
func (l Line) days() string {
	switch {
	case l.From.IsZero() && l.Until.IsZero():
		return "—"
	case l.From.IsZero():
		return "… – " + text.Date(l.Until)
	case l.Until.IsZero():
		return text.Date(l.From) + " – …"
	case l.From == l.Until:
		return text.Date(l.From)
	}
	return text.Date(l.From) + " – " + text.Date(l.Until)
}

func dutyWord(ctx context.Context, duty workforceapi.Duty) string {
	return text.T(ctx, "card.rollout.duty."+string(duty)) // text: card.rollout.duty.*
}
