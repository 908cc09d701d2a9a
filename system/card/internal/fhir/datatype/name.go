package datatype

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// PersonName splits a name as the card keeps that of staff: surname, given
// name, patronymic.
func PersonName(whole string) *HumanName {
	words := strings.Fields(whole)
	if len(words) == 0 {
		return UnknownName()
	}
	return &HumanName{Use: "official", Text: strings.Join(words, " "), Family: words[0], Given: words[1:]}
}

// UnknownName says that there is a person and that the name is not known.
func UnknownName() *HumanName {
	return &HumanName{Extension: []Extension{{URL: "http://hl7.org/fhir/StructureDefinition/data-absent-reason", ValueCode: "unknown"}}}
}

// Encode is JSON without the escapes that only HTML needs.
func Encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

// Amount is tyiyn as a decimal of som.
func Amount(tyiyn int64) *Money {
	sign := ""
	if tyiyn < 0 {
		sign, tyiyn = "-", -tyiyn
	}
	return &Money{Value: json.Number(sign + strconv.FormatInt(tyiyn/100, 10) + "." + fmt.Sprintf("%02d", tyiyn%100)), Currency: "KGS"}
}
