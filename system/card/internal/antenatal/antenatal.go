// Package antenatal is what an antenatal clinic (женская консультация) writes of
// a pregnancy: its registration, visits and results, the warnings that follow
// from them, and how it ended (MC-3). The exchange card 113/у that comes of it is
// the room exchangecard's. Words: беременность / кош бойлуулук.
package antenatal

import (
	"context"
	"database/sql"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// States of a pregnancy.
const (
	Open   = "open"
	Closed = "closed"
)

// Kinds of signed parts.
const (
	registration = "registration"
	visit        = "visit"
	result       = "result"
)

// What may be chosen.
var (
	BloodGroups    = []string{"", "0", "A", "B", "AB"}
	Rhesuses       = []string{"", "positive", "negative"}
	Presentations  = []string{"", "cephalic", "breech", "transverse", "unstable"}
	Oedemas        = []string{"", "none", "legs", "general"}
	Risks          = []string{"smoking", "diabetes", "hypertension", "heart", "kidney", "thyroid", "caesarean", "preterm", "loss", "hiv", "violence"}
	FormerOutcomes = []string{"birth", "caesarean", "preterm", "stillbirth", "miscarriage", "abortion", "ectopic"}
	// ResultKinds are laboratory results; those of WordResults are words, the
	// others numbers or words of the laboratory.
	ResultKinds = []string{"hiv", "syphilis", "hbsag", "hcv", "haemoglobin", "urine_protein", "glucose", "smear", "antibodies", "other"}
	WordResults = []string{"negative", "positive", "trace"}
	// Outcomes with which a clinic closes a pregnancy by hand. A tear-off brings
	// live_birth and stillbirth as well.
	Outcomes = []string{"live_birth", "stillbirth", "miscarriage", "abortion", "ectopic", "left", "died"}
)

// Pregnancy is the head of a record.
type Pregnancy struct {
	ID           string
	Number       string
	Patient      patient.Patient
	Organisation string
	State        string
	DatedFrom    clock.Date
	NextVisit    clock.Date
	Warnings     int
	GivenAt      time.Time
	Outcome      string
	EndedOn      clock.Date
	ClosedAt     time.Time
	ClosedBy     string
	CloseNote    string
	CreatedAt    time.Time
}

// Days is the gestational age on the day, or on the day of its end, in days.
func (p Pregnancy) Days(on clock.Date) int {
	if !p.EndedOn.IsZero() && p.EndedOn.Before(on) {
		on = p.EndedOn
	}
	return p.DatedFrom.DaysUntil(on)
}

// Path is the address of a page of the pregnancy.
func (p Pregnancy) Path(tab string) string {
	if tab == "" {
		return "/antenatal/" + p.ID
	}
	return "/antenatal/" + p.ID + "/" + tab
}

// Signed is a part with who signed it and its former versions, the newest first.
type Signed[T any] struct {
	ID           string
	Root         string
	Version      int
	Reason       string
	Organisation string
	ByPIN        string
	ByName       string
	SignedAt     time.Time
	Body         T
	Former       []Signed[T]
}

// Author is who wrote the first version.
func (s Signed[T]) Author() string {
	if n := len(s.Former); n > 0 {
		return s.Former[n-1].ByPIN
	}
	return s.ByPIN
}

// Record is a pregnancy with everything written about it.
type Record struct {
	Pregnancy
	Registration Signed[cardapi.Registration]
	Visits       []Signed[cardapi.Visit] // by day
	Results      []Signed[cardapi.LabResult]
}

// Dating is that of the registration.
func (r Record) Dating() gestation.Dating { return gestation.DateOf(r.Registration.Body) }

// Card is the antenatal part as it is handed over.
func (r Record) Card() cardapi.ExchangeCard {
	dating := r.Dating()
	c := cardapi.ExchangeCard{
		Pregnancy: r.ID, Number: r.Number, Clinic: r.Organisation,
		Mother:    cardapi.Mother{PIN: r.Patient.PIN, Name: r.Patient.FullName(), BirthDate: r.Patient.BirthDate, Address: r.Patient.Address},
		DatedFrom: dating.From, DatedBy: dating.By, Expected: dating.Expected(), GivenAt: r.GivenAt, Registration: r.Registration.Body,
	}
	for _, v := range r.Visits {
		c.Visits = append(c.Visits, cardapi.SignedVisit{Visit: v.Body, By: v.ByName})
	}
	for _, one := range r.Results {
		c.Results = append(c.Results, cardapi.SignedResult{LabResult: one.Body, By: one.ByName})
	}
	return c
}

// WarningsOn are the warnings that stand on the day.
func (r Record) WarningsOn(today clock.Date) []gestation.Warning {
	missed := !r.NextVisit.IsZero() && r.NextVisit.Before(today)
	if r.State == Closed {
		return gestation.OfRecord(r.Card(), r.Days(today), false, false, today)
	}
	return gestation.OfRecord(r.Card(), r.Dating().Days(today), true, missed, today)
}

// Writing is what every form that signs a part carries.
type Writing struct {
	Once   string
	Root   string // of the part that is corrected, "" for a new one
	Seen   int    // its version
	Reason string
}

// Read loads a record for a page of the clinic that keeps it and records the
// access. For any other organisation it is not there.
func Read(ctx context.Context, d *desk.Desk, pregnancyID string) (Record, error) {
	r, err := Load(ctx, d.DB.Read, pregnancyID, desk.Of(ctx).Post.Organisation)
	if err != nil {
		return r, err
	}
	return r, d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return d.Seen(ctx, tx, r.Patient.PIN, "antenatal.read", r.ID)
	})
}

