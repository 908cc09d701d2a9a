package application

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/document"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/identityapi"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
)

// States of a signature under an application.
const (
	signUnsigned = "unsigned" // the person has not gone to ЕСИ yet
	signAsked    = "asked"    // ЕСИ awaits the person
	signSigned   = "signed"
	signRefused  = "refused"
	signExpired  = "expired"
)

// Signing is the signature under an application, or what is missing to it.
type Signing struct {
	Application      string
	Document         []byte // exactly what is signed
	SHA256           string // of the document, as it was when it was made
	State            string
	Round            int
	Request, Address string
	Proof            *identityapi.SimpleSignature
	Decided          time.Time
}

// open says that the person may still sign or take the application back.
func (s Signing) open() bool { return s.State != signSigned }

// hash is the SHA-256 of the document as it is now.
func (s Signing) hash() string {
	sum := sha256.Sum256(s.Document)
	return hex.EncodeToString(sum[:])
}

// prepare makes the document that the person will sign, once; it follows from
// what is stored, so that made twice it is the same.
func (d *Desk) prepare(ctx context.Context, a Application) (Signing, error) {
	known, err := signingOf(ctx, d.DB.Read, a.ID)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return known, err
	}
	s := Signing{Application: a.ID, State: signUnsigned}
	if s.Document, err = d.document(ctx, a); err != nil {
		return s, err
	}
	s.SHA256 = s.hash()
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return insertSigning(ctx, tx, s, d.Clock.Now()) })
	if err != nil {
		return s, err
	}
	return signingOf(ctx, d.DB.Read, a.ID)
}

// document sets the application on paper, in the language in which it was filled in.
func (d *Desk) document(ctx context.Context, a Application) ([]byte, error) {
	service, ok := catalogue.Find(a.Service)
	if !ok {
		return nil, fmt.Errorf("the service %s is not in the catalogue", a.Service)
	}
	ctx = d.In(ctx, a.Input.Lang)
	paper := document.New(document.Options{
		Title: service.Title.Here(ctx), Subtitle: text.T(ctx, "portal.paper.subtitle"), Issuer: text.T(ctx, "portal.title"),
		Number: "№ " + a.Number, Lang: a.Input.Lang, At: a.Created, Note: text.T(ctx, "portal.paper.note", "Address", d.CheckSite),
	})
	paper.Rows(rows(asked(ctx, a, service))...)
	return paper.PDF()
}

// line is a name and what stands in the application under it.
type line struct{ key, value string }

// asked is what the person applies for, line by line: on the page as on paper.
func asked(ctx context.Context, a Application, s catalogue.Service) []line {
	return []line{
		{text.T(ctx, "portal.paper.to"), s.Provider.Here(ctx)},
		{text.T(ctx, "portal.order.applicant"), a.Applicant},
		{text.T(ctx, "portal.doc.pin"), pin.Grouped(a.PIN)},
		{text.T(ctx, "portal.paper.filed"), text.Moment(a.Created)},
		{text.T(ctx, "portal.order.wrong"), a.Input.Wrong},
		{text.T(ctx, "portal.order.right"), a.Input.Right},
	}
}

func rows(lines []line) []document.Row {
	all := make([]document.Row, 0, len(lines))
	for _, l := range lines {
		all = append(all, document.Row{Key: l.key, Value: l.value})
	}
	return all
}

// askSignature has ЕСИ await the person's signature and gives the address where
// they sign. A request that was refused or ran out is followed by a new one.
func (d *Desk) askSignature(ctx context.Context, a Application) (string, error) {
	s, err := d.prepare(ctx, a)
	if err != nil {
		return "", err
	}
	if s, err = d.follow(ctx, a, s); err != nil {
		return "", err
	}
	switch {
	case a.State != Waiting || s.State == signSigned:
		return "", fail.New(fail.Conflict, "portal.sign.over")
	case s.hash() != s.SHA256: // what the person would sign is not what they wrote
		return "", fail.New(fail.Conflict, "portal.sign.changed")
	case s.State == signAsked:
		return s.Address, nil
	}
	service, _ := catalogue.Find(a.Service)
	title := text.Words{KY: service.Title.KY + ", № " + a.Number, RU: service.Title.RU + ", № " + a.Number, EN: service.Title.EN + ", No. " + a.Number}
	here, round := d.BaseURL+"/my/applications/"+a.ID, s.Round+1
	made, err := d.Signatures.Ask(ctx, identityapi.SigningRequest{
		Reference: fmt.Sprintf("application-%s-%d", a.ID, round), PIN: a.PIN, Title: title, SHA256: s.SHA256,
		Document: here + "/application.pdf", ReturnTo: here + "/signed",
	})
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(made.Address, d.Site.FormHosts[0]+"/") { // people are led to ЕСИ alone
		return "", fail.New(fail.BadNeighbor, "kit.bad_neighbor")
	}
	return made.Address, d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := setAsked(ctx, tx, a.ID, round, made.ID, made.Address); err != nil {
			return err
		}
		return d.planFollow(ctx, tx, task{Application: a.ID, Round: round})
	})
}

