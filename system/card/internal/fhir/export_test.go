package fhir

// Mounted are the operations that neighbouring rooms have offered.
func (a *API) Mounted() []Operation { return a.operations }
