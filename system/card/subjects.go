package card

import "github.com/sanarip/sanarip/system/card/internal/fhir"

// mountSubjects mounts the pages, jobs and services of every subject. One line
// a subject; its words are in text/, its tables in migration/.
func (s *System) mountSubjects() {
	fhir.Mount(s.desk, s.env)
}
