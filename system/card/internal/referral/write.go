package referral

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
	"github.com/sanarip/sanarip/system/card/internal/patient"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Writing is a new referral.
type Writing struct {
	Once         string // its id: pressed twice is written once
	Patient      string // id
	Stay         string // "" outside a stay
	Kind         string // one of Kinds
	Urgency      string
	Organisation string // to
	Department   string
	Code         string // ICD-10
	Diagnosis    string // the doctor's own words; "": those of the classification
	Reason       string
	History      string
	Results      []string // ids of what to attach
}

const lastSequence = 9_999_999

// numberOf puts a number together: 7 digits of the sequence, 6 of the
// organisation, 2 of the year. No document asks for a form; it is alike that of
// form 066/у, without a department.
func numberOf(sequence int, organisation string, year int) (string, error) {
	if sequence < 1 || sequence > lastSequence {
		return "", fail.New(fail.Conflict, "card.referral.numbers_over")
	}
	return fmt.Sprintf("%07d%s%02d", sequence, organisation, year%100), nil
}

// Grouped is a number as people read it: 0000001 950174 26.
func Grouped(number string) string {
	if len(number) != 15 {
		return number
	}
	return number[:7] + "\u00a0" + number[7:13] + "\u00a0" + number[13:]
}

// Write signs and sends a referral and gives its id. Number, results, the word
// to the patient and, when the receiver works in another system, the handing
// over are written in one transaction.
func Write(ctx context.Context, d *desk.Desk, in Writing) (string, error) {
	r, err := draft(ctx, d, in)
	if err != nil {
		return "", err
	}
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if known, ok, err := find(ctx, tx, r.ID); err != nil || ok {
			if err == nil && known.From != r.From {
				return fail.New(fail.Conflict, "kit.conflict")
			}
			return err // sent twice
		}
		results, err := chosen(ctx, d, tx, r, in.Results)
		if err != nil {
			return err
		}
		return send(ctx, d, tx, r, results, "referral.write")
	})
	if db.Unique(err) { // pressed twice at once
		if known, ok, _ := find(ctx, d.DB.Read, r.ID); ok && known.From == r.From {
			return r.ID, nil
		}
		return "", fail.Wrap(err, fail.Conflict, "kit.conflict")
	}
	return r.ID, err
}

func already() error { return fail.New(fail.Conflict, "card.referral.already") }

// draft checks what was entered.
func draft(ctx context.Context, d *desk.Desk, in Writing) (Referral, error) {
	if err := writing.CheckOnce(in.Once); err != nil {
		return Referral{}, err
	}
	staff, now := desk.Of(ctx), d.Clock.Now()
	p, err := patient.Load(ctx, d.DB.Read, in.Patient)
	if err != nil {
		return Referral{}, err
	}
	r := Referral{
		ID: in.Once, Root: in.Once, Patient: p, From: staff.Post.Organisation, FromDepartment: staff.Post.Department, FromStay: in.Stay,
		Urgency: in.Urgency, Reason: in.Reason, History: in.History, Code: in.Code, Diagnosis: in.Diagnosis,
		To: in.Organisation, ToDepartment: in.Department,
		ByPIN: staff.PIN, ByName: staff.Name, ByRole: staff.Post.Title.RU, WrittenAt: now, State: Sent,
	}
	r.Form, r.Purpose, _ = strings.Cut(in.Kind, "/")
	findings := append(writing.OneOf("kind", in.Kind, Kinds), writing.OneOf("urgency", in.Urgency, Urgencies)...)
	findings = append(findings, writing.Required("reason", in.Reason)...)
	if code, err := d.ICD.Resolve(ctx, in.Code, ""); err == nil {
		if r.Diagnosis == "" {
			r.Diagnosis = code.Name
		}
	} else if e := fail.As(err); e.Kind == fail.Invalid {
		findings = append(findings, fail.Finding{Field: "code", Key: e.Key, Args: e.Args})
	} else {
		return r, err
	}
	place, err := checkPlace(ctx, d, r)
	if err != nil {
		return r, err
	}
	if findings = append(findings, place...); len(findings) > 0 {
		return r, fail.Fields(findings...)
	}
	if in.Stay != "" {
		of, department, ok, err := stayPatient(ctx, d.DB.Read, in.Stay, r.From)
		if err != nil {
			return r, err
		}
		if !ok || of != p.ID {
			return r, fail.New(fail.NotFound, "card.stay.not_found")
		}
		r.FromDepartment = department
	}
	return r, nil
}

