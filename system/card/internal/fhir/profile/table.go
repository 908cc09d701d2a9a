package profile

import "slices"

const (
	sid   = Canonical + "/sid/"
	ours  = Canonical + "/CodeSystem/"
	icd10 = "http://hl7.org/fhir/sid/icd-10"
	loinc = "http://loinc.org"
)

// numbered are the elements of a slice of identifiers of one system.
func numbered(of, name string, length int, says ...say) []Element {
	at := of + ".identifier:" + name
	value := []say{must()}
	if length > 0 {
		value = append(value, long(length))
	}
	return []Element{
		el(at, append([]say{most("1")}, says...)...),
		el(at+".system", must(), uri(sid+name)),
		el(at+".value", value...),
	}
}

// staged are the elements of a concept that tells the stage and the rank of a
// diagnosis.
func staged(at string) []Element {
	return []Element{
		el(at+".coding", sliced("value", "system")),
		el(at+".coding:stage", one(), short("Стадия: при направлении, при поступлении, клинический, заключительный")),
		el(at+".coding:stage.system", must(), uri(ours+"diagnosis-stage")),
		el(at+".coding:stage.code", must(), from("diagnosis-stage")),
		el(at+".coding:rank", one(), short("Основной, осложнение, сопутствующий")),
		el(at+".coding:rank.system", must(), uri(ours+"diagnosis-rank")),
		el(at+".coding:rank.code", must(), from("diagnosis-rank")),
	}
}

// coded is a concept of ICD-10.
func coded(at string) []Element {
	return []Element{
		el(at+".coding", one()),
		el(at+".coding.system", must(), uri(icd10)),
		el(at+".coding.code", must()),
		el(at+".text", known(), short("Диагноз словами врача")),
	}
}

func ofStay(of string) []Element {
	return []Element{el(of+".subject", must(), to("patient")), el(of+".encounter", must(), to("stay"))}
}

// profiles are those of the types that the card makes itself. Elements stand in
// the order of R4.
func profiles() []StructureDefinition {
	all := []StructureDefinition{
		define("patient", "Patient", "Пациент", "A patient of the card. Who came unknown has neither ПИН nor a name (data-absent-reason).",
			[]Element{el("Patient.identifier", sliced("value", "system"))},
			numbered("Patient", "pin", 14, short("ПИН, 14 цифр")), numbered("Patient", "passport", 0), numbered("Patient", "policy", 0, short("Полис ОМС")),
			[]Element{
				el("Patient.active", must(), short("false: карта объединена с другой")),
				el("Patient.name", one()),
				el("Patient.gender", known()),
				el("Patient.birthDate", known()),
				el("Patient.address", most("1")),
				el("Patient.address.extension", sliced("value", "url")),
				el("Patient.address.extension:region", extended("region")),
				el("Patient.address.country", must(), words("KG")),
				el("Patient.managingOrganization", must(), to("organisation")),
			}),
		define("stay", "Encounter", "Госпитализация", "A stay in a hospital, from the reception to the discharge.",
			[]Element{
				el("Encounter.identifier", most("1"), short("Номер формы 066/у, после выписки")),
				el("Encounter.identifier.system", must(), uri(sid+"form066")),
				el("Encounter.identifier.value", must(), long(17)),
				el("Encounter.class", coding(hl7+"v3-ActCode", "IMP")),
				el("Encounter.priority", must(), from("stay-priority")),
				el("Encounter.subject", must(), to("patient")),
				el("Encounter.participant.type", must(), concept(hl7+"v3-ParticipationType", "ATND")),
				el("Encounter.participant.individual", must(), to("Practitioner")),
				el("Encounter.period", must()),
				el("Encounter.period.start", must()),
				el("Encounter.diagnosis.condition", to("diagnosis")),
				el("Encounter.diagnosis.use", must()),
			}, staged("Encounter.diagnosis.use"), []Element{
				el("Encounter.diagnosis.rank", must()),
				el("Encounter.hospitalization.extension", sliced("value", "url")),
				el("Encounter.hospitalization.extension:result", extended("hospitalization-result")),
				el("Encounter.hospitalization.admitSource", from("brought-by")),
				el("Encounter.hospitalization.dischargeDisposition", from("hospitalization-outcome")),
				el("Encounter.location.location", to("ward", "bed")),
				el("Encounter.location.status", must()),
				el("Encounter.location.period", must()),
				el("Encounter.serviceProvider", must(), to("organisation")),
				el("Encounter.partOf", most("0")),
			}),
		define("department-time", "Encounter", "Движение по отделениям", "The time of a stay that was spent in one department.",
			[]Element{
				el("Encounter.class", coding(hl7+"v3-ActCode", "IMP")),
				el("Encounter.subject", must(), to("patient")),
				el("Encounter.period", must()),
				el("Encounter.period.start", must()),
				el("Encounter.diagnosis", most("0")),
				el("Encounter.location", must()),
				el("Encounter.location.location", to("ward", "bed")),
				el("Encounter.location.status", must()),
				el("Encounter.location.period", must()),
				el("Encounter.serviceProvider", must(), to("organisation")),
				el("Encounter.partOf", must(), to("stay")),
			}),
		define("diagnosis", "Condition", "Диагноз", "A diagnosis of a stay at its stage.",
			[]Element{
				el("Condition.clinicalStatus", must()),
				el("Condition.verificationStatus", must(), short("Предварительный, подтверждён, снят (refuted)")),
				el("Condition.category", least(2), sliced("pattern", "$this")),
				el("Condition.category:encounter", one(), concept(hl7+"condition-category", "encounter-diagnosis")),
				el("Condition.category:stage", one(), concept(ours+"diagnosis-stage", "")),
			}, staged("Condition.category:stage"), []Element{el("Condition.code", must())}, coded("Condition.code"), ofStay("Condition"), []Element{
				el("Condition.recordedDate", must()),
				el("Condition.recorder", to("Practitioner")),
			}),
		define("operation", "Procedure", "Операция", "An operation, its newest signed version.",
			[]Element{
				el("Procedure.extension", sliced("value", "url")),
				el("Procedure.extension:anaesthesia", extended("anaesthesia")),
				el("Procedure.status", code("completed")),
				el("Procedure.code", must()),
				el("Procedure.code.text", must()),
			}, ofStay("Procedure"), []Element{
				el("Procedure.performed[x]", must(), typed("dateTime")),
				el("Procedure.performer", most("1")),
				el("Procedure.performer.actor", to("Practitioner")),
				el("Procedure.bodySite", most("1"), from("body-side"), short("Сторона тела; нет, если не указана или орган не парный")),
				el("Procedure.note", most("1"), short("Протокол операции")),
			}),
	}
	return slices.Concat(all, papers(), referrals(), rights(), places())
}

