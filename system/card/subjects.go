package card

import (
	"slices"

	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/antenatal"
	"github.com/sanarip/sanarip/system/card/internal/consent"
	"github.com/sanarip/sanarip/system/card/internal/diagnosis"
	"github.com/sanarip/sanarip/system/card/internal/discharge"
	"github.com/sanarip/sanarip/system/card/internal/epicrisis"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
	"github.com/sanarip/sanarip/system/card/internal/fhir"
	"github.com/sanarip/sanarip/system/card/internal/fhir/bulk"
	"github.com/sanarip/sanarip/system/card/internal/fhir/clinical"
	"github.com/sanarip/sanarip/system/card/internal/fhir/document"
	"github.com/sanarip/sanarip/system/card/internal/fhir/gather"
	"github.com/sanarip/sanarip/system/card/internal/fhir/outside"
	"github.com/sanarip/sanarip/system/card/internal/fhir/referred"
	"github.com/sanarip/sanarip/system/card/internal/fhir/terminology"
	"github.com/sanarip/sanarip/system/card/internal/formregister"
	"github.com/sanarip/sanarip/system/card/internal/handover"
	"github.com/sanarip/sanarip/system/card/internal/history"
	"github.com/sanarip/sanarip/system/card/internal/journal"
	"github.com/sanarip/sanarip/system/card/internal/maternity"
	"github.com/sanarip/sanarip/system/card/internal/merge"
	"github.com/sanarip/sanarip/system/card/internal/monitor"
	"github.com/sanarip/sanarip/system/card/internal/newborn"
	"github.com/sanarip/sanarip/system/card/internal/observation"
	"github.com/sanarip/sanarip/system/card/internal/operation"
	"github.com/sanarip/sanarip/system/card/internal/order"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/printout"
	"github.com/sanarip/sanarip/system/card/internal/reception"
	"github.com/sanarip/sanarip/system/card/internal/referral"
	"github.com/sanarip/sanarip/system/card/internal/request"
	"github.com/sanarip/sanarip/system/card/internal/rollout"
	"github.com/sanarip/sanarip/system/card/internal/round"
	"github.com/sanarip/sanarip/system/card/internal/summary"
	"github.com/sanarip/sanarip/system/card/internal/template"
	"github.com/sanarip/sanarip/system/card/internal/ward"
)

// mountSubjects mounts the pages, jobs and services of every subject. One line
// a subject; its words are in text/, its tables in migration/.
func (s *System) mountSubjects() {
	patient.Mount(s.desk, merge.Panel(s.desk), newborn.Panel(s.desk), referral.Panel(s.desk), journal.Panel(s.desk), antenatal.Panel(s.desk), outside.Panel(s.desk))
	outside.Mount(s.desk)
	journal.Mount(s.desk)
	merge.Mount(s.desk)
	newborn.Mount(s.desk)
	reception.Mount(s.desk, referral.Drawer{Desk: s.desk})
	referral.Mount(s.desk, s.provider, s.env.Sites["message"])
	ward.Mount(s.desk, referral.Drawer{Desk: s.desk})
	history.Mount(s.desk)
	epicrisis.Mount(s.desk)
	template.Mount(s.desk, history.Kinds)
	order.Mount(s.desk)
	printout.Mount(s.desk)
	request.Mount(s.desk)
	round.Mount(s.desk)
	observation.Mount(s.desk)
	operation.Mount(s.desk)
	consent.Mount(s.desk)
	diagnosis.Mount(s.desk)
	discharge.Mount(s.desk, s.env.Sites["portal"]+"/services/discharge-summary")
	formregister.Mount(s.desk, s.env.Sites["insurance"]+"/acts/reconcile")
	monitor.Mount(s.desk)
	if s.env.Settings["node"] == "" {
		s.rollout = rollout.Mount(s.desk)
	} else {
		rollout.PassOver(s.desk)
	}
	antenatal.Mount(s.desk)
	exchangecard.Mount(s.desk, s.exchangeCards(""), s.env.Sites["portal"]+"/my/card")
	maternity.Mount(s.desk, s.exchangeCards)
	cardapi.ServeExchangeCards(s.provider, maternity.Service{Cards: exchangecard.Cards{Desk: s.desk}})
	cardapi.ServeOwnCards(s.provider, exchangecard.Own{Desk: s.desk})
	cardapi.Serve(s.provider, summary.Service{Desk: s.desk, Handover: handover.Mount(s.desk)})
	s.fhir = fhir.Mount(s.desk, s.env, s.fhirBytes, slices.Concat(clinical.Offers(), document.Offers(), referred.Offers())...)
	gather.Mount(s.fhir)
	terminology.Mount(s.fhir, s.desk.DB, s.desk.Clock)
	document.Mount(s.fhir)
	bulk.Mount(s.fhir, s.desk)
	referred.Mount(s.fhir, s.desk)
	cardapi.ServeRecords(s.provider, s.fhir)
}

// exchangeCards is the card itself across the exchange, as the member of staff
// calls it: exchange cards travel between organisations so, also when a hospital
// runs its own node.
func (s *System) exchangeCards(pin string) cardapi.ExchangeCards {
	return cardapi.Client{Exchange: s.desk.Exchange, User: pin}
}