// follow asks ЕСИ what became of its request and keeps the answer. A signature
// is taken only if it is this person's, under this very document, and genuine.
func (d *Desk) follow(ctx context.Context, a Application, s Signing) (Signing, error) {
	if s.State != signAsked {
		return s, nil
	}
	answer, err := d.Signatures.Signing(ctx, s.Request)
	if err != nil {
		return s, err
	}
	next, event, detail := s, "", ""
	next.Decided = d.Clock.Now()
	switch answer.State {
	case signSigned:
		if err := d.genuine(ctx, a, s, answer.Signature); err != nil {
			return s, err
		}
		next.State, next.Proof, event, detail = signSigned, answer.Signature, Signed, answer.Signature.ID
	case signRefused:
		next.State, event = signRefused, Unsigned
	case signExpired:
		next.State, event = signExpired, RunOut
	default:
		return s, nil
	}
	kept := false
	err = d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		state, err := lock(ctx, tx, d.DB.ForUpdate(), a.ID)
		if err != nil || state != Waiting {
			return err // taken back at the same moment
		}
		if kept, err = decideSigning(ctx, tx, s, next); err != nil || !kept {
			return err // the page and the job met: one was first
		}
		if err := addEvent(ctx, tx, a.ID, event, "", next.Decided); err != nil {
			return err
		}
		if next.State == signRefused {
			return nil // they know
		}
		if next.State == signSigned {
			if err := addEvent(ctx, tx, a.ID, Filed, a.Number, next.Decided.Add(time.Microsecond)); err != nil {
				return err
			}
			if err := d.Seen(ctx, tx, audit.Record{Subject: a.PIN, ActorPIN: a.PIN, ActorName: a.Applicant, Action: "sign", Purpose: "own-request", Object: detail}); err != nil {
				return err
			}
		}
		return d.notify(ctx, tx, a.ID, a.Number, event)
	})
	if err != nil {
		return s, err
	}
	if kept {
		return next, nil
	}
	return signingOf(ctx, d.DB.Read, a.ID)
}

// genuine holds ЕСИ's answer against what was asked.
func (d *Desk) genuine(ctx context.Context, a Application, s Signing, proof *identityapi.SimpleSignature) error {
	if proof == nil || proof.PIN != a.PIN || proof.ID != s.Request || proof.SHA256 != s.SHA256 || s.hash() != s.SHA256 {
		return fail.New(fail.BadNeighbor, "portal.sign.changed")
	}
	v, err := d.Signatures.Check(ctx, identityapi.SignatureCheck{Signature: *proof, SHA256: s.hash()})
	if err == nil && !v.Valid {
		err = fail.Wrap(fmt.Errorf("the signature does not hold: %s", v.Reason), fail.BadNeighbor, "portal.sign.changed")
	}
	return err
}

// waits are after how long ЕСИ is asked again for a person who did not come back
// by themselves; the last is repeated.
var waits = []time.Duration{10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

func (d *Desk) planFollow(ctx context.Context, tx *sql.Tx, t task) error {
	_, err := d.Queue.Add(ctx, tx, JobFollow, t, job.Options{
		Unique: fmt.Sprintf("%s-%d-%d", t.Application, t.Round, t.Step), At: d.Clock.Now().Add(waits[min(t.Step, len(waits)-1)]),
	})
	return err
}

// followJob learns of a signature even if the person never comes back.
func (d *Desk) followJob(ctx context.Context, j job.Job) error {
	var t task
	if err := j.Bind(&t); err != nil {
		return err
	}
	a, err := find(ctx, d.DB.Read, t.Application)
	if err != nil || a.State != Waiting {
		return err
	}
	s, err := signingOf(ctx, d.DB.Read, a.ID)
	if err != nil || s.Round != t.Round || s.State != signAsked {
		return err
	}
	if s, err = d.follow(ctx, a, s); err != nil || s.State != signAsked {
		return err
	}
	t.Step++
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return d.planFollow(ctx, tx, t) })
}

// takeBack ends an application that the person has not signed.
func (d *Desk) takeBack(ctx context.Context, a Application) error {
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		state, err := lock(ctx, tx, d.DB.ForUpdate(), a.ID)
		if err != nil {
			return err
		}
		s, err := signingOf(ctx, tx, a.ID)
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // none: the page with its document was never opened
			return err
		}
		if state != Waiting || !s.open() {
			return fail.New(fail.Conflict, "portal.sign.over")
		}
		now := d.Clock.Now()
		if err := end(ctx, tx, a.ID, Refused, nil, now); err != nil {
			return err
		}
		return addEvent(ctx, tx, a.ID, Taken, "", now)
	})
}

// Check is what a signature is worth now.
type Check struct {
	Valid  bool
	Away   bool   // ЕСИ did not answer
	Reason string // code of identityapi.SignatureVerdict
}

// check holds the signature against the document as it is kept today.
func (d *Desk) check(ctx context.Context, s Signing) Check {
	if s.Proof == nil {
		return Check{}
	}
	quick, cancel := context.WithTimeout(ctx, atOnce)
	defer cancel()
	v, err := d.Signatures.Check(quick, identityapi.SignatureCheck{Signature: *s.Proof, SHA256: s.hash()})
	if err != nil {
		d.Log.InfoContext(ctx, "a signature could not be checked", "system", "portal", "error", err.Error())
		return Check{Away: true}
	}
	return Check{Valid: v.Valid, Reason: v.Reason}
}