// papers are what is written and handed on.
func papers() []StructureDefinition {
	return []StructureDefinition{
		define("treated-case", "Claim", "Пролеченный случай (форма 066/у)", "A treated case as it was handed to the fund, one resource a revision.",
			[]Element{
				el("Claim.identifier", one(), short("Номер формы 066/у, 17 цифр")),
				el("Claim.identifier.system", must(), uri(sid+"form066")),
				el("Claim.identifier.value", must(), long(17)),
				el("Claim.type", concept(hl7+"claim-type", "institutional")),
				el("Claim.use", code("claim")),
				el("Claim.patient", to("patient")),
				el("Claim.billablePeriod", must()),
				el("Claim.billablePeriod.start", must()),
				el("Claim.billablePeriod.end", must()),
				el("Claim.insurer", to("organisation")),
				el("Claim.provider", to("organisation")),
				el("Claim.priority", concept(hl7+"processpriority", "normal")),
				el("Claim.careTeam.role", must()),
				el("Claim.diagnosis", must()),
				el("Claim.diagnosis.diagnosis[x]", typed("CodeableConcept")),
			}, coded("Claim.diagnosis.diagnosis[x]"), []Element{
				el("Claim.diagnosis.type", must(), sliced("pattern", "$this")),
				el("Claim.diagnosis.type:stage", one(), concept(ours+"diagnosis-stage", "")),
			}, staged("Claim.diagnosis.type:stage"), []Element{
				el("Claim.procedure.procedure[x]", typed("CodeableConcept")),
				el("Claim.insurance", most("1")),
				el("Claim.insurance.focal", flag(true)),
				el("Claim.item", one()),
				el("Claim.item.productOrService", concept(ours+"claim-item", "treated-case")),
				el("Claim.item.serviced[x]", typed("Period")),
				el("Claim.item.encounter", one(), to("stay")),
			}),
		define("fund-decision", "ClaimResponse", "Решение фонда", "What the fund decided of a treated case: accepted with its price, or returned with findings.",
			[]Element{
				el("ClaimResponse.identifier", must(), sliced("value", "system")),
			}, numbered("ClaimResponse", "form066", 17, must()), numbered("ClaimResponse", "fund-case", 0), []Element{
				el("ClaimResponse.type", concept(hl7+"claim-type", "institutional")),
				el("ClaimResponse.use", code("claim")),
				el("ClaimResponse.patient", to("patient")),
				el("ClaimResponse.insurer", to("organisation")),
				el("ClaimResponse.requestor", must(), to("organisation")),
				el("ClaimResponse.request", must(), to("treated-case")),
				el("ClaimResponse.item", most("1")),
				el("ClaimResponse.total", most("1")),
				el("ClaimResponse.total.amount.currency", must(), code("KGS")),
				el("ClaimResponse.error.extension", sliced("value", "url")),
				el("ClaimResponse.error.extension:field", extended("finding-field")),
				el("ClaimResponse.error.code.coding", one()),
				el("ClaimResponse.error.code.coding.system", must(), uri(ours+"fund-rule")),
				el("ClaimResponse.error.code.text", must()),
			}),
		define("stay-document", "Composition", "Документ госпитализации", "The case history (form 003/у) or the discharge epicrisis of a stay.",
			[]Element{el("Composition.type", from("stay-document"))}, ofStay("Composition"), []Element{
				el("Composition.author", most("1")),
				el("Composition.custodian", must(), to("organisation")),
				el("Composition.section", known(), short("Нет, пока ничего не записано")),
				el("Composition.section.title", must()),
				el("Composition.section.text", must()),
			}),
		define("exchange-card", "Composition", "Обменная карта (форма 113/у)", "The exchange card of a pregnancy, with the birth once the maternity hospital has returned its tear-off.",
			[]Element{
				el("Composition.identifier", must(), short("Номер обменной карты")),
				el("Composition.identifier.system", must()),
				el("Composition.identifier.value", must()),
				el("Composition.status", from("exchange-card-state"), short("preliminary: беременность ещё наблюдается")),
				el("Composition.type", concept(loinc, "57055-6")),
				el("Composition.subject", must(), to("patient")),
				el("Composition.encounter", most("0")),
				el("Composition.author", most("1")),
				el("Composition.custodian", must(), to("organisation")),
				el("Composition.section", must()),
				el("Composition.section.title", must()),
				el("Composition.section.code", must(), from("exchange-card-section")),
				el("Composition.section.text", must()),
			}),
		define("exchange-card-reference", "DocumentReference", "Где взять обменную карту", "Leads to the exchange card of a pregnancy.",
			[]Element{
				el("DocumentReference.status", code("current")),
				el("DocumentReference.docStatus", must(), from("exchange-card-state")),
				el("DocumentReference.type", must(), concept(loinc, "57055-6")),
				el("DocumentReference.subject", must(), to("patient")),
				el("DocumentReference.date", must()),
				el("DocumentReference.custodian", must(), to("organisation")),
				el("DocumentReference.content", most("1")),
				el("DocumentReference.content.attachment.contentType", must(), code("application/fhir+json")),
				el("DocumentReference.content.attachment.url", must()),
				el("DocumentReference.context", most("0")),
			}),
		define("document-reference", "DocumentReference", "Где взять документ", "Leads to a document of a stay.",
			[]Element{
				el("DocumentReference.status", code("current")),
				el("DocumentReference.docStatus", must()),
				el("DocumentReference.type", must(), from("stay-document")),
				el("DocumentReference.subject", must(), to("patient")),
				el("DocumentReference.date", must()),
				el("DocumentReference.custodian", must(), to("organisation")),
				el("DocumentReference.content", most("1")),
				el("DocumentReference.content.attachment.contentType", must(), code("application/fhir+json")),
				el("DocumentReference.content.attachment.url", must()),
				el("DocumentReference.context", must()),
				el("DocumentReference.context.encounter", one(), to("stay")),
				el("DocumentReference.context.period", must()),
			}),
		define("request", "ServiceRequest", "Направление на исследование", "A test, a picture, a consultation or a procedure that a doctor asked for.",
			[]Element{
				el("ServiceRequest.intent", code("order")),
				el("ServiceRequest.category", one(), from("request")),
				el("ServiceRequest.priority", must()),
				el("ServiceRequest.code", must()),
				el("ServiceRequest.code.text", must()),
			}, ofStay("ServiceRequest"), []Element{
				el("ServiceRequest.occurrence[x]", must(), typed("dateTime")),
				el("ServiceRequest.authoredOn", must()),
				el("ServiceRequest.requester", to("Practitioner")),
				el("ServiceRequest.reasonCode", most("1"), short("Что спрашивает врач")),
			}),
		define("medicine", "MedicationRequest", "Назначение лекарства", "A medicine that a doctor ordered for a stay.",
			[]Element{
				el("MedicationRequest.intent", code("order")),
				el("MedicationRequest.category", one(), concept(hl7+"medicationrequest-category", "inpatient")),
				el("MedicationRequest.medication[x]", typed("CodeableConcept")),
				el("MedicationRequest.medication[x].text", must()),
			}, ofStay("MedicationRequest"), []Element{
				el("MedicationRequest.authoredOn", must()),
				el("MedicationRequest.requester", to("Practitioner")),
				el("MedicationRequest.dosageInstruction", one()),
				el("MedicationRequest.dosageInstruction.timing", must()),
			}),
		define("laboratory-result", "Observation", "Результат лаборатории", "What the laboratory found, a component a value.",
			[]Element{
				el("Observation.category", one(), concept(hl7+"observation-category", "laboratory")),
				el("Observation.code.text", must()),
			}, ofStay("Observation"), []Element{
				el("Observation.effective[x]", must(), typed("dateTime")),
				el("Observation.performer", to("Practitioner")),
				el("Observation.component.code.text", must()),
			}),
		define("answer", "DiagnosticReport", "Заключение", "The answer to a request: of the laboratory, of imaging, of a consultant.",
			[]Element{
				el("DiagnosticReport.basedOn", one(), to("request")),
				el("DiagnosticReport.category", one()),
			}, ofStay("DiagnosticReport"), []Element{
				el("DiagnosticReport.effective[x]", must(), typed("dateTime")),
				el("DiagnosticReport.issued", must()),
				el("DiagnosticReport.performer", to("Practitioner")),
				el("DiagnosticReport.result", most("1"), to("laboratory-result")),
				el("DiagnosticReport.conclusion", known()),
			}),
	}
}

