package antenatal

import (
	"context"
	"net/http"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
)

// rulesPage shows every rule in force with its source.
func rulesPage(w http.ResponseWriter, r *http.Request, _ *desk.Desk) error {
	return page.Render(w, r, http.StatusOK, rulesView())
}

func ruleRows(ctx context.Context) [][]design.Cell {
	var rows [][]design.Cell
	for _, m := range gestation.Milestones() {
		rows = append(rows, []design.Cell{{Text: text.T(ctx, "card.antenatal.milestone."+m.Code)}, {Text: AgeWords(ctx, m.Days)}, {Text: text.Date(m.From)}, {Text: SourceWord(ctx, m.Source)}}) // text: card.antenatal.milestone.*
	}
	for _, one := range gestation.Rules() {
		rows = append(rows, []design.Cell{{Text: WarningWord(ctx, gestation.Warning{Code: one.Code})}, {Text: condition(ctx, one)}, {Text: text.Date(one.From)}, {Text: SourceWord(ctx, one.Source)}})
	}
	for _, one := range gestation.DatingRules() {
		rows = append(rows, []design.Cell{
			{Text: text.T(ctx, "card.antenatal.dating_rule", "From", AgeWords(ctx, one.Low), "Until", AgeWords(ctx, one.High))},
			{Text: text.T(ctx, "card.antenatal.dating_more", "Count", one.MoreThan)},
			{Text: text.Date(one.From)},
			{Text: SourceWord(ctx, one.Source)},
		})
	}
	return rows
}

// sourceWord names the source of a rule; "" of none.
func SourceWord(ctx context.Context, code string) string {
	if code == "" {
		return ""
	}
	return text.T(ctx, "card.antenatal.source."+code) // text: card.antenatal.source.*
}

// condition is that of a rule in words, such as «≥ 140».
func condition(ctx context.Context, r gestation.Rule) string {
	sign := map[string]string{"ge": "≥ ", "gt": "> ", "lt": "< "}[r.Is]
	switch r.Measure {
	case "days":
		days, err := strconv.Atoi(r.Value)
		if err != nil {
			return sign + r.Value
		}
		return sign + AgeWords(ctx, days)
	case "missed", "untested":
		return "—"
	}
	if r.Is == "below" || r.Is == "above" {
		return text.T(ctx, "card.antenatal.rule."+r.Is) // text: card.antenatal.rule.*
	}
	if r.Is == "eq" {
		switch r.Measure {
		case "oedema", "presentation", "rhesus":
			return Word(ctx, r.Measure, r.Value)
		}
		return ValueWord(ctx, r.Value)
	}
	return sign + r.Value
}
