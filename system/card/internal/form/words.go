package form

import (
	"context"

	"github.com/sanarip/sanarip/kit/text"
)

// The words of the form's codes, in the language of the context; "" for "".

// OutcomeWord is the outcome: discharged, transferred, died.
func OutcomeWord(ctx context.Context, code string) string {
	return coded(ctx, "card.outcome.", code) // text: card.outcome.*
}

// ResultWord is the result: recovered, improved, unchanged, worse.
func ResultWord(ctx context.Context, code string) string {
	return coded(ctx, "card.result.", code) // text: card.result.*
}

// AdmissionWord is the kind of admission: planned, emergency.
func AdmissionWord(ctx context.Context, code string) string {
	return coded(ctx, "card.form.admission.", code) // text: card.form.admission.*
}

// broughtWord is who brought the patient.
func broughtWord(ctx context.Context, code string) string {
	return coded(ctx, "card.brought.", code)
}

func sexWord(ctx context.Context, code string) string {
	return coded(ctx, "card.sex.", code) // text: card.sex.*
}

func stageWord(ctx context.Context, code string) string {
	return coded(ctx, "card.diagnosis.stage.", code)
}

func rankWord(ctx context.Context, code string) string {
	return coded(ctx, "card.diagnosis.rank.", code)
}

func anaesthesiaWord(ctx context.Context, code string) string {
	return coded(ctx, "card.anaesthesia.", code)
}

func coded(ctx context.Context, prefix, code string) string {
	if code == "" {
		return ""
	}
	word := text.T(ctx, prefix+code)
	if word == "["+prefix+code+"]" {
		return code // a code of another day
	}
	return word
}

func categoryWord(ctx context.Context, code string) string {
	return coded(ctx, "card.category.", code)
}
