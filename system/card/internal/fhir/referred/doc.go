// Package referred makes FHIR R4 resources of referrals between organisations,
// forms 057/у and 028/у: ServiceRequest is what is asked, Task how far it has
// come, DocumentReference a result that was attached, Provenance a step that
// somebody made. What is done with one through the API is done by the use cases of
// the card's pages (answer.go).
//
// Who reads is the law of package referral: the sender, the receiver and who sent
// it on to them; an attached result the organisation whose record it is, and the
// receiver while the referral is open or the stay that came of it lasts.
package referred

import (
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/datatype"
)

// Offers are the types of this room.
func Offers() []fhir.Offer { return []fhir.Offer{serviceRequests, tasks, results, traces} }

const (
	loinc  = "http://loinc.org"
	status = "http://hl7.org/fhir/"

	codeForm    = datatype.Canonical + "/CodeSystem/referral-form"    // 057, 028
	codePurpose = datatype.Canonical + "/CodeSystem/referral-purpose" // hospitalisation, consultation, examination
	codeState   = datatype.Canonical + "/CodeSystem/referral-state"   // of package referral
	codeOutput  = datatype.Canonical + "/CodeSystem/referral-output"  // appointment, conclusion, stay
)

// own keeps those of R4's parameters of the type that the names are.
func own(kind string, sorted []string, names ...string) map[string]fhir.Param {
	all := map[string]fhir.Param{}
	for name, p := range fhir.Params(kind) {
		for _, one := range names {
			if name == one {
				all[name] = p
			}
		}
		for _, one := range sorted {
			if name == one {
				p.Sorts = true
				all[name] = p
			}
		}
	}
	return all
}
