package card

import (
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/ward"
)

// mountSubjects mounts the pages, jobs and services of every subject. One line
// a subject; its words are in text/, its tables in migration/.
func (s *System) mountSubjects() {
	patient.Mount(s.desk)
	reception.Mount(s.desk)
	ward.Mount(s.desk)
	fhir.Mount(s.desk, s.env)
}
