package fhir

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/kit/text"
)

// nameMatches compares a name as FHIR's string parameters do: by the beginning
// of any of its words, whole with the modifier exact, anywhere with contains.
func nameMatches(name, modifier, wanted string) bool {
	if modifier == "exact" {
		return name == wanted
	}
	folded, part := text.Fold(name), text.Fold(wanted)
	if part == "" {
		return false
	}
	if modifier == "contains" {
		return strings.Contains(folded, part)
	}
	return strings.HasPrefix(folded, part) || strings.Contains(folded, " "+part)
}

// personName splits a name as the card keeps that of staff: surname, given
// name, patronymic.
func personName(whole string) *HumanName {
	words := strings.Fields(whole)
	if len(words) == 0 {
		return unknownName()
	}
	return &HumanName{Use: "official", Text: strings.Join(words, " "), Family: words[0], Given: words[1:]}
}

// unknownName says that there is a person and that the name is not known.
func unknownName() *HumanName {
	return &HumanName{Extension: []Extension{{URL: "http://hl7.org/fhir/StructureDefinition/data-absent-reason", ValueCode: "unknown"}}}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func whole(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// encode is JSON without the escapes that only HTML needs.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

// amount is tyiyn as a decimal of som.
func amount(tyiyn int64) *Money {
	sign := ""
	if tyiyn < 0 {
		sign, tyiyn = "-", -tyiyn
	}
	return &Money{Value: json.Number(sign + strconv.FormatInt(tyiyn/100, 10) + "." + padded(uint64(tyiyn%100), 2)), Currency: "KGS"}
}
