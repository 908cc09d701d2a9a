// Package contract is the exchange's list of what is exchanged: every endpoint
// of every system's contract, its structs, and who may call it. The rights of a
// new installation and the OpenAPI descriptions are made from it; nothing that
// is not here is reachable until an operator adds a right.
package contract

import (
	"reflect"
	"slices"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/insurance/insuranceapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/payment/paymentapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/portal/portalapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Endpoint is one thing that can be asked of a system. All are POSTs of JSON:
// what names a person stands in the body, never in an address.
type Endpoint struct {
	Provider exchangeapi.Subsystem
	Service  string
	Path     string // "" or "/name"
	Summary  string
	In, Out  reflect.Type
	Clients  []exchangeapi.Subsystem // who may call it from the start
}

func endpoint[In, Out any](provider exchangeapi.Subsystem, service, path, summary string, clients ...exchangeapi.Subsystem) Endpoint {
	return Endpoint{provider, service, path, summary, reflect.TypeFor[In](), reflect.TypeFor[Out](), clients}
}

// All is every endpoint.
var All = slices.Concat(own, changes(), operations())

type none = struct{}

// own is what each system offers by its own contract, with the least rights
// that the work needs.
var own = []Endpoint{
	endpoint[populationapi.Query, populationapi.Person](exchangeapi.Population, populationapi.ServicePersons, "/find",
		"A person by ПИН", exchangeapi.Card, exchangeapi.Workforce, exchangeapi.Portal, exchangeapi.Identity),
	endpoint[none, []populationapi.Territory](exchangeapi.Population, populationapi.ServiceTerritories, "/list",
		"The territories of СОАТЕ", exchangeapi.Workforce),

	endpoint[workforceapi.PIN, []workforceapi.Post](exchangeapi.Workforce, workforceapi.ServicePosts, "/of-person",
		"The posts a person holds today", exchangeapi.Card, exchangeapi.Insurance, exchangeapi.Exchange, exchangeapi.Identity, exchangeapi.Portal),
	endpoint[workforceapi.Code, []workforceapi.Post](exchangeapi.Workforce, workforceapi.ServicePosts, "/of-organisation",
		"The posts of an organisation today", exchangeapi.Card, exchangeapi.Insurance),
	endpoint[workforceapi.Code, workforceapi.Organisation](exchangeapi.Workforce, workforceapi.ServiceOrganisations, "/find",
		"One organisation with departments and beds", exchangeapi.Card, exchangeapi.Insurance, exchangeapi.Identity),
	endpoint[none, []workforceapi.Organisation](exchangeapi.Workforce, workforceapi.ServiceOrganisations, "/list",
		"All organisations, without departments", exchangeapi.Card, exchangeapi.Insurance, exchangeapi.Identity),
	endpoint[workforceapi.Code, []workforceapi.Responsible](exchangeapi.Workforce, workforceapi.ServiceResponsible, "/of-organisation",
		"Who answers for roll-out and monitoring in an organisation", exchangeapi.Card),

	endpoint[insuranceapi.Case, insuranceapi.Decision](exchangeapi.Insurance, insuranceapi.ServiceCases, "/submit",
		"Hand over a treated case; the same number and revision again gives the same decision", exchangeapi.Card),
	endpoint[insuranceapi.Case, insuranceapi.Decision](exchangeapi.Insurance, insuranceapi.ServiceCases, "/check",
		"What the fund would say, without any effect", exchangeapi.Card),
	endpoint[insuranceapi.Day, []insuranceapi.Rule](exchangeapi.Insurance, insuranceapi.ServiceRules, "/list",
		"The checks in force on a day", exchangeapi.Card),
	endpoint[insuranceapi.WaysMonth, []insuranceapi.Ways](exchangeapi.Insurance, insuranceapi.ServiceWays, "/of-month",
		"How the cases of a month reached the fund, in counts", exchangeapi.Card),

	endpoint[cardapi.Query, []cardapi.Head](exchangeapi.Card, cardapi.ServiceSummaries, "/list",
		"A person's discharges", exchangeapi.Portal),
	endpoint[cardapi.Query, cardapi.Summary](exchangeapi.Card, cardapi.ServiceSummaries, "/get",
		"One discharge summary of the person", exchangeapi.Portal),
	endpoint[cardapi.Query, cardapi.Record](exchangeapi.Card, cardapi.ServiceRecords, "/find",
		"Where a person's own record is in the FHIR API, for the apps they allow", exchangeapi.Identity),
	endpoint[insuranceapi.Decision, none](exchangeapi.Card, cardapi.ServiceDecisions, "/take",
		"The fund's decision made by hand", exchangeapi.Insurance),
	endpoint[cardapi.Month, []cardapi.FormLine](exchangeapi.Card, cardapi.ServiceForms, "/of-month",
		"The valid forms 066/у of a month, to reconcile it", exchangeapi.Insurance),
	endpoint[cardapi.Referral, cardapi.ReferralState](exchangeapi.Card, cardapi.ServiceReferrals, "/send",
		"Hand over a referral to an organisation that works here; the same id again is the same referral"),
	endpoint[cardapi.ReferralStep, cardapi.ReferralState](exchangeapi.Card, cardapi.ServiceReferrals, "/answer",
		"Tell the sender what became of a referral"),
	endpoint[cardapi.ReferralStep, cardapi.ReferralState](exchangeapi.Card, cardapi.ServiceReferrals, "/withdraw",
		"Take back a referral that has not ended"),
	endpoint[cardapi.ReferralRef, cardapi.ReferralState](exchangeapi.Card, cardapi.ServiceReferrals, "/state",
		"Where a referral stands, for either side"),
	endpoint[cardapi.CapacityQuery, []cardapi.Capacity](exchangeapi.Card, cardapi.ServiceReferrals, "/capacity",
		"Free beds and waiting referrals of an organisation by department"),
	endpoint[cardapi.CardQuery, cardapi.ExchangeCard](exchangeapi.Card, cardapi.ServiceExchangeCards, "/open",
		"The exchange card 113/у, by the code that the woman shows or on her admission", exchangeapi.Card),
	endpoint[cardapi.TearOff, cardapi.CardReceipt](exchangeapi.Card, cardapi.ServiceExchangeCards, "/return",
		"A tear-off of the exchange card, to the clinic it names; the same again changes nothing", exchangeapi.Card),
	endpoint[cardapi.Acknowledgment, none](exchangeapi.Card, cardapi.ServiceExchangeCards, "/acknowledge",
		"The clinic has read a tear-off", exchangeapi.Card),
	endpoint[cardapi.Query, []cardapi.OwnCard](exchangeapi.Card, cardapi.ServiceExchangeCards, "/own",
		"A woman's own exchange cards", exchangeapi.Portal),
	endpoint[cardapi.CardPaperQuery, cardapi.CardPaper](exchangeapi.Card, cardapi.ServiceExchangeCards, "/own-paper",
		"Form 113/у of the woman's own card, as it is printed", exchangeapi.Portal),

	endpoint[cardapi.Hello, cardapi.Welcome](exchangeapi.Card, cardapi.ServiceNodes, "/hello",
		"A hospital's own node of the card begins a contact", exchangeapi.Card),
	endpoint[cardapi.Push, cardapi.Mark](exchangeapi.Card, cardapi.ServiceNodes, "/push",
		"A node hands changes over, in order; the same again changes nothing", exchangeapi.Card),
	endpoint[cardapi.Pull, cardapi.Pulled](exchangeapi.Card, cardapi.ServiceNodes, "/pull",
		"What the centre has changed of what is the node's", exchangeapi.Card),
	endpoint[cardapi.Rows, cardapi.Page](exchangeapi.Card, cardapi.ServiceNodes, "/rows",
		"All that is the node's, for one that begins", exchangeapi.Card),
	endpoint[cardapi.LeaseCall, cardapi.Lease](exchangeapi.Card, cardapi.ServiceNodes, "/lease",
		"Numbers of form 066/у for a node; the same request gives the same range", exchangeapi.Card),

	endpoint[identityapi.Query, identityapi.Contacts](exchangeapi.Identity, identityapi.ServiceContacts, "/find",
		"How a person wants to be reached", exchangeapi.Message),
	endpoint[identityapi.SigningRequest, identityapi.Signing](exchangeapi.Identity, identityapi.ServiceSignatures, "/ask",
		"Have a person sign a document; the same reference asks once", exchangeapi.Portal, exchangeapi.Card),
	endpoint[identityapi.SigningQuery, identityapi.Signing](exchangeapi.Identity, identityapi.ServiceSignatures, "/find",
		"What became of a request to sign", exchangeapi.Portal, exchangeapi.Card),
	endpoint[identityapi.SignatureCheck, identityapi.SignatureVerdict](exchangeapi.Identity, identityapi.ServiceSignatures, "/check",
		"Whether a simple signature is genuine and under the document", exchangeapi.Portal, exchangeapi.Card),
	endpoint[identityapi.Visit, identityapi.Expected](exchangeapi.Identity, identityapi.ServiceTelegram, "/bind",
		"A chat came to the Telegram bot by a person's link", exchangeapi.Message),

	endpoint[messageapi.Message, messageapi.Receipt](exchangeapi.Message, messageapi.ServiceMessages, "/send",
		"Deliver a message to one person", exchangeapi.Identity, exchangeapi.Portal, exchangeapi.Card, exchangeapi.Signature),

	endpoint[paymentapi.Request, paymentapi.Charge](exchangeapi.Payment, paymentapi.ServiceCharges, "/make",
		"Make a charge; the same reference gives the charge there is"), // nobody yet: paid services are to come
	endpoint[paymentapi.Ref, paymentapi.Charge](exchangeapi.Payment, paymentapi.ServiceCharges, "/find",
		"A charge and whether it is paid"),

	endpoint[portalapi.Query, portalapi.Verdict](exchangeapi.Portal, portalapi.ServiceDocuments, "/verify",
		"Whether a document was issued by the portal", exchangeapi.Exchange), // the operator's command verify
	endpoint[portalapi.Holder, []portalapi.Document](exchangeapi.Portal, portalapi.ServiceDocuments, "/of-holder",
		"The documents of the person who asks", exchangeapi.Identity), // the app in the phone
	endpoint[portalapi.Holder, portalapi.Open](exchangeapi.Portal, portalapi.ServiceDocuments, "/open",
		"One of them with its content", exchangeapi.Identity),

	endpoint[signatureapi.Request, signatureapi.Seal](exchangeapi.Signature, signatureapi.ServiceSeals, "/make",
		"Seal a document in the caller's name", exchangeapi.Portal, exchangeapi.Identity),
	endpoint[signatureapi.Seal, signatureapi.Verdict](exchangeapi.Signature, signatureapi.ServiceSeals, "/check",
		"Whether a seal is genuine and fits", exchangeapi.Portal, exchangeapi.Identity),
	endpoint[none, signatureapi.Chain](exchangeapi.Signature, signatureapi.ServiceAuthority, "/chain",
		"Certificates and fresh revocation lists of the certification authority", exchangeapi.Identity, exchangeapi.Portal),
	endpoint[signatureapi.OCSP, signatureapi.OCSP](exchangeapi.Signature, signatureapi.ServiceAuthority, "/ocsp",
		"Whether a certificate is revoked, by RFC 6960", exchangeapi.Identity),
	endpoint[signatureapi.Person, []signatureapi.Certificate](exchangeapi.Signature, signatureapi.ServiceAuthority, "/of-person",
		"A person's certificates", exchangeapi.Identity),
	endpoint[signatureapi.Revocation, none](exchangeapi.Signature, signatureapi.ServiceAuthority, "/revoke",
		"Revoke a person's certificate", exchangeapi.Identity),
	endpoint[signatureapi.Signed, signatureapi.SignedVerdict](exchangeapi.Signature, signatureapi.ServiceAuthority, "/check",
		"Whether a person's signature holds", exchangeapi.Identity, exchangeapi.Portal),
	endpoint[signatureapi.PINRequest, none](exchangeapi.Signature, signatureapi.ServiceCloud, "/pin-code",
		"Mail a new one-time PIN of the cloud signature", exchangeapi.Identity, exchangeapi.Portal),
	endpoint[signatureapi.CloudAuth, signatureapi.CloudToken](exchangeapi.Signature, signatureapi.ServiceCloud, "/auth",
		"Spend a one-time PIN of the cloud signature", exchangeapi.Identity, exchangeapi.Portal),
	endpoint[signatureapi.CloudQuery, signatureapi.CertInfo](exchangeapi.Signature, signatureapi.ServiceCloud, "/cert-info",
		"The certificate of the person who gave the PIN", exchangeapi.Identity, exchangeapi.Portal),
	endpoint[signatureapi.SignRequest, signatureapi.CloudSignature](exchangeapi.Signature, signatureapi.ServiceCloud, "/sign",
		"Sign a hash for the person who gave the PIN", exchangeapi.Identity, exchangeapi.Portal),
	endpoint[signatureapi.Enrolment, signatureapi.CloudState](exchangeapi.Signature, signatureapi.ServiceCloud, "/enrol",
		"Give a person a cloud signature", exchangeapi.Identity),
	endpoint[signatureapi.Person, signatureapi.CloudState](exchangeapi.Signature, signatureapi.ServiceCloud, "/state",
		"Whether a person has a cloud signature", exchangeapi.Identity),
}

// Systems are the subsystems in the order in which pages show them.
var Systems = []exchangeapi.Subsystem{
	exchangeapi.Identity, exchangeapi.Portal, exchangeapi.Card, exchangeapi.Workforce, exchangeapi.Insurance,
	exchangeapi.Exchange, exchangeapi.Payment, exchangeapi.Message, exchangeapi.Signature, exchangeapi.Population,
}

// changes is where those who let people in by their posts are told of a change.
func changes() []Endpoint {
	all := make([]Endpoint, 0, len(workforceapi.Listeners))
	for _, l := range workforceapi.Listeners {
		all = append(all, endpoint[workforceapi.PIN, none](l, workforceapi.ServiceChanges, "/posts",
			"The posts of a person changed: what is remembered of them holds no more", exchangeapi.Workforce))
	}
	return all
}

// operations is what every system offers alike: its queue to the exchange's
// operator, and to the portal who looked at a person's data (PT-16).
func operations() []Endpoint {
	all := make([]Endpoint, 0, 5*len(Systems))
	for _, s := range Systems {
		all = append(all,
			endpoint[none, exchangeapi.QueueState](s, exchangeapi.ServiceOperations, "/counts", "The queue at a glance", exchangeapi.Exchange),
			endpoint[exchangeapi.JobQuery, []exchangeapi.JobView](s, exchangeapi.ServiceOperations, "/jobs", "Jobs by state", exchangeapi.Exchange),
			endpoint[exchangeapi.JobRef, exchangeapi.JobView](s, exchangeapi.ServiceOperations, "/job", "One job", exchangeapi.Exchange),
			endpoint[exchangeapi.JobRef, none](s, exchangeapi.ServiceOperations, "/retry", "Make a job due now", exchangeapi.Exchange),
			endpoint[exchangeapi.AccessQuery, []audit.Record](s, exchangeapi.ServiceAccesses, "", "Who looked at a person's data", exchangeapi.Portal),
		)
	}
	return all
}

// Services lists the service codes of a provider, in order.
func Services(provider exchangeapi.Subsystem) []string {
	var codes []string
	for _, e := range All {
		if e.Provider == provider && !slices.Contains(codes, e.Service) {
			codes = append(codes, e.Service)
		}
	}
	return codes
}

// Of lists the endpoints of a service; none when there is no such service.
func Of(provider exchangeapi.Subsystem, service string) []Endpoint {
	var found []Endpoint
	for _, e := range All {
		if e.Provider == provider && e.Service == service {
			found = append(found, e)
		}
	}
	return found
}

// Known says whether the exchange has the subsystem as a member's.
func Known(s exchangeapi.Subsystem) bool { return slices.Contains(Systems, s) }
