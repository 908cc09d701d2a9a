package application

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Resolution is what the executor answered.
type Resolution struct {
	Done  bool       `json:"done"`
	Note  string     `json:"note"` // what was done, or why not
	Name  string     `json:"name"`
	Title text.Words `json:"title"` // of the executor's post
}

// resolutionOf is the answer to the application, the zero one before there is any.
func resolutionOf(a Application) Resolution {
	var r Resolution
	_ = json.Unmarshal(a.Result, &r) // written by execute; of another shape it says nothing
	return r
}

// executor is the post by which the person answers applications: by НИСУР, an
// operator at the Centre of E-Health. fail.Forbidden for anybody else.
func (d *Desk) executor(ctx context.Context, p cabinet.Person) (workforceapi.Post, error) {
	posts, err := d.Workforce.Posts(ctx, p.PIN)
	if err != nil {
		return workforceapi.Post{}, err
	}
	i := slices.IndexFunc(posts, func(p workforceapi.Post) bool { return p.Role == workforceapi.Operator })
	if i < 0 {
		return workforceapi.Post{}, fail.New(fail.Forbidden, "portal.execute.no_post")
	}
	return posts[i], nil
}

// executors remembers, for the menu alone, who has such a post.
type executors struct {
	mu    sync.Mutex
	known map[string]remembered // by ПИН
}

type remembered struct {
	executes bool
	at       time.Time
}

// Bounds of what is remembered.
const (
	rememberFor   = 10 * time.Minute
	mostRemember  = 10_000
	longestAsking = 2 * time.Second
)

// Executes says whether the menu leads the person to the executor's list. It may
// be out of date: the list itself asks НИСУР each time.
func (d *Desk) Executes(ctx context.Context, p cabinet.Person) bool {
	now := d.Clock.Now()
	d.executors.mu.Lock()
	known, ok := d.executors.known[p.PIN]
	d.executors.mu.Unlock()
	if ok && now.Sub(known.at) < rememberFor {
		return known.executes
	}
	ctx, cancel := context.WithTimeout(ctx, longestAsking)
	defer cancel()
	_, err := d.executor(ctx, p) // when НИСУР does not answer, the menu does without
	d.executors.mu.Lock()
	defer d.executors.mu.Unlock()
	if d.executors.known == nil || len(d.executors.known) >= mostRemember {
		d.executors.known = map[string]remembered{}
	}
	d.executors.known[p.PIN] = remembered{err == nil, now}
	return err == nil
}

// forExecutor is a signed application with its signature; any other is not there.
func (d *Desk) forExecutor(ctx context.Context, applicationID string) (Application, Signing, error) {
	a, err := find(ctx, d.DB.Read, applicationID)
	if err != nil {
		return a, Signing{}, err
	}
	s, ok := catalogue.Find(a.Service)
	if !ok || !s.Executed() || a.Signature != signSigned {
		return a, Signing{}, fail.New(fail.NotFound, "kit.not_found")
	}
	signing, err := signingOf(ctx, d.DB.Read, applicationID)
	return a, signing, err
}

// execute answers an application. What is done rests on a signature that holds
// at this moment; who is refused is told why.
func (d *Desk) execute(ctx context.Context, p cabinet.Person, post workforceapi.Post, a Application, s Signing, r Resolution) error {
	if r.Done {
		if c := d.check(ctx, s); c.Away {
			return fail.New(fail.Unavailable, "portal.sign.check_away")
		} else if !c.Valid {
			return fail.New(fail.Conflict, "portal.sign.do_not_rely")
		}
	}
	r.Name, r.Title = p.Name, post.Title
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	state, event := Refused, Rejected
	if r.Done {
		state, event = Ready, Executed
	}
	return d.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		known, err := lock(ctx, tx, d.DB.ForUpdate(), a.ID)
		if err != nil {
			return err
		}
		if known != Waiting {
			return fail.New(fail.Conflict, "portal.execute.over")
		}
		now := d.Clock.Now()
		if err := end(ctx, tx, a.ID, state, data, now); err != nil {
			return err
		}
		if err := addEvent(ctx, tx, a.ID, event, "", now); err != nil {
			return err
		}
		if err := d.seenBy(ctx, tx, p, post, a, "execute"); err != nil {
			return err
		}
		return d.notify(ctx, tx, a.ID, a.Number, event)
	})
}

// seenBy records that an executor looked at the application or answered it.
func (d *Desk) seenBy(ctx context.Context, tx *sql.Tx, p cabinet.Person, post workforceapi.Post, a Application, action string) error {
	return d.Seen(ctx, tx, audit.Record{
		Subject: a.PIN, ActorPIN: p.PIN, ActorName: p.Name, ActorRole: post.Title.RU, Organisation: post.OrganisationName.RU,
		Action: action, Purpose: "execution", Object: a.ID,
	})
}
