package rule

import (
	"regexp"
	"slices"

	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// codeShape is a code of ICD-10, with the sign of aetiology or manifestation
// that some lists write behind it.
var codeShape = regexp.MustCompile(`^[A-Z][0-9]{2}(\.[0-9]{1,2})?[+*†]?$`)

// span is a run of three-character categories, both ends within.
type span struct{ from, until string }

func (s span) has(code string) bool {
	return len(code) >= 3 && code[:3] >= s.from && code[:3] <= s.until
}

func in(code string, spans []span) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.has(code) })
}

// Categories for one sex alone (ICD-10, volume 2: edits by sex; whole
// categories only).
var (
	women = []span{
		{"A34", "A34"},
		{"C51", "C58"},
		{"D06", "D06"},
		{"D25", "D28"},
		{"D39", "D39"},
		{"E28", "E28"},
		{"F53", "F53"},
		{"N70", "N77"},
		{"N80", "N98"},
		{"O00", "O99"},
		{"Q50", "Q52"},
		{"Z32", "Z36"},
		{"Z39", "Z39"},
	}
	men       = []span{{"C60", "C63"}, {"D29", "D29"}, {"D40", "D40"}, {"E29", "E29"}, {"N40", "N51"}, {"Q53", "Q55"}}
	perinatal = span{"P00", "P96"}
	pregnancy = span{"O00", "O99"}
	injuries  = span{"S00", "T98"}
	external  = span{"V01", "Y98"}
)

// Final are the final diagnoses.
func Final(c insuranceapi.Case) []insuranceapi.Diagnosis {
	var list []insuranceapi.Diagnosis
	for _, d := range c.Diagnoses {
		if d.Stage == "final" {
			list = append(list, d)
		}
	}
	return list
}

func mains(c insuranceapi.Case) []insuranceapi.Diagnosis {
	return slices.DeleteFunc(Final(c), func(d insuranceapi.Diagnosis) bool { return d.Rank != "main" })
}

// MainCode is the code of the final main diagnosis; false unless there is
// exactly one.
func MainCode(c insuranceapi.Case) (string, bool) {
	list := mains(c)
	if len(list) != 1 {
		return "", false
	}
	return list[0].Code, true
}

func oneMain(c insuranceapi.Case, _ Facts) []hit {
	list := mains(c)
	detail := ""
	for _, d := range list {
		detail += " " + d.Code
	}
	return when(len(list) != 1, detail)
}

// each looks at every diagnosis.
func each(c insuranceapi.Case, wrong func(insuranceapi.Diagnosis) bool) []hit {
	var hits []hit
	for _, d := range c.Diagnoses {
		hits = append(hits, when(wrong(d), d.Code)...)
	}
	return hits
}

func codeForm(c insuranceapi.Case, _ Facts) []hit {
	return each(c, func(d insuranceapi.Diagnosis) bool { return !codeShape.MatchString(d.Code) })
}

// main looks at the main final diagnoses alone.
func main(c insuranceapi.Case, s span) []hit {
	var hits []hit
	for _, d := range mains(c) {
		hits = append(hits, when(s.has(d.Code), d.Code)...)
	}
	return hits
}

func symptom(c insuranceapi.Case, _ Facts) []hit      { return main(c, span{"R00", "R99"}) }
func contact(c insuranceapi.Case, _ Facts) []hit      { return main(c, span{"Z00", "Z99"}) }
func externalMain(c insuranceapi.Case, _ Facts) []hit { return main(c, external) }

func externalMissing(c insuranceapi.Case, _ Facts) []hit {
	for _, d := range Final(c) {
		if external.has(d.Code) {
			return nil
		}
	}
	return main(c, injuries)
}

func womenOnly(c insuranceapi.Case, _ Facts) []hit {
	return each(c, func(d insuranceapi.Diagnosis) bool { return c.Patient.Sex == "male" && in(d.Code, women) })
}

func menOnly(c insuranceapi.Case, _ Facts) []hit {
	return each(c, func(d insuranceapi.Diagnosis) bool { return c.Patient.Sex == "female" && in(d.Code, men) })
}

func perinatalLate(c insuranceapi.Case, _ Facts) []hit {
	days, ok := ageDays(c)
	return each(c, func(d insuranceapi.Diagnosis) bool {
		return ok && days > 28 && d.Stage == "final" && perinatal.has(d.Code)
	})
}

func perinatalAdult(c insuranceapi.Case, _ Facts) []hit {
	years, ok := Age(c)
	if !ok || years < 1 {
		return nil
	}
	return main(c, perinatal)
}

func pregnancyAge(c insuranceapi.Case, _ Facts) []hit {
	years, ok := Age(c)
	return each(c, func(d insuranceapi.Diagnosis) bool {
		return ok && (years < 10 || years > 55) && d.Stage == "final" && pregnancy.has(d.Code)
	})
}

func codeTwice(c insuranceapi.Case, _ Facts) []hit {
	seen := map[string]bool{}
	return each(c, func(d insuranceapi.Diagnosis) bool {
		twice := d.Stage == "final" && seen[d.Code]
		seen[d.Code] = seen[d.Code] || d.Stage == "final"
		return twice
	})
}

func has(c insuranceapi.Case, stage, rank string) bool {
	return slices.ContainsFunc(c.Diagnoses, func(d insuranceapi.Diagnosis) bool {
		return d.Stage == stage && (rank == "" || d.Rank == rank)
	})
}

func admissionDiagnosis(c insuranceapi.Case, _ Facts) []hit {
	return when(!has(c, "admission", ""))
}

func postmortemMissing(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Outcome == "died" && !has(c, "postmortem", "main"))
}

func postmortemAlive(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Outcome != "died" && has(c, "postmortem", ""))
}

func stageAndRank(c insuranceapi.Case, _ Facts) []hit {
	return each(c, func(d insuranceapi.Diagnosis) bool {
		return !slices.Contains([]string{"referral", "admission", "clinical", "final", "postmortem"}, d.Stage) ||
			!slices.Contains([]string{"main", "complication", "comorbid"}, d.Rank)
	})
}

// Complicated says whether a complication stands among the final diagnoses.
func Complicated(c insuranceapi.Case) bool { return has(c, "final", "complication") }
