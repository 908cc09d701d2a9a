package main

import (
	"context"
	"fmt"
	"io"

	"github.com/sanarip/sanarip/kit/host"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/procedure"
	"github.com/sanarip/sanarip/system/card"
	"github.com/sanarip/sanarip/system/exchange"
	"github.com/sanarip/sanarip/system/identity"
	"github.com/sanarip/sanarip/system/insurance"
	"github.com/sanarip/sanarip/system/message"
	"github.com/sanarip/sanarip/system/payment"
	"github.com/sanarip/sanarip/system/population"
	"github.com/sanarip/sanarip/system/portal"
	"github.com/sanarip/sanarip/system/signature"
	"github.com/sanarip/sanarip/system/workforce"
)

// part is one system as the program knows it.
type part struct {
	name string // of its package, its database and its keys
	open func(context.Context, host.Env) (host.System, error)
}

// parts are all systems. This is the only file that knows every one of them.
// The order is that in which the demo's data are written: who is asked by
// others comes first.
var parts = []part{
	{"exchange", opened(exchange.New)},
	{"population", opened(population.New)},
	{"identity", opened(identity.New)},
	{"workforce", opened(workforce.New)},
	{"message", opened(message.New)},
	{"signature", opened(signature.New)},
	{"payment", opened(payment.New)},
	{"insurance", opened(insurance.New)},
	{"portal", opened(portal.New)},
	{"card", opened(card.New)},
}

// opened keeps a nil pointer from becoming a system that is not nil.
func opened[S host.System](open func(context.Context, host.Env) (S, error)) func(context.Context, host.Env) (host.System, error) {
	return func(ctx context.Context, env host.Env) (host.System, error) {
		s, err := open(ctx, env)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

// icd10 reads the classification into one of the systems that keep it.
func icd10(read func(context.Context, host.Env, io.Reader, string, func(done, bad int)) (icd.Report, error)) func(context.Context, host.Env, io.Reader, string, func(rows, bad int)) ([]string, []string, error) {
	return func(ctx context.Context, env host.Env, in io.Reader, name string, progress func(rows, bad int)) ([]string, []string, error) {
		r, err := read(ctx, env, in, name, progress)
		var bad []string
		for _, row := range r.Bad {
			bad = append(bad, fmt.Sprintf("line %d: %s", row.Line, row.Reason))
		}
		return []string{fmt.Sprintf("%d rows: %d codes added, %d changed, %d withdrawn, %d as before; %d rows left out; %d codes may stand as a diagnosis",
			r.Rows, r.Added, r.Changed, r.Withdrawn, r.Same, r.BadRows, r.Usable)}, bad, err
	}
}

// operations reads codes of operations into one of the systems that keep them.
func operations(read func(context.Context, host.Env, io.Reader, string) (procedure.Report, error)) func(context.Context, host.Env, io.Reader, string, func(rows, bad int)) ([]string, []string, error) {
	return func(ctx context.Context, env host.Env, in io.Reader, name string, _ func(rows, bad int)) ([]string, []string, error) {
		r, err := read(ctx, env, in, name)
		return []string{fmt.Sprintf("%d rows: %d codes of operations added, %d changed, %d as before", r.Rows, r.Added, r.Changed, r.Same)}, r.Bad, err
	}
}

// importers are the files that systems take, by the word of the command line.
var importers = map[string][]importer{
	"icd10": {{"card", icd10(card.ImportICD10)}, {"insurance", icd10(insurance.ImportICD10)}},
	"routes": {{"card", func(ctx context.Context, env host.Env, in io.Reader, _ string, _ func(rows, bad int)) ([]string, []string, error) {
		r, err := card.ImportRoutes(ctx, env, in)
		return []string{fmt.Sprintf("%d rows: %d changed", r.Rows, r.Changed)}, r.Bad, err
	}}},
	"rights": {{"exchange", func(ctx context.Context, env host.Env, in io.Reader, _ string, _ func(rows, bad int)) ([]string, []string, error) {
		r, err := exchange.ImportRights(ctx, env, in)
		return []string{fmt.Sprintf("%d rows: %d changed", r.Rows, r.Changed)}, r.Bad, err
	}}},
	"senders": {{"insurance", func(ctx context.Context, env host.Env, in io.Reader, _ string, _ func(rows, bad int)) ([]string, []string, error) {
		r, err := insurance.ImportSenders(ctx, env, in)
		return []string{fmt.Sprintf("%d rows: %d changed", r.Rows, r.Changed)}, r.Bad, err
	}}},
	"referral-days": {{"card", func(ctx context.Context, env host.Env, in io.Reader, _ string, _ func(rows, bad int)) ([]string, []string, error) {
		r, err := card.ImportReferralDays(ctx, env, in)
		return []string{fmt.Sprintf("%d rows: %d changed", r.Rows, r.Changed)}, r.Bad, err
	}}},
	"operations": {{"card", operations(card.ImportOperations)}, {"insurance", operations(insurance.ImportOperations)}},
	"appeal-days": {{"insurance", func(ctx context.Context, env host.Env, in io.Reader, _ string, _ func(rows, bad int)) ([]string, []string, error) {
		r, err := insurance.ImportAppealDays(ctx, env, in)
		return []string{fmt.Sprintf("%d rows: %d changed", r.Rows, r.Changed)}, r.Bad, err
	}}},
	"groups": {{"insurance", func(ctx context.Context, env host.Env, in io.Reader, name string, _ func(rows, bad int)) ([]string, []string, error) {
		r, err := insurance.ImportGroups(ctx, env, in, name)
		var bad []string
		for _, row := range r.Bad {
			bad = append(bad, fmt.Sprintf("line %d: %s", row.Line, row.Reason))
		}
		state := "added"
		switch {
		case r.Same:
			state = "is there already, nothing changed"
		case r.Table.Trial:
			state = "added for comparing, in force on no day"
		}
		return []string{fmt.Sprintf("table %s: %d groups, %d adjustments: %s", r.Table.ID, len(r.Table.Groups), len(r.Table.Adjustments), state)}, bad, err
	}}},
	"soate": {{"population", func(ctx context.Context, env host.Env, in io.Reader, _ string, progress func(rows, bad int)) ([]string, []string, error) {
		r, err := population.ImportSOATE(ctx, env, in, func(rows int) { progress(rows, 0) })
		var bad []string
		for _, row := range r.Bad {
			bad = append(bad, fmt.Sprintf("line %d: %s", row.Line, row.Why))
		}
		return []string{fmt.Sprintf("%d territories, %d rows left out", r.Rows, len(r.Bad))}, bad, err
	}}},
}
