package card

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// demoOutside is what the systems of a polyclinic and of a laboratory wrote about
// the demo's patient with pneumonia before he came.
func (s *System) demoOutside(ctx context.Context) error {
	now := s.env.Clock.Now()
	ago := func(days int) string { return datatype.Moment(now.Add(-time.Duration(days) * day)) }
	const me = `"subject":{"reference":"urn:uuid:6f9d1c5e-2f7b-4d0a-9a55-0c3b6f0e8a10"}`
	patient := fmt.Sprintf(`{"fullUrl":"urn:uuid:6f9d1c5e-2f7b-4d0a-9a55-0c3b6f0e8a10","resource":{"resourceType":"Patient","identifier":[{"system":%q,"value":%q}]}}`,
		datatype.SIDPIN, demo.Residents[0].PIN)
	bundle := func(prefix string, resources ...string) string {
		entries := []string{patient}
		for n, r := range resources {
			entries = append(entries, fmt.Sprintf(`{"fullUrl":"http://%s.example/%d","resource":%s}`, prefix, n, r))
		}
		return `{"resourceType":"Bundle","type":"collection","entry":[` + strings.Join(entries, ",") + `]}`
	}
	for _, one := range []struct{ client, text string }{
		{"csm-6-bishkek", bundle("csm",
			`{"resourceType":"AllergyIntolerance","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"text":"Пенициллин"},"patient":{"reference":"urn:uuid:6f9d1c5e-2f7b-4d0a-9a55-0c3b6f0e8a10"},"recordedDate":"2019-03-14","recorder":{"display":"Турдубаева Гүлнара"}}`,
			`{"resourceType":"Immunization","status":"completed","vaccineCode":{"text":"Вакцина против гриппа"},"patient":{"reference":"urn:uuid:6f9d1c5e-2f7b-4d0a-9a55-0c3b6f0e8a10"},"occurrenceDateTime":"`+ago(48)+`","performer":[{"actor":{"display":"Турдубаева Гүлнара"}}]}`,
			`{"resourceType":"Condition","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10","code":"I10"}],"text":"Гипертоническая болезнь, I10"},`+me+`,"recordedDate":"`+ago(410)+`","recorder":{"display":"Турдубаева Гүлнара"}}`,
			`{"resourceType":"MedicationStatement","status":"active","medicationCodeableConcept":{"text":"Эналаприл 10 мг, утром"},`+me+`,"effectiveDateTime":"`+ago(120)+`"}`)},
		{"lab-aqua", bundle("lab",
			`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"6690-2"}],"text":"Лейкоциты"},`+me+`,"effectiveDateTime":"`+ago(5)+`","valueQuantity":{"value":14.2,"unit":"10⁹/л"},"performer":[{"display":"Лаборатория «Аква»"}]}`,
			`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1988-5"}],"text":"C-реактивный белок"},`+me+`,"effectiveDateTime":"`+ago(5)+`","valueQuantity":{"value":86,"unit":"мг/л"},"performer":[{"display":"Лаборатория «Аква»"}]}`,
			`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}],"text":"Артериальное давление"},`+me+`,"effectiveDateTime":"`+ago(48)+`","component":[{"code":{"text":"систолическое"},"valueQuantity":{"value":148,"unit":"мм рт. ст."}},{"code":{"text":"диастолическое"},"valueQuantity":{"value":92,"unit":"мм рт. ст."}}]}`)},
	} {
		report, err := s.fhir.Take(ctx, one.client, strings.NewReader(one.text), "demo")
		if err != nil {
			return err
		}
		if len(report.Faults) > 0 {
			return fmt.Errorf("demo records of %s: %+v", one.client, report.Faults)
		}
	}
	return nil
}
