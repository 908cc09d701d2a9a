package form

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/identity/identityapi"
)

// Roles in which people sign a form.
const (
	AsDoctor = "doctor"
	AsHead   = "head"
)

// States of a signature; "" before anybody has asked for it.
const (
	signAsked   = "asked"
	SignSigned  = "signed"
	signRefused = "refused"
	signExpired = "expired"
)

// quickly is how long a page waits for ЕСИ: the form is shown without.
const quickly = 3 * time.Second

// Signature is that of one role under a revision, or what is missing to it.
type Signature struct {
	Ref
	Role, PIN, Name  string // who is to sign
	State            string
	Round            int
	Request, Address string
	Proof            *identityapi.SimpleSignature
	Decided          time.Time
	Check            SignatureCheck
}

// SignatureCheck is what a signature is worth now.
type SignatureCheck struct {
	Valid  bool
	Away   bool   // ЕСИ did not answer
	Reason string // code of identityapi.SignatureVerdict
}

// Signing has forms signed through ЕСИ. An unsigned form is as good as ever:
// nothing waits for a signature.
type Signing struct {
	Desk *desk.Desk
	API  identityapi.SigningAPI // nil: nobody signs, and nothing is checked
}

// NewSigning asks ЕСИ through the exchange.
func NewSigning(d *desk.Desk) Signing {
	return Signing{Desk: d, API: identityapi.SigningClient{Exchange: d.Exchange}}
}

// Of are the two signatures of the sheet's revision: doctor, head of department.
// What ЕСИ awaits is looked for, and what is signed is checked.
func (s Signing) Of(ctx context.Context, sheet Sheet) ([]Signature, error) {
	ref := Ref{sheet.Case.Number, sheet.Case.Revision}
	document, err := documentOf(ctx, s.Desk.DB.Read, ref)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	known, err := signaturesOf(ctx, s.Desk.DB.Read, ref)
	if err != nil {
		return nil, err
	}
	all := []Signature{
		{Ref: ref, Role: AsDoctor, PIN: sheet.Case.Doctor.PIN, Name: sheet.Case.Doctor.Name},
		{Ref: ref, Role: AsHead, PIN: sheet.Case.HeadOfDepartment.PIN, Name: sheet.Case.HeadOfDepartment.Name},
	}
	for i, one := range all {
		if kept, ok := known[one.Role]; ok && kept.PIN == one.PIN {
			kept.Name = one.Name
			all[i] = s.look(ctx, kept, document)
		}
	}
	return all, nil
}

// look asks ЕСИ, for a short while, what became of the request and whether the
// signature holds. Without an answer the page shows what is known.
func (s Signing) look(ctx context.Context, one Signature, document []byte) Signature {
	if s.API == nil {
		one.Check.Away = true
		return one
	}
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	if one.State == signAsked {
		next, err := s.follow(ctx, one, document)
		if err != nil {
			s.Desk.Log.InfoContext(ctx, "what became of a signature is not known", "system", "card", "error", err.Error())
			return one
		}
		one = next
	}
	if one.Proof == nil {
		return one
	}
	v, err := s.API.Check(ctx, identityapi.SignatureCheck{Signature: *one.Proof, SHA256: hashOf(document)})
	if err != nil {
		s.Desk.Log.InfoContext(ctx, "a signature could not be checked", "system", "card", "error", err.Error())
		one.Check = SignatureCheck{Away: true}
		return one
	}
	one.Check = SignatureCheck{Valid: v.Valid, Reason: v.Reason}
	return one
}

// follow keeps what became of ЕСИ's request. A signature is taken only if it is
// this person's, under this very document, and genuine.
func (s Signing) follow(ctx context.Context, one Signature, document []byte) (Signature, error) {
	answer, err := s.API.Signing(ctx, one.Request)
	if err != nil {
		return one, err
	}
	next := one
	next.State, next.Decided = answer.State, s.Desk.Clock.Now()
	switch answer.State {
	case SignSigned:
		hash, proof := hashOf(document), answer.Signature
		if proof == nil || proof.PIN != one.PIN || proof.ID != one.Request || proof.SHA256 != hash {
			return one, fail.New(fail.BadNeighbor, "kit.bad_neighbor")
		}
		v, err := s.API.Check(ctx, identityapi.SignatureCheck{Signature: *proof, SHA256: hash})
		if err != nil {
			return one, err
		}
		if !v.Valid {
			return one, fail.Wrap(fmt.Errorf("the signature does not hold: %s", v.Reason), fail.BadNeighbor, "kit.bad_neighbor")
		}
		next.Proof = proof
	case signRefused, signExpired:
	default:
		return one, nil
	}
	return next, s.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return decideSignature(ctx, tx, next) })
}

