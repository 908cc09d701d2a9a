// Package population stands for the state population register in demos and
// tests: persons by ПИН, their documents and addresses. Production points the
// exchange to the real register, which then answers under the same contract
// (populationapi) and this package does not run.
//
//	ПИН        жеке идентификациялык номер  personal number, 14 digits
//	СОАТЕ      классификатор территорий     the list of territories
//
// Tables: person, territory. Routes: / (what this is), /exchange/persons/find.
// Every look-up, also one that finds nobody, leaves an access record.
package population
