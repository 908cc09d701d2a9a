package entry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/icd"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi/rule"
)

// signs of aetiology and manifestation may stand behind a code of ICD-10.
const signs = "+*†"

// most characters that are looked up at once.
const longWords = 200

// fitting are the rules that look at one diagnosis and the patient alone: they
// can be told while the diagnosis is chosen, before the form is whole.
var fitting = []string{"DGN-002", "DGN-003", "DGN-004", "DGN-005", "DGN-007", "DGN-008", "DGN-009", "DGN-010", "DGN-011", "DGN-017"}

// Listed says whether the fund has a classification to choose from; without one
// codes are typed, and their shape alone is checked.
func (k Desk) Listed(ctx context.Context) (bool, error) {
	if k.ICD == nil {
		return false, nil
	}
	edition, err := k.ICD.Edition(ctx)
	return edition > 0, err
}

// Understand puts codes where the form has words of a diagnosis or an operation that
// mean one code. Words that mean several, or none, stay as they are typed: Check says so.
func (k Desk) Understand(ctx context.Context, form *page.Form) error {
	if err := k.performed(ctx, form); err != nil {
		return err
	}
	if listed, err := k.Listed(ctx); err != nil || !listed {
		return err
	}
	for i := range mostDiagnoses {
		name := cell(rowDiagnosis, i, "code")
		if !form.Has(name + "_text") {
			continue
		}
		typed, chosen := page.Clean(form.Get(name+"_text")), page.Clean(form.Get(name))
		form.Set(name, typed)
		if typed == "" {
			continue
		}
		if first, _, _ := strings.Cut(typed, " "); first != chosen {
			chosen = "" // what is typed is newer
		}
		code, _, err := k.resolve(ctx, chosen, typed)
		var unclear *fail.Error
		switch {
		case err == nil:
			form.Set(name, code)
		case !errors.As(err, &unclear):
			return err
		default: // "j18.99 something" is kept as the code, for the rules to look at
			if first, _, _ := strings.Cut(typed, " "); icd.CodeOf(strings.TrimRight(first, signs)) != "" {
				form.Set(name, withSign(first))
			}
		}
	}
	return nil
}

// resolve is the code that was chosen or typed, with its sign, and its name.
func (k Desk) resolve(ctx context.Context, chosen, typed string) (code, name string, err error) {
	first, rest, _ := strings.Cut(typed, " ")
	bare := strings.TrimRight(first, signs)
	c, err := k.ICD.Resolve(ctx, strings.TrimRight(chosen, signs), strings.TrimSpace(bare+" "+rest))
	if err != nil {
		return "", "", err
	}
	return c.Code + first[len(bare):], c.Name, nil
}

// withSign is a code as it is written, whatever letters it was typed with.
func withSign(typed string) string {
	bare := strings.TrimRight(typed, signs)
	return icd.CodeOf(bare) + typed[len(bare):]
}

// unclear notes in the form which diagnoses are words still.
func (k Desk) unclear(ctx context.Context, form *page.Form) error {
	if listed, err := k.Listed(ctx); err != nil || !listed {
		return err
	}
	for i := range rows(form, rowDiagnosis) {
		name := cell(rowDiagnosis, i, "code")
		typed := form.Get(name)
		if typed == "" || icd.CodeOf(strings.TrimRight(typed, signs)) != "" {
			continue
		}
		_, _, err := k.resolve(ctx, "", typed)
		var said *fail.Error
		switch {
		case err == nil: // words of one code, kept before there was a classification
			form.Fail(name, "kit.icd.choose")
		case errors.As(err, &said):
			form.Findings = append(form.Findings, fail.Finding{Field: name, Key: said.Key, Args: said.Args})
		default:
			return err
		}
	}
	return nil
}

// worded gives diagnoses without words of their own those of the classification.
func (k Desk) worded(ctx context.Context, c *insuranceapi.Case) error {
	if listed, err := k.Listed(ctx); err != nil || !listed {
		return err
	}
	for i, d := range c.Diagnoses {
		if d.Text != "" {
			continue
		}
		known, ok, err := k.ICD.FindOn(ctx, strings.TrimRight(d.Code, signs), k.day(*c))
		if err != nil {
			return err
		}
		if ok {
			c.Diagnoses[i].Text = known.Name
		}
	}
	return nil
}

// day is the moment of which a case's codes are: its discharge, or now.
func (k Desk) day(c insuranceapi.Case) time.Time {
	if c.DischargedAt.IsZero() {
		return k.Clock.Now()
	}
	return c.DischargedAt
}

// Doubt is what speaks against one diagnosis.
type Doubt struct {
	Rule   string
	Error  bool // the fund would return the case for it
	Reason text.Words
}

// Doubts are what the rules say of the diagnosis and the patient.
func (k Desk) Doubts(ctx context.Context, c insuranceapi.Case, d insuranceapi.Diagnosis) ([]Doubt, error) {
	if d.Code == "" {
		return nil, nil
	}
	c.Diagnoses, c.DischargedAt = []insuranceapi.Diagnosis{d}, k.day(c)
	facts, err := rule.Facts{Now: k.Clock.Now()}.Classified(ctx, rule.Books{ICD: k.ICD}, c)
	if err != nil {
		return nil, err
	}
	var doubts []Doubt
	for _, r := range k.Fund.Catalogue.Of(c, facts) {
		if !slices.Contains(fitting, r.ID) {
			continue
		}
		said, _ := k.Fund.Catalogue.Why(r.ID, c, facts)
		for _, f := range said.Findings {
			doubts = append(doubts, Doubt{f.Rule, f.Severity == rule.Error, f.Reason})
		}
	}
	return doubts, nil
}

// Suggestion is a code that may be meant, with what speaks against it.
type Suggestion struct {
	icd.Code
	Doubts []Doubt
}

// Suggest is what the words may mean on the day of the case's discharge, the best
// first; of what speaks against each as a diagnosis of that stage and rank.
func (k Desk) Suggest(ctx context.Context, words string, c insuranceapi.Case, stage, rank string) ([]Suggestion, error) {
	words = page.Clean(words)
	if listed, err := k.Listed(ctx); err != nil || !listed || words == "" {
		return nil, err
	}
	runes := []rune(words)
	found, _, err := k.ICD.Page(ctx, string(runes[:min(len(runes), longWords)]), k.day(c), 0, 20)
	if err != nil {
		return nil, err
	}
	all := make([]Suggestion, 0, len(found))
	for _, code := range found {
		doubts, err := k.Doubts(ctx, c, insuranceapi.Diagnosis{Stage: stage, Rank: rank, Code: code.Code})
		if err != nil {
			return nil, err
		}
		all = append(all, Suggestion{code, doubts})
	}
	return all, nil
}