// Ask has ЕСИ await the signature of who asks under the newest revision of the
// stay's valid form, and gives the address where they sign.
func (s Signing) Ask(ctx context.Context, stayID string) (string, error) {
	d, staff := s.Desk, desk.Of(ctx)
	record, err := Load(ctx, d.DB.Read, stayID, staff.Post.Organisation, "")
	if err != nil {
		return "", err
	}
	issued, ok, err := Valid(ctx, d.DB.Read, stayID, "")
	if err != nil {
		return "", err
	}
	if !ok {
		return "", fail.New(fail.NotFound, "card.form.no_form")
	}
	last, _, err := Latest(ctx, d.DB.Read, issued.Number, "")
	if err != nil {
		return "", err
	}
	sheet, err := SheetOf(ctx, d.DB.Read, last.Ref)
	if err != nil {
		return "", err
	}
	document, err := s.document(ctx, sheet, issued)
	if err != nil {
		return "", err
	}
	all, err := s.Of(ctx, sheet)
	if err != nil {
		return "", err
	}
	for _, one := range all {
		if one.PIN != staff.PIN || one.State == SignSigned {
			continue
		}
		if one.State == signAsked {
			return one.Address, nil
		}
		return s.ask(ctx, stayID, record.Patient.PIN, one, document)
	}
	return "", fail.New(fail.Forbidden, "card.form.sign_not_yours")
}

func (s Signing) ask(ctx context.Context, stayID, patientPIN string, one Signature, document []byte) (string, error) {
	d, here := s.Desk, s.Desk.BaseURL+"/stays/"+stayID+"/form"
	one.Round++
	number := Grouped(one.Number)
	made, err := s.API.Ask(ctx, identityapi.SigningRequest{
		Reference: fmt.Sprintf("form-%s-%d-%s-%d", one.Number, one.Revision, one.Role, one.Round), PIN: one.PIN, SHA256: hashOf(document),
		Title:    text.Words{KY: "№ 066/у формасы, " + number, RU: "Форма № 066/у, " + number, EN: "Form no. 066/у, " + number},
		Document: here + "/signed.pdf", ReturnTo: here + "/signed",
	})
	if err != nil {
		if fail.Is(err, fail.NotFound) {
			return "", fail.Wrap(err, fail.Conflict, "card.form.sign_no_account")
		}
		return "", err
	}
	if !strings.HasPrefix(made.Address, d.Site.FormHosts[0]+"/") { // people are led to ЕСИ alone
		return "", fail.New(fail.BadNeighbor, "kit.bad_neighbor")
	}
	one.Request, one.Address, one.State = made.ID, made.Address, signAsked
	return made.Address, d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := keepAsked(ctx, tx, one); err != nil {
			return err
		}
		return d.Seen(ctx, tx, patientPIN, "form.sign", one.Number)
	})
}

// document is what is signed under the revision, made when the first asks: the
// paper without any mark, in the language of the state that they work in.
func (s Signing) document(ctx context.Context, sheet Sheet, issued Issued) ([]byte, error) {
	ref := Ref{sheet.Case.Number, sheet.Case.Revision}
	known, err := documentOf(ctx, s.Desk.DB.Read, ref)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return known, err
	}
	lang := text.LangOf(ctx)
	if lang == text.EN {
		lang = text.RU
	}
	pdf, err := sheet.PDF(text.With(ctx, s.Desk.Site.Texts, lang), issued)
	if err != nil {
		return nil, err
	}
	err = s.Desk.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return insertDocument(ctx, tx, ref, pdf, hashOf(pdf), s.Desk.Clock.Now())
	})
	if err != nil {
		return nil, err
	}
	return documentOf(ctx, s.Desk.DB.Read, ref)
}

func hashOf(document []byte) string {
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}
