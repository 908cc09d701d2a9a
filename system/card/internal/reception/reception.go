// Package reception admits patients: who comes, how, with what, and where they
// are laid. The database itself refuses a second open stay of one person and a
// second patient in one bed.
package reception

import (
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/patient"
)

// Kinds of an admission.
const (
	Planned   = "planned"
	Emergency = "emergency"
)

// BroughtBy are the ways in which a patient comes.
var BroughtBy = []string{"self", "ambulance", "referral", "other"}

// Payments are who pays for the stay, Transports how the patient was taken to the
// department (003/у).
var (
	Payments   = []string{"", "oms", "budget", "paid", "other"}
	Transports = []string{"", "walks", "chair", "stretcher"}
)

// Bounds of what is taken for true.
const (
	lateAfter = 30 * 24 * time.Hour // an admission written later than that needs a reason
	mostHours = 720                 // since the onset of an emergency
)

// Diagnosis is a code and the doctor's own words.
type Diagnosis struct {
	Code string // ICD-10, usable
	Text string
}

// Admission is what the reception writes.
type Admission struct {
	Patient         string // id
	Kind            string // Planned, Emergency
	At              time.Time
	LateReason      string // why it is written more than 30 days later
	HoursSinceOnset int    // 0: not said; of an emergency alone
	BroughtBy       string
	Referrer        string    // code of an organisation, or words
	Referral        Diagnosis // of who referred; Code "": none
	ReferralID      string    // of the one picked up; "": without a referral
	Admission       Diagnosis
	FirstThisYear   bool
	Department      string
	Bed             string // id; "": without a bed yet, an emergency alone
	DoctorPIN       string
	DoctorName      string
	Insured         bool
	Policy          string
	PolicyUntil     clock.Date // zero: not said
	Payment         string     // of Payments; "" by the insurance alone
	Transport       string     // of Transports; "" not said
	Category        string
	Alerts          string
}

// check says what is wrong with the admission by itself.
func (a Admission) check(p patient.Patient, now time.Time) []fail.Finding {
	var findings []fail.Finding
	wrong := func(field, key string, pairs ...any) {
		findings = append(findings, fail.Finding{Field: field, Key: key, Args: fail.Args(pairs...)})
	}
	if a.Kind != Planned && a.Kind != Emergency {
		wrong("kind", "kit.field.choose")
	}
	switch {
	case a.At.IsZero():
		wrong("at", "kit.field.required")
	case a.At.After(now):
		wrong("at", "card.at.future")
	case !p.BirthDate.IsZero() && clock.DateOf(a.At).Before(p.BirthDate):
		wrong("at", "card.admit.before_birth", "Born", text.Date(p.BirthDate))
	case now.Sub(a.At) > lateAfter && a.LateReason == "":
		wrong("late_reason", "card.admit.late")
	}
	if a.HoursSinceOnset < 0 || a.HoursSinceOnset > mostHours {
		wrong("hours", "card.admit.hours_bounds", "Most", mostHours)
	}
	if a.Insured && !a.PolicyUntil.IsZero() && a.PolicyUntil.Before(clock.DateOf(a.At)) {
		wrong("policy_until", "card.admit.policy_over", "Until", text.Date(a.PolicyUntil))
	}
	if a.Bed == "" && a.Kind == Planned {
		wrong("bed", "card.admit.bed_required")
	}
	return findings
}
