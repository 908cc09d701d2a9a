package antenatal

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Decimal reads a number such as 61,2 in units of which scale make one; 0 for
// none. What is no number is noted, and what is no whole one where scale is 1:
// 38,5 weeks are not 39.
func Decimal(form *page.Form, name string, scale int) int {
	written := strings.ReplaceAll(strings.TrimSpace(form.Get(name)), ",", ".")
	if written == "" {
		return 0
	}
	f, err := strconv.ParseFloat(written, 64)
	if scale == 1 && (err != nil || f < 0 || f > 100_000 || f != math.Trunc(f)) {
		form.Fail(name, "card.antenatal.whole")
		return 0
	}
	if err != nil || f < 0 || f > 100_000 || math.IsNaN(f) {
		form.Fail(name, "card.antenatal.number")
		return 0
	}
	return int(math.Round(f * float64(scale)))
}

// OptionalDay is a day that may be left out.
func OptionalDay(form *page.Form, name string) clock.Date {
	if strings.TrimSpace(form.Get(name)) == "" {
		return clock.Date{}
	}
	return form.Date(name)
}

// Shown writes what Decimal reads; "" for 0.
func Shown(value, scale int) string {
	if value == 0 {
		return ""
	}
	return strings.ReplaceAll(strconv.FormatFloat(float64(value)/float64(scale), 'f', -1, 64), ".", ",")
}

// NumberField is a field for a number with its unit.
func NumberField(ctx context.Context, form *page.Form, name, key, unitKey string, required bool) design.Field {
	f := design.FieldOf(ctx, form, name, key)
	f.InputMode, f.Narrow, f.Required, f.MaxLength = "decimal", true, required, 8
	if unitKey != "" {
		f.Suffix = text.T(ctx, unitKey)
	}
	return f
}

// DayField is a day.
func DayField(ctx context.Context, form *page.Form, name, key string, required bool) design.Field {
	f := design.FieldOf(ctx, form, name, key)
	f.Required = required
	return f
}

// AreaField is a paragraph that may be empty.
func AreaField(ctx context.Context, form *page.Form, name, key string, rows int) design.Field {
	f := writing.Area(ctx, form, name, key, rows)
	f.Required, f.MaxLength = false, maxNote
	return f
}

func selectField(ctx context.Context, form *page.Form, name, key string) design.Field {
	f := design.FieldOf(ctx, form, name, key)
	f.Required = false
	return f
}

// maxNote bounds a remark in characters.
const maxNote = 2000

// Words of codes that are chosen from lists.
func Word(ctx context.Context, list, code string) string {
	if code == "" {
		return ""
	}
	switch list {
	case "blood":
		return text.T(ctx, "card.antenatal.blood."+code) // text: card.antenatal.blood.*
	case "rhesus":
		return text.T(ctx, "card.antenatal.rhesus."+code) // text: card.antenatal.rhesus.*
	case "presentation":
		return text.T(ctx, "card.antenatal.presentation."+code) // text: card.antenatal.presentation.*
	case "oedema":
		return text.T(ctx, "card.antenatal.oedema."+code) // text: card.antenatal.oedema.*
	case "risk":
		return text.T(ctx, "card.antenatal.risk."+code) // text: card.antenatal.risk.*
	case "former":
		return text.T(ctx, "card.antenatal.former."+code) // text: card.antenatal.former.*
	case "kind":
		return text.T(ctx, "card.antenatal.kind."+code) // text: card.antenatal.kind.*
	case "basis":
		return text.T(ctx, "card.antenatal.basis."+code) // text: card.antenatal.basis.*
	case "list":
		return text.T(ctx, "card.antenatal.list."+code) // text: card.antenatal.list.*
	}
	return code
}

// OutcomeWord is the outcome of a pregnancy.
func OutcomeWord(ctx context.Context, outcome string) string {
	if outcome == "" {
		return ""
	}
	return text.T(ctx, "card.antenatal.outcome."+outcome) // text: card.antenatal.outcome.*
}

// ValueWord is the value of a result: a word of ours or what the laboratory wrote.
func ValueWord(ctx context.Context, value string) string {
	for _, known := range WordResults {
		if value == known {
			return text.T(ctx, "card.antenatal.value."+value) // text: card.antenatal.value.*
		}
	}
	return value
}

// WarningWord is a warning in a sentence.
func WarningWord(ctx context.Context, w gestation.Warning) string {
	return text.T(ctx, "card.antenatal.warn."+w.Code) // text: card.antenatal.warn.*
}

func options(ctx context.Context, list string, codes []string) []design.Option {
	var all []design.Option
	for _, code := range codes {
		label := "—"
		if code != "" {
			label = Word(ctx, list, code)
		}
		all = append(all, design.Option{Value: code, Label: label})
	}
	return all
}

// AgeWords is «31 нед. 4 дн.».
func AgeWords(ctx context.Context, days int) string {
	weeks, rest := gestation.Age(max(0, days))
	return text.T(ctx, "card.antenatal.age", "Weeks", weeks, "Days", rest)
}
