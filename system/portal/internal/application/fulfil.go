package application

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
)

type task struct {
	Application string `json:"application"`
	Event       string `json:"event,omitempty"`
	Round       int    `json:"round,omitempty"` // of asking for a signature
	Step        int    `json:"step,omitempty"`  // of looking for it
}

func (d *Desk) fulfilJob(ctx context.Context, j job.Job) error {
	var t task
	if err := j.Bind(&t); err != nil {
		return err
	}
	return d.fulfil(ctx, t.Application)
}

// fulfil asks the provider and keeps its answer. Done twice it changes nothing.
func (d *Desk) fulfil(ctx context.Context, applicationID string) error {
	a, err := find(ctx, d.DB.Read, applicationID)
	if err != nil || a.State != Waiting {
		return err
	}
	result, err := d.ask(ctx, a)
	state, event := Ready, Answered
	if fail.Is(err, fail.NotFound) {
		state, event, result, err = Refused, Declined, nil, nil
	}
	if err != nil {
		return err
	}
	data := []byte{}
	if result != nil {
		if data, err = json.Marshal(result); err != nil {
			return err
		}
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := d.Clock.Now()
		known, err := lock(ctx, tx, d.DB.ForUpdate(), a.ID)
		if err != nil || known != Waiting {
			return err // the job and the page met: one was first
		}
		if err := end(ctx, tx, a.ID, state, data, now); err != nil {
			return err
		}
		if err := addEvent(ctx, tx, a.ID, event, "", now); err != nil {
			return err
		}
		if state == Ready {
			if err := d.Seen(ctx, tx, audit.Record{Subject: a.PIN, ActorPIN: a.PIN, ActorName: a.Applicant, Action: "fetch", Purpose: "own-request", Object: a.ID}); err != nil {
				return err
			}
		}
		return d.notify(ctx, tx, a.ID, a.Number, event)
	})
}

// ask gets the data from the provider through the exchange. What comes back
// must be about the person who asked.
func (d *Desk) ask(ctx context.Context, a Application) (any, error) {
	switch a.Service {
	case catalogue.DischargeSummary:
		stay := a.Input.Stay
		if stay == "" {
			heads, err := d.Card.Summaries(ctx, a.PIN)
			if err != nil {
				return nil, err
			}
			if len(heads) == 0 {
				return nil, fail.New(fail.NotFound, "kit.not_found")
			}
			stay = heads[0].Stay
		}
		summary, err := d.Card.Summary(ctx, a.PIN, stay)
		if err == nil && summary.PatientPIN != a.PIN {
			return nil, fail.New(fail.BadNeighbor, "kit.bad_neighbor")
		}
		return summary, err
	case catalogue.PersonData:
		person, err := d.Population.Person(ctx, a.PIN, a.PIN, "own-request")
		if err == nil && person.PIN != a.PIN {
			return nil, fail.New(fail.BadNeighbor, "kit.bad_neighbor")
		}
		return person, err
	}
	return nil, fmt.Errorf("nobody answers the service %s", a.Service)
}

func (d *Desk) notify(ctx context.Context, tx *sql.Tx, applicationID, number, event string) error {
	_, err := d.Queue.Add(ctx, tx, JobNotify, task{Application: applicationID, Event: event}, job.Options{Unique: applicationID + event, Subject: number})
	return err
}

// notifyJob tells the person through the state message system (PT-11). The
// message names the service, never what is in the answer.
func (d *Desk) notifyJob(ctx context.Context, j job.Job) error {
	var t task
	if err := j.Bind(&t); err != nil {
		return err
	}
	a, err := find(ctx, d.DB.Read, t.Application)
	if err != nil {
		return err
	}
	service, ok := catalogue.Find(a.Service)
	if !ok {
		return fmt.Errorf("the service %s is not in the catalogue", a.Service)
	}
	subject, body := d.said(t.Event, service, a)
	_, err = d.Messages.Send(ctx, messageapi.Message{
		ID: "portal-" + a.ID + "-" + t.Event, PIN: a.PIN, Channels: []messageapi.Channel{messageapi.Mailbox, messageapi.Email},
		Subject: subject, Body: body, Link: d.BaseURL + "/my/applications/" + a.ID,
	})
	return err
}

func (d *Desk) said(event string, s catalogue.Service, a Application) (subject, body text.Words) {
	in := func(key string) text.Words {
		say := func(l text.Lang) string {
			return d.Texts.Say(l, key, map[string]any{"Service": s.Title.In(l), "Number": a.Number, "When": text.Moment(a.Created), "Count": s.Days})
		}
		// Not Catalogue.Words: the service's name is in the language of the sentence.
		return text.Words{KY: say(text.KY), RU: say(text.RU), EN: say(text.EN)}
	}
	switch event {
	case Answered:
		return in("portal.notice.ready_subject"), in("portal.notice.ready_body")
	case Declined:
		return in("portal.notice.refused_subject"), in("portal.notice.refused_body")
	case Signed:
		return in("portal.notice.signed_subject"), in("portal.notice.signed_body")
	case RunOut:
		return in("portal.notice.run_out_subject"), in("portal.notice.run_out_body")
	case Executed:
		return in("portal.notice.executed_subject"), in("portal.notice.executed_body")
	case Rejected:
		return in("portal.notice.rejected_subject"), in("portal.notice.rejected_body")
	}
	return in("portal.notice.awaited_subject"), in("portal.notice.awaited_body")
}
