// Package consent is what the patient, or who speaks for them, agreed to or
// refused: signed on paper that lies in the folder, or with a simple signature,
// a code sent to the patient's own phone (Law on the electronic signature).
package consent

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/writing"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// Kinds of consents; a refusal is one of them.
var Kinds = []string{"treatment", "operation", "anaesthesia", "transfusion", "procedure", "data", "refusal"}

// Relations of who signs to the patient.
var Relations = []string{"self", "parent", "guardian", "spouse", "council"}

// Sides of the body that a consent is for, or an operation was done on. None is
// said of what is neither paired nor to one side.
var Sides = []string{"left", "right", "both", "none"}

// sided are the kinds of consents that may speak of a side.
var sided = []string{"operation", "anaesthesia", "procedure"}

// Ways and states.
const (
	Paper     = "paper"
	Code      = "code"
	Asked     = "asked" // the code was sent
	Signed    = "signed"
	Withdrawn = "withdrawn"
)

// The code lives so long and bears so many tries.
const (
	codeLife = 10 * time.Minute
	mostTry  = 5
)

// Consent is one consent.
type Consent struct {
	ID             string
	StayID         string
	Kind           string
	Subject        string
	Side           string // of the body, one of Sides; "" not said
	Way            string
	State          string
	Signer         string
	Relation       string
	SignedAt       time.Time
	CodeHash       string
	CodeUntil      time.Time
	Tries          int
	ByPIN          string
	ByName         string
	CreatedAt      time.Time
	WithdrawnAt    time.Time
	WithdrawReason string
}

// Asking is a new consent.
type Asking struct {
	Once     string
	Kind     string
	Subject  string
	Side     string // one of Sides, "" not said
	Way      string
	Signer   string
	Relation string
}

// Take writes a consent down. On paper it is signed with that; by code the
// patient is sent one, and it is signed when Confirm has it. Only patients with
// a ПИН sign by code, and only for themselves.
func Take(ctx context.Context, d *desk.Desk, messages messageapi.API, stayID string, in Asking) error {
	if err := writing.CheckOnce(in.Once); err != nil {
		return err
	}
	findings := append(writing.OneOf("kind", in.Kind, Kinds), writing.Required("subject", in.Subject)...)
	findings = append(findings, writing.Required("signer", in.Signer)...)
	findings = append(findings, writing.OneOf("relation", in.Relation, Relations)...)
	findings = append(findings, writing.OneOf("way", in.Way, []string{Paper, Code})...)
	if in.Side != "" {
		findings = append(findings, writing.OneOf("side", in.Side, Sides)...)
		if !slices.Contains(sided, in.Kind) {
			findings = append(findings, fail.Finding{Field: "side", Key: "card.side.not_here"})
		}
	}
	if in.Way == Code && in.Relation != "self" {
		findings = append(findings, fail.Finding{Field: "way", Key: "card.consent.code_self"})
	}
	if err := writing.Invalid(findings); err != nil {
		return err
	}
	var pin, code string
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		staff, now := desk.Of(ctx), d.Clock.Now()
		c := Consent{
			ID: in.Once, StayID: stayID, Kind: in.Kind, Subject: in.Subject, Side: in.Side, Way: in.Way, State: Signed, Signer: in.Signer, Relation: in.Relation,
			SignedAt: now, ByPIN: staff.PIN, ByName: staff.Name, CreatedAt: now,
		}
		if in.Way == Code {
			if pin = h.PatientPIN; pin == "" {
				return fail.Fields(fail.Finding{Field: "way", Key: "card.consent.code_pin"})
			}
			if code, err = newCode(); err != nil {
				return err
			}
			c.State, c.SignedAt, c.CodeHash, c.CodeUntil = Asked, time.Time{}, hash(in.Once, code), now.Add(codeLife)
		}
		fresh, err := insert(ctx, tx, c)
		if err != nil {
			return err
		}
		if !fresh { // sent twice: the first code stands
			code = ""
			before, err := find(ctx, tx, stayID, in.Once)
			if err != nil {
				return err
			}
			return writing.Fresh(fresh, before.Kind == c.Kind && before.Subject == c.Subject && before.Side == c.Side && before.Signer == c.Signer && before.Way == c.Way)
		}
		return d.Seen(ctx, tx, h.PatientPIN, "consent.write", stayID)
	})
	if err != nil || code == "" {
		return err
	}
	return send(ctx, d, messages, in.Once, pin, code)
}

