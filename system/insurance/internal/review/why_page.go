package review

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
	"github.com/sanarip/sanarip/system/insurance/internal/office"
	"github.com/sanarip/sanarip/system/insurance/internal/treated"
)

// Why is GET /cases/{id}/why and /cases/{id}/why/{rule}: the rules replayed on
// the case's data.
func (p Pages) Why(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	replay, err := p.Fund.Why(ctx, r.PathValue("id"), r.PathValue("rule"), office.Of(ctx).Decides())
	if err != nil {
		return err
	}
	v := whyView{replay, carried(asked(r, ""), office.Of(ctx).Hospital())}
	if len(replay.Gone) > 0 {
		return page.Render(w, r, http.StatusOK, gonePage(v, r.PathValue("rule")))
	}
	if r.PathValue("rule") != "" {
		return page.Render(w, r, http.StatusOK, whyPage(v, replay.Rules[0]))
	}
	// What a rule holds against the case stands before what has passed.
	slices.SortStableFunc(v.Rules, func(a, b rule.Explanation) int { return cmp.Compare(weight(b), weight(a)) })
	return page.Render(w, r, http.StatusOK, rulesPage(v))
}

// weight orders verdicts: errors, warnings, then what has passed.
func weight(x rule.Explanation) int {
	switch {
	case len(x.Findings) == 0:
		return 0
	case x.Rule.Severity == rule.Error:
		return 2
	}
	return 1
}

type whyView struct {
	treated.Replay
	query string // of the list that the reader came from
}

func (v whyView) path(id string) string { return "/cases/" + v.ID + "/why/" + id + v.query }

// verdict is what a rule says: nothing against, a warning, an error.
func verdict(ctx context.Context, x rule.Explanation) (label, tone string) {
	switch {
	case len(x.Findings) == 0:
		return text.T(ctx, "insurance.why.passed"), "done"
	case x.Rule.Severity == rule.Error:
		return text.T(ctx, "insurance.severity.error"), "danger"
	}
	return text.T(ctx, "insurance.severity.warning"), "attention"
}

// fields are the values that the rule looked at, then what it asked of the fund.
func (v whyView) fields(ctx context.Context, x rule.Explanation) design.TableData {
	t := design.TableData{
		Caption: text.T(ctx, "insurance.why.fields"),
		Columns: []design.Column{{Label: text.T(ctx, "insurance.rules.field")}, {Label: text.T(ctx, "insurance.case.value")}},
	}
	for _, f := range x.Fields {
		t.Rows = append(t.Rows, []design.Cell{{Text: fieldText(ctx, f.Path)}, {Text: valueText(ctx, f.Path, f.Value)}})
	}
	for _, asked := range x.Fund {
		value := "—"
		switch asked {
		case rule.FromTable:
			value = v.Table
		case rule.FromICD:
			value = dated(v.Unlisted)
		case rule.FromProcedures:
			value = dated(v.UnlistedOperations)
		case rule.FromOthers:
			var others []string
			for _, o := range v.Others {
				others = append(others, rule.Grouped(o.Number)+": "+text.Moment(o.AdmittedAt)+" — "+text.Moment(o.DischargedAt)+" "+o.MainCode)
			}
			value = strings.Join(others, "; ")
		}
		if value == "" {
			value = "—"
		}
		t.Rows = append(t.Rows, []design.Cell{{Text: text.T(ctx, "insurance.why.fund."+asked)}, {Text: value}}) // text: insurance.why.fund.*
	}
	return t
}

// dated are codes with the days on which they were looked for.
func dated(looked []rule.Lookup) string {
	var codes []string
	for _, l := range looked {
		codes = append(codes, l.Code+" ("+text.Date(clock.DateOf(l.At))+")")
	}
	return strings.Join(codes, ", ")
}
