package review

import (
	"context"

	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// stateWord is a stage in words; the state of a decision is a stage, too.
func stateWord(ctx context.Context, stage string) (label, tone string) {
	tone = map[treated.Stage]string{
		treated.Accepted: "done", treated.Settled: "done", treated.Review: "info", treated.Appealed: "attention", treated.Returned: "danger", treated.Refused: "danger",
	}[treated.Stage(stage)]
	return text.T(ctx, "insurance.state."+stage), tone // text: insurance.state.*
}

func yesNo(ctx context.Context, b bool) string {
	if b {
		return text.T(ctx, "insurance.yes")
	}
	return text.T(ctx, "insurance.no")
}

// word is the text of a code; a code that is none of ours is shown as it came.
func word(ctx context.Context, code string, keys map[string]string) string {
	if key, ok := keys[code]; ok {
		return text.T(ctx, key)
	}
	return code
}

func wayWord(ctx context.Context, way string) string {
	return word(ctx, way, map[string]string{"exchange": "insurance.way.exchange", "hand": "insurance.way.hand"})
}

func sexWord(ctx context.Context, code string) string {
	return word(ctx, code, map[string]string{"female": "insurance.sex.female", "male": "insurance.sex.male", "unknown": "insurance.sex.unknown"})
}

func admissionWord(ctx context.Context, code string) string {
	return word(ctx, code, map[string]string{"planned": "insurance.admission.planned", "emergency": "insurance.admission.emergency"})
}

func outcomeWord(ctx context.Context, code string) string {
	return word(ctx, code, map[string]string{"discharged": "insurance.outcome.discharged", "transferred": "insurance.outcome.transferred", "died": "insurance.outcome.died"})
}

func resultWord(ctx context.Context, code string) string {
	return word(ctx, code, map[string]string{
		"recovered": "insurance.result.recovered", "improved": "insurance.result.improved",
		"unchanged": "insurance.result.unchanged", "worse": "insurance.result.worse",
	})
}

func categoryWord(ctx context.Context, code string) string {
	return word(ctx, code, map[string]string{
		"child": "insurance.category.child", "pensioner": "insurance.category.pensioner", "pregnant": "insurance.category.pregnant",
		"disabled": "insurance.category.disabled", "veteran": "insurance.category.veteran", "low_income": "insurance.category.low_income",
	})
}

func stageWord(ctx context.Context, code string) string {
	return word(ctx, code, map[string]string{
		"referral": "insurance.stage.referral", "admission": "insurance.stage.admission", "clinical": "insurance.stage.clinical",
		"final": "insurance.stage.final", "postmortem": "insurance.stage.postmortem",
	})
}

func rankWord(ctx context.Context, code string) string {
	return word(ctx, code, map[string]string{
		"main": "insurance.rank.main", "complication": "insurance.rank.complication", "comorbid": "insurance.rank.comorbid",
	})
}

// anaesthesiaWord is the kind of anaesthesia as the card names it; what another
// system sends in words of its own stays as it is.
func anaesthesiaWord(ctx context.Context, code string) string {
	return word(ctx, code, map[string]string{
		"none": "insurance.anaesthesia.none", "local": "insurance.anaesthesia.local", "regional": "insurance.anaesthesia.regional",
		"spinal": "insurance.anaesthesia.spinal", "general": "insurance.anaesthesia.general",
	})
}