// Register begins the record of a pregnancy and gives its id. The woman has at
// most one that is open, wherever she is.
func Register(ctx context.Context, d *desk.Desk, patientID, once string, in cardapi.Registration) error {
	if err := writing.CheckOnce(once); err != nil {
		return err
	}
	p, err := patient.Load(ctx, d.DB.Read, patientID)
	if err != nil {
		return err
	}
	now := d.Clock.Now()
	findings := checkRegistration(in, clock.DateOf(now))
	if p.Sex == patient.Male {
		findings = append(findings, fail.Finding{Key: "card.antenatal.man"})
	}
	if gestation.DateOf(in).Days(clock.DateOf(now)) > gestation.MilestoneOn(gestation.Longest, clock.DateOf(now)).Days && len(findings) == 0 {
		findings = append(findings, fail.Finding{Field: "last_period", Key: "card.antenatal.too_long"})
	}
	if err := writing.Invalid(findings); err != nil {
		return err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if known, err := exists(ctx, tx, once); err != nil || known {
			return err // sent twice
		}
		staff := desk.Of(ctx)
		number, err := nextNumber(ctx, tx, staff.Post.Organisation, clock.DateOf(now).Year)
		if err != nil {
			return err
		}
		head := Pregnancy{ID: once, Number: number, Patient: p, Organisation: staff.Post.Organisation, DatedFrom: gestation.DateOf(in).From, CreatedAt: now}
		if err := insertPregnancy(ctx, tx, head, staff.PIN); err != nil {
			return err
		}
		part := partOf(ctx, d, once, registration, Writing{Once: once}, clock.DateOf(now))
		if err := insertPart(ctx, tx, part, in); err != nil {
			return err
		}
		if err := project(ctx, d, tx, once); err != nil {
			return err
		}
		return d.Seen(ctx, tx, p.PIN, "antenatal.register", once)
	})
	return err
}

func checkRegistration(r cardapi.Registration, today clock.Date) []fail.Finding {
	findings := gestation.CheckDates(r, today)
	between := func(field string, value, low, high int) {
		if value != 0 && (value < low || value > high) {
			findings = append(findings, fail.Finding{Field: field, Key: "card.antenatal.range", Args: fail.Args("Low", low, "High", high)})
		}
	}
	between("height", r.HeightCM, 100, 230)
	between("weight_before", r.WeightBefore/10, 25, 300)
	switch {
	case r.Gravida < 1 || r.Gravida > 30:
		findings = append(findings, fail.Finding{Field: "gravida", Key: "card.antenatal.range", Args: fail.Args("Low", 1, "High", 30)})
	case r.Para < 0 || r.Para >= r.Gravida:
		findings = append(findings, fail.Finding{Field: "para", Key: "card.antenatal.para"})
	case len(r.Former) > r.Gravida-1:
		findings = append(findings, fail.Finding{Field: "gravida", Key: "card.antenatal.former_more"})
	}
	if r.Fetuses < 1 || r.Fetuses > 6 {
		findings = append(findings, fail.Finding{Field: "fetuses", Key: "card.antenatal.range", Args: fail.Args("Low", 1, "High", 6)})
	}
	return findings
}

