package rule

import (
	"fmt"
	"slices"

	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
)

// WellFormed says that a ПИН can be read.
func WellFormed(number string) bool { return wellFormed(number) }

// wellFormed says whether the ПИН can be read; it may still be missing.
func wellFormed(number string) bool {
	parsed, err := pin.Parse(number)
	return err == nil && parsed == number
}

func pinForm(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Patient.PIN != "" && !wellFormed(c.Patient.PIN))
}

func pinSex(c insuranceapi.Case, _ Facts) []hit {
	p := c.Patient
	return when(wellFormed(p.PIN) && p.Sex != pin.Sex(p.PIN) && p.Sex != "unknown")
}

func pinBirth(c insuranceapi.Case, _ Facts) []hit {
	p := c.Patient
	born, _ := pin.BirthDate(p.PIN)
	return when(wellFormed(p.PIN) && !p.BirthDate.IsZero() && p.BirthDate != born, text.Date(p.BirthDate))
}

func pinMissing(c insuranceapi.Case, _ Facts) []hit { return when(c.Patient.PIN == "") }

func patientName(c insuranceapi.Case, _ Facts) []hit { return when(c.Patient.Name == "") }

func patientSex(c insuranceapi.Case, _ Facts) []hit {
	return when(!slices.Contains([]string{"female", "male", "unknown"}, c.Patient.Sex), c.Patient.Sex)
}

func patientBirth(c insuranceapi.Case, _ Facts) []hit { return when(c.Patient.BirthDate.IsZero()) }

func patientRegion(c insuranceapi.Case, _ Facts) []hit {
	return when(len(c.Patient.Region) != 14 || !digits(c.Patient.Region), c.Patient.Region)
}

func policy(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Patient.Insured && c.Patient.Policy == "")
}

func category(c insuranceapi.Case, f Facts) []hit {
	return when(f.Priced && !slices.Contains(f.Categories, c.Patient.Category), c.Patient.Category)
}

func admission(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Admission != "planned" && c.Admission != "emergency", c.Admission)
}

func onset(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Admission == "emergency" && c.HoursSinceOnset == 0)
}

func onsetRange(c insuranceapi.Case, _ Facts) []hit {
	return when(c.HoursSinceOnset < 0 || c.HoursSinceOnset > 8760, fmt.Sprint(c.HoursSinceOnset))
}

func referrer(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Admission == "planned" && c.Referrer == "")
}

func outcome(c insuranceapi.Case, _ Facts) []hit {
	return when(!slices.Contains([]string{"discharged", "transferred", "died"}, c.Outcome), c.Outcome)
}

func resultMissing(c insuranceapi.Case, _ Facts) []hit {
	known := slices.Contains([]string{"recovered", "improved", "unchanged", "worse"}, c.Result)
	return when(c.Outcome != "died" && !known, c.Result)
}

func resultOfDead(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Outcome == "died" && c.Result != "", c.Result)
}

// operation looks at every operation; the detail is its moment.
func operation(c insuranceapi.Case, wrong func(insuranceapi.Operation) bool) []hit {
	var hits []hit
	for _, o := range c.Operations {
		hits = append(hits, when(wrong(o), text.Moment(o.At))...)
	}
	return hits
}

func operationInside(c insuranceapi.Case, _ Facts) []hit {
	return operation(c, func(o insuranceapi.Operation) bool {
		return o.At.Before(c.AdmittedAt) || o.At.After(c.DischargedAt)
	})
}

func operationAnaesthesia(c insuranceapi.Case, _ Facts) []hit {
	return operation(c, func(o insuranceapi.Operation) bool { return o.Anaesthesia == "" })
}

func operationName(c insuranceapi.Case, _ Facts) []hit {
	return operation(c, func(o insuranceapi.Operation) bool { return o.Name == "" })
}

func operationCode(c insuranceapi.Case, _ Facts) []hit {
	return operation(c, func(o insuranceapi.Operation) bool { return o.Code == "" })
}

func operationComplication(c insuranceapi.Case, _ Facts) []hit {
	return operation(c, func(o insuranceapi.Operation) bool { return o.Complication != "" && !Complicated(c) })
}

func unnamed(s insuranceapi.Staff) bool { return s.Name == "" || !wellFormed(s.PIN) }

func doctor(c insuranceapi.Case, _ Facts) []hit { return when(unnamed(c.Doctor)) }
func head(c insuranceapi.Case, _ Facts) []hit   { return when(unnamed(c.HeadOfDepartment)) }

func samePerson(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Doctor.PIN != "" && c.Doctor.PIN == c.HeadOfDepartment.PIN)
}

func ownPatient(c insuranceapi.Case, _ Facts) []hit {
	return when(c.Doctor.PIN != "" && c.Doctor.PIN == c.Patient.PIN)
}