// rights are what a patient agreed to and is insured by.
func rights() []StructureDefinition {
	return []StructureDefinition{
		define("consent", "Consent", "Согласие", "What a patient agreed to, or refused (provision deny).",
			[]Element{
				el("Consent.scope", from("consent-scope")),
				el("Consent.category", one(), from("consent-kind")),
				el("Consent.category.text", known(), short("На что именно: операция, процедура")),
				el("Consent.patient", must(), to("patient")),
				el("Consent.dateTime", must()),
				el("Consent.performer", one(), to("patient", "RelatedPerson"), short("Кто подписал: сам пациент или его представитель")),
				el("Consent.policyRule", must()),
				el("Consent.policyRule.text", must()),
				el("Consent.provision", must()),
				el("Consent.provision.type", must()),
			}),
		define("coverage", "Coverage", "Обязательное медицинское страхование", "That a patient is insured with the fund, or is exempt from co-payment.",
			[]Element{
				el("Coverage.status", code("active")),
				el("Coverage.type", must(), concept(hl7+"v3-ActCode", "PUBLICPOL")),
				el("Coverage.subscriberId", known(), short("Номер полиса ОМС")),
				el("Coverage.beneficiary", to("patient")),
				el("Coverage.payor", most("1"), to("organisation")),
				el("Coverage.class", most("1"), short("Категория соплатежа")),
				el("Coverage.class.type", concept(hl7+"coverage-class", "class")),
			}),
	}
}

