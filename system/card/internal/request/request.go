// Package request is what a doctor asks of others within a stay: laboratory,
// imaging, consultations; and their answers, signed when written, with values
// out of range marked (MC-1).
package request

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// Kinds of requests.
const (
	Laboratory   = "laboratory"
	Imaging      = "imaging"
	Consultation = "consultation"
)

// Kinds are those on offer.
var Kinds = []string{Laboratory, Imaging, Consultation}

// Request is what was asked.
type Request struct {
	ID           string
	StayID       string
	Kind         string
	Code         string // of the catalogue, "" when typed
	Name         string
	Question     string
	Urgent       bool
	AskedAt      time.Time
	ByPIN        string
	ByName       string
	CancelledAt  time.Time
	CancelReason string
	Answer       *Answer // in its last version; nil: none yet
}

// Open says that an answer is awaited.
func (r Request) Open() bool { return r.Answer == nil && r.CancelledAt.IsZero() }

// Finding is a measured value with the range that it was held against.
type Finding struct {
	Name  string  `json:"name"`
	Value string  `json:"value"` // a number, or words: «отрицательно»
	Unit  string  `json:"unit,omitempty"`
	Low   float64 `json:"low,omitempty"`
	High  float64 `json:"high,omitempty"`
}

// Out says how the value lies to its range: -1 below, 1 above, 0 within or not
// known.
func (f Finding) Out() int {
	n, err := strconv.ParseFloat(strings.TrimLeft(strings.ReplaceAll(f.Value, ",", "."), "<> "), 64)
	if err != nil || f.Low == 0 && f.High == 0 {
		return 0
	}
	switch {
	case n < f.Low:
		return -1
	case n > f.High:
		return 1
	}
	return 0
}

// RangeWords is «3,9–4,7»; "" for none.
func (f Finding) RangeWords() string {
	if f.Low == 0 && f.High == 0 {
		return ""
	}
	write := func(n float64) string {
		return strings.ReplaceAll(strconv.FormatFloat(n, 'f', -1, 64), ".", ",")
	}
	return write(f.Low) + "–" + write(f.High)
}

// Answer is one version of an answer.
type Answer struct {
	ID         string
	RequestID  string
	Version    int
	Reason     string
	At         time.Time
	Findings   []Finding
	Conclusion string
	ByPIN      string
	ByName     string
	ByRole     string
	SignedAt   time.Time
	Former     []Answer // the newest first
}

func (a Answer) author() string {
	if n := len(a.Former); n > 0 {
		return a.Former[n-1].ByPIN
	}
	return a.ByPIN
}

// Abnormal counts the values out of range.
func (a Answer) Abnormal() int {
	n := 0
	for _, f := range a.Findings {
		if f.Out() != 0 {
			n++
		}
	}
	return n
}

// Asking is a new request.
type Asking struct {
	Once     string
	Kind     string
	Code     string
	Name     string
	Question string
	Urgent   bool
}

// Ask writes a request. A consultation says what it is asked for.
func Ask(ctx context.Context, d *desk.Desk, stayID string, in Asking) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	findings := append(writing.OneOf("kind", in.Kind, Kinds), writing.Required("item", in.Name)...)
	if in.Kind == Consultation {
		findings = append(findings, writing.Required("question", in.Question)...)
	}
	if err := writing.Invalid(findings); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		staff := desk.Of(ctx)
		r := Request{
			ID: in.Once, StayID: stayID, Kind: in.Kind, Code: in.Code, Name: in.Name, Question: in.Question, Urgent: in.Urgent,
			AskedAt: d.Clock.Now(), ByPIN: staff.PIN, ByName: staff.Name,
		}
		if err := insert(ctx, tx, r); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "request.ask", stayID)
	})
}

// Cancel takes back a request that nobody has answered.
func Cancel(ctx context.Context, d *desk.Desk, stayID, requestID, reason string) error {
	if err := writing.Invalid(writing.Required("cancel_reason", reason)); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		r, err := find(ctx, tx, stayID, requestID)
		if err != nil {
			return err
		}
		if err := r.mayAnswer(); err != nil {
			return err
		}
		if r.Answer != nil {
			return fail.New(fail.Conflict, "card.request.answered_already", "Name", r.Answer.ByName)
		}
		if err := cancel(ctx, tx, requestID, reason, desk.Of(ctx).PIN, d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "request.cancel", stayID)
	})
}

func (r Request) mayAnswer() error {
	if !r.CancelledAt.IsZero() {
		return fail.New(fail.Conflict, "card.request.cancelled_already", "At", text.Moment(r.CancelledAt))
	}
	return nil
}

// Answering is an answer, or with Seen a correction of it.
type Answering struct {
	Once       string
	Request    string
	Seen       int    // the version that was corrected; 0: the first answer
	Reason     string // of the correction
	At         time.Time
	Findings   []Finding
	Conclusion string
}

// Reply writes and signs an answer. A result may come after the discharge; a
// correction is a new version by its author or a head, the former ones stay.
func Reply(ctx context.Context, d *desk.Desk, stayID string, in Answering) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.Hold(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		r, err := find(ctx, tx, stayID, in.Request)
		if err != nil {
			return err
		}
		if err := r.mayAnswer(); err != nil {
			return err
		}
		staff, now, action := desk.Of(ctx), d.Clock.Now(), "request.answer"
		findings := h.Moment(in.At, now)
		a := Answer{
			ID: in.Once, RequestID: r.ID, Version: 1, At: in.At, Findings: in.Findings, Conclusion: in.Conclusion,
			ByPIN: staff.PIN, ByName: staff.Name, ByRole: staff.Post.Title.RU, SignedAt: now,
		}
		if last := r.Answer; last != nil {
			if last.ID == in.Once {
				return nil // sent twice
			}
			if in.Seen != last.Version {
				return fail.New(fail.Conflict, "card.request.answered_already", "Name", last.ByName)
			}
			if err := writing.MayCorrect(staff, last.author()); err != nil {
				return err
			}
			findings = append(findings, writing.Required("reason", in.Reason)...)
			a.Version, a.Reason, action = last.Version+1, in.Reason, "request.correct"
		}
		if len(in.Findings) == 0 {
			findings = append(findings, writing.Required("conclusion", in.Conclusion)...)
		}
		if err := writing.Invalid(findings); err != nil {
			return err
		}
		if err := insertAnswer(ctx, tx, a); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, action, stayID)
	})
}
