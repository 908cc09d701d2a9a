package rule

import "github.com/sanarip/sanarip/system/insurance/insuranceapi"

// check is what a rule looks at: the fields of the case, what the fund knows
// beside it (none for most), and the function.
type check struct {
	reads []string
	fund  []string
	run   func(c insuranceapi.Case, f Facts) []hit
}

// What the fund knows beside the case.
const (
	FromTable  = "table"  // the table of rates on the day of discharge
	FromOthers = "others" // other accepted cases of the person
	FromTwice  = "twice"  // the same form by the other way
	FromICD    = "icd"    // ICD-10 on the day, which the card has too

	FromProcedures = "procedures" // the table of operations on the day, which the card has too
)

// checks are the functions by rule.
var checks = map[string]check{
	"NUM-001": {[]string{"number"}, nil, numberForm},
	"NUM-002": {[]string{"number", "organisation"}, nil, numberOrganisation},
	"NUM-003": {[]string{"number", "department"}, nil, numberDepartment},
	"NUM-004": {[]string{"number", "discharged_at"}, nil, numberYear},
	"NUM-005": {[]string{"number"}, nil, numberSequence},
	"ORG-001": {[]string{"organisation"}, nil, organisationCode},
	"ORG-002": {[]string{"department"}, nil, departmentCode},
	"DAT-001": {[]string{"admitted_at"}, nil, admitted},
	"DAT-002": {[]string{"discharged_at"}, nil, discharged},
	"DAT-003": {[]string{"admitted_at", "discharged_at"}, nil, order},
	"DAT-004": {[]string{"discharged_at"}, nil, future},
	"DAT-005": {[]string{"admitted_at", "discharged_at"}, nil, tooLong},
	"DAT-006": {[]string{"patient.birth_date", "admitted_at"}, nil, bornAfter},
	"DAT-007": {[]string{"patient.birth_date", "admitted_at"}, nil, tooOld},
	"BED-001": {[]string{"bed_days", "admitted_at", "discharged_at"}, nil, bedDays},
	"BED-002": {[]string{"bed_days", "moves.from", "moves.until"}, nil, bedDaysOfMoves},
	"MOV-001": {[]string{"moves.department"}, nil, someMove},
	"MOV-002": {[]string{"admitted_at", "discharged_at", "moves.from", "moves.until"}, nil, movesSpan},
	"MOV-003": {[]string{"moves.department", "moves.from", "moves.until"}, nil, movesJoin},
	"MOV-004": {[]string{"department", "moves.department"}, nil, lastMove},
	"DGN-001": {[]string{"diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, nil, oneMain},
	"DGN-002": {[]string{"diagnoses.code"}, nil, codeForm},
	"DGN-003": {[]string{"diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, nil, symptom},
	"DGN-004": {[]string{"diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, nil, contact},
	"DGN-005": {[]string{"diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, nil, externalMain},
	"DGN-006": {[]string{"diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, nil, externalMissing},
	"DGN-007": {[]string{"patient.sex", "diagnoses.code"}, nil, womenOnly},
	"DGN-008": {[]string{"patient.sex", "diagnoses.code"}, nil, menOnly},
	"DGN-009": {[]string{"patient.birth_date", "admitted_at", "diagnoses.stage", "diagnoses.code"}, nil, perinatalLate},
	"DGN-010": {[]string{"patient.birth_date", "admitted_at", "diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, nil, perinatalAdult},
	"DGN-011": {[]string{"patient.birth_date", "admitted_at", "diagnoses.stage", "diagnoses.code"}, nil, pregnancyAge},
	"DGN-012": {[]string{"diagnoses.stage", "diagnoses.code"}, nil, codeTwice},
	"DGN-013": {[]string{"diagnoses.stage"}, nil, admissionDiagnosis},
	"DGN-014": {[]string{"outcome", "diagnoses.stage", "diagnoses.rank"}, nil, postmortemMissing},
	"DGN-015": {[]string{"outcome", "diagnoses.stage"}, nil, postmortemAlive},
	"DGN-016": {[]string{"diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, nil, stageAndRank},
	"DGN-017": {[]string{"admitted_at", "discharged_at", "diagnoses.stage", "diagnoses.code"}, []string{FromICD}, unlisted},
	"PIN-001": {[]string{"patient.pin"}, nil, pinForm},
	"PIN-002": {[]string{"patient.pin", "patient.sex"}, nil, pinSex},
	"PIN-003": {[]string{"patient.pin", "patient.birth_date"}, nil, pinBirth},
	"PIN-004": {[]string{"patient.pin"}, nil, pinMissing},
	"PAT-001": {[]string{"patient.name"}, nil, patientName},
	"PAT-002": {[]string{"patient.sex"}, nil, patientSex},
	"PAT-003": {[]string{"patient.birth_date"}, nil, patientBirth},
	"PAT-004": {[]string{"patient.region"}, nil, patientRegion},
	"INS-001": {[]string{"patient.insured", "patient.policy"}, nil, policy},
	"INS-002": {[]string{"patient.category"}, []string{FromTable}, category},
	"ADM-001": {[]string{"admission"}, nil, admission},
	"ADM-002": {[]string{"admission", "hours_since_onset"}, nil, onset},
	"ADM-003": {[]string{"hours_since_onset"}, nil, onsetRange},
	"ADM-004": {[]string{"admission", "referrer"}, nil, referrer},
	"OUT-001": {[]string{"outcome"}, nil, outcome},
	"OUT-002": {[]string{"outcome", "result"}, nil, resultMissing},
	"OUT-003": {[]string{"outcome", "result"}, nil, resultOfDead},
	"OPR-001": {[]string{"admitted_at", "discharged_at", "operations.at"}, nil, operationInside},
	"OPR-002": {[]string{"operations.at", "operations.anaesthesia"}, nil, operationAnaesthesia},
	"OPR-003": {[]string{"operations.at", "operations.name"}, nil, operationName},
	"OPR-004": {[]string{"operations.at", "operations.code"}, nil, operationCode},
	"OPR-005": {[]string{"operations.at", "operations.complication", "diagnoses.stage", "diagnoses.rank"}, nil, operationComplication},
	"OPR-006": {[]string{"operations.at", "operations.code"}, []string{FromProcedures}, unlistedOperations},
	"STF-001": {[]string{"doctor.pin", "doctor.name"}, nil, doctor},
	"STF-002": {[]string{"head_of_department.pin", "head_of_department.name"}, nil, head},
	"STF-003": {[]string{"doctor.pin", "head_of_department.pin"}, nil, samePerson},
	"STF-004": {[]string{"doctor.pin", "patient.pin"}, nil, ownPatient},
	"DUP-001": {[]string{"admitted_at", "discharged_at"}, []string{FromOthers}, overlap},
	"DUP-002": {[]string{"admitted_at", "discharged_at", "diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, []string{FromOthers}, soonAgain},
	"DUP-003": {[]string{"number"}, []string{FromTwice}, twice},
	"PRC-001": {[]string{"discharged_at"}, []string{FromTable}, noTable},
	"PRC-002": {[]string{"diagnoses.stage", "diagnoses.rank", "diagnoses.code"}, []string{FromTable}, noGroup},
}