// places are organisations and where patients lie.
func places() []StructureDefinition {
	return []StructureDefinition{
		define("organisation", "Organization", "Организация", "An organisation of health care, or the fund, from НИСУР.",
			[]Element{el("Organization.identifier", must(), sliced("value", "system"))},
			numbered("Organization", "organisation", 6, must(), short("Код НИСУР")), numbered("Organization", "inn", 14),
			[]Element{
				el("Organization.active", must()),
				el("Organization.type", one()),
				el("Organization.name", must()),
			}),
		define("ward", "Location", "Отделение", "A department as a place.",
			[]Element{
				el("Location.identifier", one()),
				el("Location.identifier.system", must(), uri(sid+"department")),
				el("Location.identifier.value", must()),
				el("Location.name", must()),
				el("Location.mode", must(), code("instance")),
				el("Location.type", one(), concept(hl7+"v3-RoleCode", "HU")),
				el("Location.physicalType", must(), concept(hl7+"location-physical-type", "wa")),
				el("Location.managingOrganization", must(), to("organisation")),
				el("Location.partOf", most("0")),
			}),
		define("bed", "Location", "Койка", "A bed of a department.",
			[]Element{
				el("Location.identifier", one()),
				el("Location.identifier.system", must(), uri(sid+"bed")),
				el("Location.identifier.value", must()),
				el("Location.operationalStatus", must(), from("bed-state")),
				el("Location.mode", must(), code("instance")),
				el("Location.physicalType", must(), concept(hl7+"location-physical-type", "bd")),
				el("Location.managingOrganization", must(), to("organisation")),
				el("Location.partOf", must(), to("ward")),
			}),
	}
}

// extensions are what R4 has no member for.
func extensions() []StructureDefinition {
	return []StructureDefinition{
		extension("region", "СОАТЕ", "The place's code of СОАТЕ, 14 digits.", "Address", "code"),
		extension("hospitalization-result", "Результат лечения", "What became of the illness.", "Encounter.hospitalization", "code", from("hospitalization-result")),
		extension("anaesthesia", "Анестезия", "How the patient was anaesthetised.", "Procedure", "string"),
		extension("finding-field", "Поле замечания", "The field of form 066/у that the fund's finding is about.", "ClaimResponse.error", "string"),
	}
}
