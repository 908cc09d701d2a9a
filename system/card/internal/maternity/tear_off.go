package maternity

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/system/card/cardapi"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/exchangecard"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
)

// sendJob brings a tear-off to its clinic.
const sendJob = "tear-off"

type ref struct {
	Root    string `json:"root"`
	Version int    `json:"version"`
	By      string `json:"by"` // ПИН of who signed
}

// SignTearOff signs the tear-off of the kind from what stands in the record now
// and sends it to the clinic. A second version needs its reason; one that would
// say the same as the last is not made.
func SignTearOff(ctx context.Context, d *desk.Desk, stayID, kind, about, to, reason string) error {
	v, err := stay.Find(ctx, d, stayID)
	if err != nil {
		return err
	}
	o, err := d.Directory.Organisation(ctx, to)
	if err != nil || !directory.IsClinic(o) {
		return fail.Fields(fail.Finding{Field: "to", Key: "kit.field.choose"})
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.Hold(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		c, err := load(ctx, tx, v)
		if err != nil {
			return err
		}
		t, err := c.compose(kind, about)
		if err != nil {
			return err
		}
		staff := desk.Of(ctx)
		t.To, t.From, t.FromName, t.Doctor = to, v.Organisation, v.OrganisationName, staff.Name
		t.AdmittedAt, t.LeftAt, t.Root, t.Version = h.AdmittedAt, h.DischargedAt, id.New(), 1
		if last := c.sentAbout(kind, about); last != nil {
			t.Root, t.Version, t.Reason = last.Root, last.Version+1, reason
			if same(t, last.TearOff) {
				return nil
			}
			if err := writing.Invalid(writing.Required("reason", reason)); err != nil {
				return err
			}
		}
		t.SignedAt = d.Clock.Now()
		if err := insertTearOff(ctx, tx, stayID, about, t, staff.PIN); err != nil {
			return err
		}
		r := ref{t.Root, t.Version, staff.PIN}
		if _, err := d.Queue.Add(ctx, tx, sendJob, r, job.Options{Unique: t.Key(), Subject: t.Number}); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "maternity.tear_off", stayID)
	})
}

// same says that two tear-offs tell the same to the same clinic.
func same(a, b cardapi.TearOff) bool {
	for _, t := range []*cardapi.TearOff{&a, &b} {
		t.Version, t.Reason, t.Doctor, t.SignedAt = 0, "", "", t.AdmittedAt
	}
	first, err := json.Marshal(a)
	second, wrong := json.Marshal(b)
	return err == nil && wrong == nil && bytes.Equal(first, second)
}

// compose makes the content of a tear-off; what is missing is said.
func (c Confinement) compose(kind, about string) (cardapi.TearOff, error) {
	p := c.Stay.Patient
	t := cardapi.TearOff{
		Kind: kind, Mother: cardapi.Mother{PIN: p.PIN, Name: p.FullName(), BirthDate: p.BirthDate, Address: p.Address},
	}
	if c.Card != nil {
		t.Pregnancy, t.Number = c.Card.Pregnancy, c.Card.Number
	}
	if c.Birth == nil {
		return t, fail.New(fail.Conflict, "card.maternity.birth_first")
	}
	t.Birth = c.Birth.Body
	for _, child := range c.Children {
		if kind == cardapi.TearOffNewborn && child.ID != about {
			continue
		}
		details, written := c.Details[child.ID]
		if kind == cardapi.TearOffNewborn && (!written || !child.Live) {
			return t, fail.New(fail.Conflict, "card.maternity.child_first")
		}
		t.Newborns = append(t.Newborns, facts(child, details.Body))
	}
	switch {
	case kind == cardapi.TearOffNewborn && len(t.Newborns) != 1:
		return t, fail.New(fail.NotFound, "card.maternity.no_child")
	case t.Birth.Ending == exchangecard.EndingBirth && len(t.Newborns) == 0:
		return t, fail.New(fail.Conflict, "card.maternity.children_first")
	case t.Birth.Ending != exchangecard.EndingBirth && len(c.Children) > 0:
		return t, fail.New(fail.Conflict, "card.maternity.ending_and_children")
	}
	return t, nil
}

// send is the job of sendJob: whatever breaks in between, the next try sends the
// same content under the same id.
func send(d *desk.Desk, cards func(pin string) cardapi.ExchangeCards) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		var r ref
		if err := j.Bind(&r); err != nil {
			return err
		}
		t, err := tearOff(ctx, d.DB.Read, r.Root, r.Version)
		if err != nil {
			return err
		}
		receipt, err := cards(r.By).ReturnTearOff(ctx, t)
		if err != nil {
			return err
		}
		return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			return setDelivered(ctx, tx, r, receipt.ReceivedAt)
		})
	}
}

// Service answers what the exchange brings about exchange cards: to clinics what
// exchangecard.Cards does, to hospitals that their tear-off was read.
type Service struct {
	exchangecard.Cards
}

var _ cardapi.ExchangeCards = Service{}

// Acknowledge implements cardapi.ExchangeCards. A repetition changes nothing.
func (s Service) Acknowledge(ctx context.Context, a cardapi.Acknowledgment) error {
	name := []rune(a.Name)
	a.Name = string(name[:min(len(name), 200)])
	return s.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return setRead(ctx, tx, a) })
}

// defaultClinic is where the tear-off goes unless another clinic is chosen.
func (c Confinement) defaultClinic(kind string) string {
	switch {
	case c.Card == nil:
		return ""
	case kind == cardapi.TearOffNewborn && c.Card.Registration.ChildrensClinic != "":
		return c.Card.Registration.ChildrensClinic
	}
	return c.Card.Clinic
}

// waiting are the tear-offs that are still to be made: kind and id of the child.
func (c Confinement) waiting() [][2]string {
	var all [][2]string
	if c.sentAbout(cardapi.TearOffMother, "") == nil {
		all = append(all, [2]string{cardapi.TearOffMother, ""})
	}
	for _, child := range c.Children {
		if child.Live && c.sentAbout(cardapi.TearOffNewborn, child.ID) == nil {
			all = append(all, [2]string{cardapi.TearOffNewborn, child.ID})
		}
	}
	return slices.Clip(all)
}
