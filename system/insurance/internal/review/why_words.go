package review

import (
	"context"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
)

// fieldText is a field of the message as the form calls it, with its name in the
// message, by which makers of programs know it.
func fieldText(ctx context.Context, path string) string {
	keys := map[string]string{
		"number": "insurance.case.number", "revision": "insurance.case.revision", "organisation": "insurance.hospital",
		"department": "insurance.case.department", "patient.name": "insurance.case.name", "patient.pin": "insurance.case.pin",
		"patient.sex": "insurance.case.sex", "patient.birth_date": "insurance.case.birth", "patient.region": "insurance.case.region",
		"patient.rural": "insurance.case.rural", "patient.insured": "insurance.case.insured", "patient.policy": "insurance.case.policy",
		"patient.category": "insurance.case.category", "admission": "insurance.case.admission", "hours_since_onset": "insurance.case.hours",
		"referrer": "insurance.case.referrer", "admitted_at": "insurance.case.admitted", "discharged_at": "insurance.case.discharged",
		"bed_days": "insurance.case.bed_days", "outcome": "insurance.case.outcome", "result": "insurance.case.result",
	}
	if key, ok := keys[path]; ok {
		return text.T(ctx, key) + " · " + path
	}
	return path
}

// valueText is a value in words, with its code where it has one.
func valueText(ctx context.Context, path, value string) string {
	if value == "" {
		return "—"
	}
	words := map[string]func(context.Context, string) string{
		"patient.sex": sexWord, "patient.category": categoryWord, "admission": admissionWord, "outcome": outcomeWord, "result": resultWord,
		"stage": stageWord, "rank": rankWord, "anaesthesia": anaesthesiaWord,
	}
	said, ok := words[path]
	if !ok {
		said, ok = words[path[strings.LastIndex(path, ".")+1:]]
	}
	switch {
	case ok:
	case value == "true":
		return text.T(ctx, "insurance.yes") + " · " + value
	case value == "false":
		return text.T(ctx, "insurance.no") + " · " + value
	default:
		return value
	}
	if word := said(ctx, value); word != value {
		return word + " · " + value
	}
	return value
}
