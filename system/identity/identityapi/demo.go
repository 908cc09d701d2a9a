package identityapi

// The demo's clients of ЕСИ that are machines and have secrets of their own
// installation.
const (
	FHIRReader = "fhir-reader"
	FHIRWriter = "fhir-writer"
)

// DemoMachines are all of them.
var DemoMachines = []string{FHIRReader, FHIRWriter}
