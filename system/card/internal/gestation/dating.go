package gestation

import (
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/system/card/cardapi"
)

// What a pregnancy is dated by.
const (
	ByPeriod     = "last_period"
	ByUltrasound = "ultrasound"
)

// Dating is how long a pregnancy has lasted, and how that is known.
type Dating struct {
	From   clock.Date // the day of 0 weeks 0 days
	By     string     // ByPeriod, ByUltrasound
	Differ int        // days by which period and ultrasound differ
	Source string     // code of that of the rule that chose; "" when only one is known
}

// Plus is the day n days later.
func Plus(d clock.Date, n int) clock.Date {
	return clock.DateOf(d.Start().AddDate(0, 0, n))
}

// DateOf dates a pregnancy: by the last period, unless the ultrasound differs
// from it by more than the rule of its age allows, or there is no period known.
func DateOf(r cardapi.Registration) Dating {
	scan := clock.Date{}
	if !r.Ultrasound.IsZero() {
		scan = Plus(r.Ultrasound, -r.UltrasoundDays)
	}
	switch {
	case scan.IsZero():
		return Dating{From: r.LastPeriod, By: ByPeriod}
	case r.LastPeriod.IsZero():
		return Dating{From: scan, By: ByUltrasound}
	}
	d := Dating{From: r.LastPeriod, By: ByPeriod, Differ: r.LastPeriod.DaysUntil(scan)}
	if d.Differ < 0 {
		d.Differ = -d.Differ
	}
	byPeriod := r.LastPeriod.DaysUntil(r.Ultrasound) // the age that the rule goes by
	for _, rule := range DatingRules() {
		if rule.holds(r.Ultrasound) && rule.Low <= byPeriod && byPeriod <= rule.High {
			d.Source = rule.Source
			if d.Differ > rule.MoreThan {
				d.From, d.By = scan, ByUltrasound
			}
		}
	}
	return d
}

// Days is the gestational age on the day, in days.
func (d Dating) Days(on clock.Date) int { return d.From.DaysUntil(on) }

// Expected is the expected date of birth.
func (d Dating) Expected() clock.Date {
	return Plus(d.From, MilestoneOn(Expected, d.From).Days)
}

// Due is the day on which the woman is given her card.
func (d Dating) Due(today clock.Date) clock.Date {
	return Plus(d.From, MilestoneOn(GiveCard, today).Days)
}

// Age is weeks and days of a gestational age.
func Age(days int) (weeks, rest int) { return days / 7, days % 7 }

// CheckDates finds what cannot be in the dates of a registration.
func CheckDates(r cardapi.Registration, today clock.Date) []fail.Finding {
	var findings []fail.Finding
	if r.LastPeriod.IsZero() && r.Ultrasound.IsZero() {
		return []fail.Finding{{Field: "last_period", Key: "card.antenatal.date_needed"}}
	}
	longest := MilestoneOn(Longest, today).Days
	for field, day := range map[string]clock.Date{"last_period": r.LastPeriod, "ultrasound": r.Ultrasound, "first_movement": r.FirstMovement} {
		switch {
		case day.IsZero():
		case today.Before(day):
			findings = append(findings, fail.Finding{Field: field, Key: "card.antenatal.day_future"})
		case day.DaysUntil(today) > longest+60: // a closed pregnancy is still corrected
			findings = append(findings, fail.Finding{Field: field, Key: "card.antenatal.day_old"})
		}
	}
	if !r.Ultrasound.IsZero() {
		if r.UltrasoundDays < 21 || r.UltrasoundDays > longest {
			findings = append(findings, fail.Finding{Field: "scan_weeks", Key: "card.antenatal.scan_weeks"})
		}
		if r.Ultrasound.Before(r.LastPeriod) {
			findings = append(findings, fail.Finding{Field: "ultrasound", Key: "card.antenatal.scan_before_period"})
		}
	}
	return findings
}