// checkPlace says what is wrong with where the patient is sent.
func checkPlace(ctx context.Context, d *desk.Desk, r Referral) ([]fail.Finding, error) {
	if r.To == "" {
		return []fail.Finding{{Field: "to", Key: "card.referral.to_required"}}, nil
	}
	if r.To == r.From {
		return []fail.Finding{{Field: "to", Key: "card.referral.to_own"}}, nil
	}
	all, err := d.Directory.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.Code != r.To || o.Kind != directory.Hospital {
			continue
		}
		if _, ok := directory.Department(o, r.ToDepartment); ok {
			return nil, nil
		}
	}
	return []fail.Finding{{Field: "to", Key: "card.referral.to_required"}}, nil
}

// chosen are the results that were ticked, from the patient's own histories in
// the organisation and no other.
func chosen(ctx context.Context, d *desk.Desk, tx *sql.Tx, r Referral, ids []string) ([]Result, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := sources(ctx, tx, r.Patient.ID, r.From)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, o := range all {
		if !slices.Contains(ids, o.Source) {
			continue
		}
		o.ID, o.Title = id.New(), TitleOf(ctx, o)
		results = append(results, o)
	}
	if len(results) != len(slices.Compact(slices.Sorted(slices.Values(ids)))) {
		d.Log.WarnContext(ctx, "a result to be attached is not there any more", "system", "card", "referral", r.ID)
		return nil, fail.Fields(fail.Finding{Field: "results", Key: "card.referral.results_changed"})
	}
	return results, nil
}

// send numbers the referral, writes it with its first step and orders what
// follows.
func send(ctx context.Context, d *desk.Desk, tx *sql.Tx, r Referral, results []Result, action string) error {
	if again, err := twin(ctx, d.DB, tx, r); err != nil {
		return err
	} else if again {
		return already()
	}
	today := clock.DateOf(r.WrittenAt)
	rule, err := Validity(ctx, tx, r.Form, r.Urgency, today)
	if err != nil {
		return err
	}
	sequence, err := number.NextOf(ctx, tx, number.Referrals, r.From, today.Year)
	if err != nil {
		return err
	}
	if r.Number, err = numberOf(sequence, r.From, today.Year); err != nil {
		return err
	}
	if r.Remote, err = routeOf(ctx, tx, r.To); err != nil {
		return err
	}
	r.ValidUntil, r.CheckCode = lastDay(today, rule.Days), id.Secret()
	if err := insert(ctx, tx, r); err != nil {
		return err
	}
	if err := insertResults(ctx, tx, r.ID, results); err != nil {
		return err
	}
	first := Step{ID: r.ID, State: Sent, Organisation: r.From, ByPIN: r.ByPIN, ByName: r.ByName, At: r.WrittenAt}
	if err := write(ctx, d, tx, &r, first, true); err != nil {
		return err
	}
	return d.Seen(ctx, tx, r.Patient.PIN, action, r.ID)
}

// write writes the next step of a referral that is held, and the jobs beside it:
// the patient is told, the other side's system is told when the step was made
// here, and the last day is waited for.
func write(ctx context.Context, d *desk.Desk, tx *sql.Tx, r *Referral, s Step, ours bool) error {
	s.Seq = r.Version + 1
	if err := update(ctx, tx, *r, s); err != nil {
		return err
	}
	r.State, r.Version = s.State, s.Seq
	about := stepRef{Referral: r.ID, Step: s.ID}
	if _, err := d.Queue.Add(ctx, tx, NotifyJob, about, job.Options{Unique: s.ID, Subject: r.Number}); err != nil {
		return err
	}
	if ours && r.Remote != "" && s.State != Expired {
		if _, err := d.Queue.Add(ctx, tx, HandJob, about, job.Options{Unique: s.ID, Subject: r.Number}); err != nil {
			return err
		}
	}
	if May(r.State, Expired) {
		// A few seconds past midnight, so that a clock a little behind agrees.
		at := r.End().Add(10 * time.Second)
		_, err := d.Queue.Add(ctx, tx, ExpireJob, stepRef{Referral: r.ID}, job.Options{Unique: r.ID + ":" + r.ValidUntil.String(), Subject: r.Number, At: at})
		return err
	}
	return nil
}

// stepRef is the body of the room's jobs.
type stepRef struct {
	Referral string `json:"referral"`
	Step     string `json:"step,omitempty"`
}
