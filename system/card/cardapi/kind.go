package cardapi

// FHIRKinds are the types of resources that the FHIR API of the card offers, as its
// CapabilityStatement names them: ЕСИ grants scopes of these alone.
var FHIRKinds = []string{
	"Account", "AdverseEvent", "AllergyIntolerance", "Appointment", "AppointmentResponse", "AuditEvent", "Basic", "BodyStructure", "CarePlan",
	"CareTeam", "Claim", "ClaimResponse", "ClinicalImpression", "CodeSystem", "Communication", "CommunicationRequest", "Composition", "ConceptMap",
	"Condition", "Consent", "Coverage", "DetectedIssue", "Device", "DeviceRequest", "DeviceUseStatement", "DiagnosticReport", "DocumentReference",
	"Encounter", "EpisodeOfCare", "ExplanationOfBenefit", "FamilyMemberHistory", "Flag", "Goal", "Group", "HealthcareService", "ImagingStudy",
	"Immunization", "List", "Location", "Media", "Medication", "MedicationAdministration", "MedicationDispense", "MedicationRequest",
	"MedicationStatement", "NutritionOrder", "Observation", "Organization", "Patient", "Practitioner", "PractitionerRole", "Procedure", "Provenance",
	"Questionnaire", "QuestionnaireResponse", "RelatedPerson", "RiskAssessment", "Schedule", "ServiceRequest", "Slot", "Specimen",
	"StructureDefinition", "Task", "ValueSet", "VisionPrescription",
}

// FHIRReadOnly are those of FHIRKinds that nobody writes.
var FHIRReadOnly = []string{"AuditEvent", "CodeSystem", "StructureDefinition"}