// send sends the code to the patient's own phone. It names neither illness nor
// hospital: a message may be read over a shoulder.
func send(ctx context.Context, d *desk.Desk, messages messageapi.API, consentID, pin, code string) error {
	words := d.Site.Texts.Words
	_, err := messages.Send(ctx, messageapi.Message{
		ID: "consent-" + consentID, PIN: pin, Channels: []messageapi.Channel{messageapi.SMS, messageapi.Email}, Secret: true,
		Subject: words("card.consent.code_subject"), Body: words("card.consent.code_body", "Code", code),
	})
	if err != nil {
		return fail.Wrap(err, fail.Conflict, "card.consent.not_sent")
	}
	return nil
}

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%06d", n.Int64()), nil
}

func hash(consentID, code string) string { return id.Hash(consentID + ":" + code) }

// Confirm signs with the code that the patient tells. A wrong one is counted;
// after five, or ten minutes, the consent is asked for anew.
func Confirm(ctx context.Context, d *desk.Desk, stayID, consentID, code string) error {
	wrong := false
	err := d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		c, err := find(ctx, tx, stayID, consentID)
		if err != nil {
			return err
		}
		now := d.Clock.Now()
		if c.State != Asked || now.After(c.CodeUntil) || c.Tries >= mostTry {
			return fail.New(fail.Conflict, "card.consent.code_over")
		}
		if hash(consentID, code) != c.CodeHash {
			wrong = true
			return countTry(ctx, tx, consentID)
		}
		if err := sign(ctx, tx, consentID, now); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "consent.sign", stayID)
	})
	if err == nil && wrong {
		return fail.Fields(fail.Finding{Field: "code", Key: "card.consent.code_wrong"})
	}
	return err
}

// Withdraw notes that the patient took a signed consent back.
func Withdraw(ctx context.Context, d *desk.Desk, stayID, consentID, reason string) error {
	if err := writing.Invalid(writing.Required("withdraw_reason", reason)); err != nil {
		return err
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		h, err := writing.HoldOpen(ctx, d, tx, stayID)
		if err != nil {
			return err
		}
		c, err := find(ctx, tx, stayID, consentID)
		if err != nil {
			return err
		}
		if c.State != Signed {
			return fail.New(fail.Conflict, "card.consent.not_signed")
		}
		if err := withdraw(ctx, tx, consentID, reason, desk.Of(ctx).PIN, d.Clock.Now()); err != nil {
			return err
		}
		return d.Seen(ctx, tx, h.PatientPIN, "consent.withdraw", stayID)
	})
}

// KindWord is the kind in the reader's language.
func KindWord(ctx context.Context, kind string) string {
	return text.T(ctx, "card.consent.kind."+kind) // text: card.consent.kind.*
}

func relationWord(ctx context.Context, relation string) string {
	return text.T(ctx, "card.consent.relation."+relation) // text: card.consent.relation.*
}

// StateWords say who signed when and how, or that it was taken back.
func StateWords(ctx context.Context, c Consent) string {
	who := c.Signer + " (" + relationWord(ctx, c.Relation) + ")"
	switch {
	case c.State == Asked:
		return text.T(ctx, "card.consent.state_asked", "Who", who, "Until", text.Moment(c.CodeUntil))
	case c.State == Withdrawn:
		return text.T(ctx, "card.consent.state_withdrawn", "Who", who, "At", text.Moment(c.WithdrawnAt), "Reason", c.WithdrawReason)
	case c.Way == Code:
		return text.T(ctx, "card.consent.state_code", "Who", who, "At", text.Moment(c.SignedAt), "By", c.ByName)
	}
	return text.T(ctx, "card.consent.state_paper", "Who", who, "At", text.Moment(c.SignedAt), "By", c.ByName)
}
