package cloud

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/signature/signatureapi"
)

// The jobs: they know a person by ПИН and find out themselves whether there is
// anything to do, so that asking takes as long for whoever is asked about.
const (
	codeJob = "cloud-code"
	lockJob = "cloud-lock"
)

type codeOrder struct {
	PIN  string `json:"pin"`
	Long bool   `json:"long"`
}

// Register tells the queue who mails PINs.
func (s *Service) Register() {
	s.Queue.Handle(codeJob, job.Policy{}, s.mailCode)
	s.Queue.Handle(lockJob, job.Policy{}, s.mailLock)
}

// holder is who asks through the exchange.
func holder(ctx context.Context) (string, error) {
	caller := exchangeapi.CallerOf(ctx)
	if caller.Client == (exchangeapi.Subsystem{}) {
		return "", fail.New(fail.Forbidden, "kit.exchange_only")
	}
	return caller.Client.String(), nil
}

// Begin implements signatureapi.CloudAPI.
func (s *Service) Begin(ctx context.Context, r signatureapi.PINRequest) error {
	number, err := pin.Parse(r.PIN)
	if err != nil {
		return err
	}
	if r.Method != signatureapi.Email {
		return fail.Fields(fail.Finding{Field: "method", Key: "signature.cloud.bad_method"})
	}
	if _, err := s.try(ctx, mailLimit, number); err != nil {
		return err
	}
	long, err := s.locked(ctx, pinLimit, number)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := s.Queue.Add(ctx, tx, codeJob, codeOrder{PIN: number, Long: long}, job.Options{})
		return err
	})
}

// mailCode makes the PIN of the job good in place of those before it, and mails it.
func (s *Service) mailCode(ctx context.Context, j job.Job) error {
	var order codeOrder
	if err := j.Bind(&order); err != nil {
		return err
	}
	code, err := s.code(j.ID, order.Long)
	if err != nil {
		return err
	}
	hash, err := s.hash(order.PIN, code)
	if err != nil {
		return err
	}
	var p person
	good := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		good = false
		var err error
		if p, err = findPerson(ctx, tx, order.PIN, s.DB.ForUpdate()); errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		if valid, err := s.Authority.Good(ctx, tx, p.serial); err != nil || !valid {
			return err
		}
		good, err = putCode(ctx, tx, j.ID, order.PIN, hash, s.Clock.Now())
		return err
	})
	if err != nil || !good {
		return err // nobody's, spent already, or a newer one was mailed
	}
	body := s.Texts.Words("signature.cloud.code_body", "Code", shown(code))
	if order.Long {
		body = s.Texts.Words("signature.cloud.long_body", "Code", shown(code))
	}
	_, err = s.Messages.Send(ctx, messageapi.Message{
		ID: "signature-" + j.ID, Address: p.email, Channels: []messageapi.Channel{messageapi.Email}, Lang: p.lang, Secret: true,
		Subject: s.Texts.Words("signature.cloud.code_subject"), Body: body,
	})
	return err
}

// mailLock tells the owner that somebody has tried wrong PINs.
func (s *Service) mailLock(ctx context.Context, j job.Job) error {
	var order codeOrder
	if err := j.Bind(&order); err != nil {
		return err
	}
	p, err := findPerson(ctx, s.DB.Read, order.PIN, "")
	if errors.Is(err, sql.ErrNoRows) || err == nil && p.handle == "" {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.Messages.Send(ctx, messageapi.Message{
		ID: "signature-" + j.ID, Address: p.email, Channels: []messageapi.Channel{messageapi.Email}, Lang: p.lang,
		Subject: s.Texts.Words("signature.cloud.lock_subject"), Body: s.Texts.Words("signature.cloud.lock_body", "Count", int(pinLimit.free)),
	})
	return err
}

// Auth implements signatureapi.CloudAPI.
func (s *Service) Auth(ctx context.Context, a signatureapi.CloudAuth) (signatureapi.CloudToken, error) {
	by, err := holder(ctx)
	if err != nil {
		return signatureapi.CloudToken{}, err
	}
	return s.auth(ctx, by, a)
}

// auth spends the PIN: of parallel uses one succeeds.
func (s *Service) auth(ctx context.Context, by string, a signatureapi.CloudAuth) (signatureapi.CloudToken, error) {
	var out signatureapi.CloudToken
	wrong := fail.New(fail.Invalid, "signature.cloud.wrong_pin")
	number, err := pin.Parse(a.PIN)
	if err != nil {
		return out, err
	}
	code, long, ok := typed(a.OneTime)
	if !ok {
		return out, wrong
	}
	locking := false
	if !long { // a long one is beyond guessing, and works in spite of the lock
		if locking, err = s.try(ctx, pinLimit, number); err != nil {
			return out, err
		}
	}
	hash, err := s.hash(number, code)
	if err != nil {
		return out, err
	}
	now := s.Clock.Now()
	token := id.Secret()
	out = signatureapi.CloudToken{Token: token, PIN: number, CreatedAt: now, ExpiresAt: now.Add(tokenLife)}
	spent := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if spent, err = spendCode(ctx, tx, number, hash, now, now.Add(-codeLife)); err != nil {
			return err
		}
		if !spent {
			return s.refused(ctx, tx, number, by, locking)
		}
		p, err := findPerson(ctx, tx, number, "")
		if err != nil {
			return err
		}
		if valid, err := s.Authority.Good(ctx, tx, p.serial); err != nil || !valid {
			return errors.Join(err, wrong) // revoked since: nothing is changed, the PIN among it
		}
		out.Name = p.name()
		if err := insertToken(ctx, tx, id.Hash(token), number, by, out.CreatedAt, out.ExpiresAt); err != nil {
			return err
		}
		if err := s.record(ctx, tx, p, by, "cloud.opened", ""); err != nil {
			return err
		}
		_, err = s.Queue.Add(ctx, tx, codeJob, codeOrder{PIN: number}, job.Options{})
		return err
	})
	if err != nil {
		return signatureapi.CloudToken{}, err
	}
	if !spent {
		return signatureapi.CloudToken{}, wrong
	}
	return out, s.clear(ctx, pinLimit, number)
}

// refused records a wrong PIN of whoever there is, and tells the owner of the
// lock that it brought.
func (s *Service) refused(ctx context.Context, tx *sql.Tx, number, by string, locking bool) error {
	if err := s.record(ctx, tx, person{pin: number}, by, "cloud.refused", ""); err != nil || !locking {
		return err
	}
	_, err := s.Queue.Add(ctx, tx, lockJob, codeOrder{PIN: number}, job.Options{})
	return err
}

// record writes what was done with a person's key. A person without a name is
// not known to be the one who did it.
func (s *Service) record(ctx context.Context, q db.Querier, p person, by, action, object string) error {
	r := audit.Record{
		Subject: p.pin, ActorName: p.name(), Organisation: by, Via: "signature", Action: action, Purpose: "signature", Object: object,
		RequestID: exchangeapi.CallerOf(ctx).ID,
	}
	if r.ActorName != "" {
		r.ActorPIN = p.pin
	}
	return audit.Add(ctx, q, s.Clock, r)
}
