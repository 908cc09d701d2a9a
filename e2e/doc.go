// Package e2e holds journeys of a citizen, a doctor, an expert and an operator
// in a real browser against the running program, with accessibility checks on
// every page they meet, and runs of independent clients (openid-client, FHIR
// validators). They run under SANARIP_TEST_E2E=1, as `make test` sets it; a failed
// journey leaves a picture of the page in e2e/artifacts/, and with
// SANARIP_TEST_PICTURES=1 every journey leaves one of each page it looks at.
package e2e