// CorrectRegistration writes a new version of the registration.
func CorrectRegistration(ctx context.Context, d *desk.Desk, pregnancyID string, w Writing, in cardapi.Registration) error {
	today := clock.DateOf(d.Clock.Now())
	if w.Root == "" {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	return write(ctx, d, pregnancyID, registration, w, today, in, func(Pregnancy) []fail.Finding { return checkRegistration(in, today) })
}

// WriteVisit signs a visit, or a corrected version of one.
func WriteVisit(ctx context.Context, d *desk.Desk, pregnancyID string, w Writing, in cardapi.Visit) error {
	today := clock.DateOf(d.Clock.Now())
	return write(ctx, d, pregnancyID, visit, w, in.Day, in, func(p Pregnancy) []fail.Finding {
		findings := checkDay(p, in.Day, today)
		if !in.Next.IsZero() && !in.Day.Before(in.Next) {
			findings = append(findings, fail.Finding{Field: "next", Key: "card.antenatal.next_before"})
		}
		for _, m := range []struct {
			field            string
			value, low, high int
		}{
			{"weight", in.Weight, 250, 3000},
			{"pressure", in.Systolic, 50, 300},
			{"pressure", in.Diastolic, 20, 200},
			{"fundal", in.Fundal, 50, 600},
			{"girth", in.Girth, 40, 220},
			{"heart_rate", in.HeartRate, 40, 240},
		} {
			if m.value != 0 && (m.value < m.low || m.value > m.high) {
				findings = append(findings, fail.Finding{Field: m.field, Key: "card.antenatal.unlikely"})
			}
		}
		if (in.Systolic == 0) != (in.Diastolic == 0) || in.Systolic != 0 && in.Diastolic >= in.Systolic {
			findings = append(findings, fail.Finding{Field: "pressure", Key: "card.antenatal.pressure_shape"})
		}
		if in.Weight+in.Systolic+in.Fundal+in.Girth+in.HeartRate == 0 && in.Complaints == "" && in.Advice == "" {
			findings = append(findings, fail.Finding{Field: "weight", Key: "card.antenatal.visit_empty"})
		}
		return findings
	})
}

// WriteResult signs a result of the laboratory, or a corrected version of one.
func WriteResult(ctx context.Context, d *desk.Desk, pregnancyID string, w Writing, in cardapi.LabResult) error {
	today := clock.DateOf(d.Clock.Now())
	return write(ctx, d, pregnancyID, result, w, in.Day, in, func(p Pregnancy) []fail.Finding {
		findings := append(checkDay(p, in.Day, today), writing.OneOf("kind", in.Kind, ResultKinds)...)
		return append(findings, writing.Required("value", in.Value)...)
	})
}

// checkDay: within the pregnancy, not in the future.
func checkDay(p Pregnancy, day, today clock.Date) []fail.Finding {
	switch {
	case day.IsZero():
		return []fail.Finding{{Field: "day", Key: "kit.field.required"}}
	case today.Before(day):
		return []fail.Finding{{Field: "day", Key: "card.antenatal.day_future"}}
	case day.Before(gestation.Plus(p.DatedFrom, -30)): // results of the month before count
		return []fail.Finding{{Field: "day", Key: "card.antenatal.day_before", Args: fail.Args("Day", text.Date(p.DatedFrom))}}
	case !p.EndedOn.IsZero() && p.EndedOn.Before(day):
		return []fail.Finding{{Field: "day", Key: "card.antenatal.day_after", Args: fail.Args("Day", text.Date(p.EndedOn))}}
	}
	return nil
}

// write signs a part of the pregnancy: a new one while it is open, a correction
// by its author or a head at any time. The same form sent twice is written once.
func write(ctx context.Context, d *desk.Desk, pregnancyID, kind string, w Writing, day clock.Date, content any, check func(Pregnancy) []fail.Finding) error {
	if err := writing.CheckOnce(w.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		p, err := Hold(ctx, d, tx, pregnancyID)
		if err != nil {
			return err
		}
		if known, err := partExists(ctx, tx, w.Once); err != nil || known {
			return err
		}
		part, action := partOf(ctx, d, p.ID, kind, w, day), "antenatal."+kind
		findings := check(p)
		if w.Root == "" {
			if p.State != Open {
				return fail.New(fail.Conflict, "card.antenatal.closed_already")
			}
		} else {
			last, author, err := lastVersion(ctx, tx, p.ID, kind, w.Root)
			if err != nil {
				return err
			}
			if err := writing.MayCorrect(desk.Of(ctx), author); err != nil {
				return err
			}
			if last != w.Seen {
				return fail.New(fail.Conflict, "card.history.corrected_meanwhile")
			}
			findings = append(findings, writing.Required("reason", w.Reason)...)
			part.Version, action = last+1, action+"_correct"
		}
		if err := writing.Invalid(findings); err != nil {
			return err
		}
		if err := insertPart(ctx, tx, part, content); err != nil {
			return err
		}
		if err := project(ctx, d, tx, p.ID); err != nil {
			return err
		}
		return d.Seen(ctx, tx, p.Patient.PIN, action, p.ID)
	})
}

// part is a row that is about to be signed.
type part struct {
	Signed[struct{}]
	PregnancyID string
	Kind        string
	Day         clock.Date
}

func partOf(ctx context.Context, d *desk.Desk, pregnancyID, kind string, w Writing, day clock.Date) part {
	staff := desk.Of(ctx)
	p := part{PregnancyID: pregnancyID, Kind: kind, Day: day}
	p.ID, p.Root, p.Version, p.Reason = w.Once, w.Root, 1, w.Reason
	if w.Root == "" {
		p.Root, p.Reason = w.Once, ""
	}
	p.Organisation, p.ByPIN, p.ByName, p.SignedAt = staff.Post.Organisation, staff.PIN, staff.Name, d.Clock.Now()
	return p
}

// project brings the head of the pregnancy up to what its parts say.
func project(ctx context.Context, d *desk.Desk, tx *sql.Tx, pregnancyID string) error {
	r, err := Load(ctx, tx, pregnancyID, desk.Of(ctx).Post.Organisation)
	if err != nil {
		return err
	}
	next := clock.Date{}
	if n := len(r.Visits); n > 0 {
		next = r.Visits[n-1].Body.Next
	}
	r.NextVisit = next
	serious := 0
	for _, w := range r.WarningsOn(clock.DateOf(d.Clock.Now())) {
		if w.Code != "missed" && w.Code != "overdue" { // these are told by the day
			serious++
		}
	}
	return setProjection(ctx, tx, pregnancyID, r.Dating().From, next, serious)
}
