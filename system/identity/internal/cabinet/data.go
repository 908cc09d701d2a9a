package cabinet

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
)

// A person's data are whatever ЕСИ keeps of them. They are told piece by piece,
// so that a long life of sign-ins does not fill the memory.

// Part is a piece of the data that another room keeps: its name in the file, and
// the entries, of which each can be written as JSON.
type Part struct {
	Name string
	Read func(ctx context.Context, a account.Account) ([]any, error)
}

// Keeps adds a part to the person's data.
func (c *Cabinet) Keeps(p Part) { c.parts = append(c.parts, p) }

type ownAccount struct {
	Subject     string    `json:"sub"`
	PIN         string    `json:"pin"`
	FamilyName  string    `json:"family_name"`
	GivenName   string    `json:"given_name"`
	Patronymic  string    `json:"patronymic,omitempty"`
	Sex         string    `json:"sex"`
	BirthDate   string    `json:"birth_date"`
	Citizenship string    `json:"citizenship"`
	Email       string    `json:"email,omitempty"`
	EmailOK     bool      `json:"email_verified"`
	Phone       string    `json:"phone,omitempty"`
	PhoneOK     bool      `json:"phone_verified"`
	Telegram    string    `json:"telegram,omitempty"`
	Lang        text.Lang `json:"lang"`
	Level       string    `json:"level"`
	State       string    `json:"state"`
	Password    bool      `json:"password_set"`
	TOTP        bool      `json:"authenticator_bound"`
	Channel     string    `json:"asked_first,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
}

type ownAgreement struct {
	Version    string    `json:"version"`
	Lang       string    `json:"lang"`
	AcceptedAt time.Time `json:"accepted_at"`
}

type ownConsent struct {
	System     string    `json:"system"`
	Scopes     []string  `json:"scopes"`
	Remembered bool      `json:"remembered"`
	GivenAt    time.Time `json:"given_at"`
}

type ownSession struct {
	Method  string    `json:"method"`
	AMR     []string  `json:"amr"`
	Level   string    `json:"level"`
	Agent   string    `json:"agent"`
	Address string    `json:"address"`
	Created time.Time `json:"created_at"`
	AuthAt  time.Time `json:"auth_at"`
	Seen    time.Time `json:"seen_at"`
}

type ownVisit struct {
	At      time.Time `json:"at"`
	Method  string    `json:"method"`
	Level   string    `json:"level,omitempty"`
	Agent   string    `json:"agent"`
	Address string    `json:"address"`
	System  string    `json:"system,omitempty"`
	Entered bool      `json:"entered"`
}

type ownEvent struct {
	At       time.Time  `json:"at"`
	Kind     string     `json:"kind"`
	Detail   string     `json:"detail,omitempty"`
	Agent    string     `json:"agent,omitempty"`
	Address  string     `json:"address,omitempty"`
	Disowned *time.Time `json:"disowned_at,omitempty"`
}

type ownIncident struct {
	Number   string    `json:"number"`
	Kind     string    `json:"kind"`
	About    string    `json:"about,omitempty"`
	Detail   string    `json:"detail,omitempty"`
	State    string    `json:"state"`
	OpenedAt time.Time `json:"opened_at"`
	Steps    []ownStep `json:"steps,omitempty"`
}

type ownStep struct {
	At    time.Time `json:"at"`
	State string    `json:"state"`
	Note  string    `json:"note,omitempty"`
}

type ownSuspended struct {
	Kind        string     `json:"kind"`
	Detail      string     `json:"detail"`
	AddedAt     time.Time  `json:"added_at"`
	SuspendedAt time.Time  `json:"suspended_at"`
	State       string     `json:"state"`
	DecidedAt   *time.Time `json:"decided_at,omitempty"`
}

// all reads the parts that are short, in the order of the file.
func (c *Cabinet) all(ctx context.Context, a account.Account) ([]Part, error) {
	parts := []Part{
		{"account", c.ownAccount},
		{"agreements", c.ownAgreements},
		{"consents", c.ownConsents},
		{"sessions", c.ownSessions},
		{"sign_ins", c.ownVisits},
		{"events", c.ownEvents},
		{"incidents", c.ownIncidents},
		{"suspended", c.ownSuspended},
	}
	for _, t := range keptTables {
		parts = append(parts, c.keptIn(t))
	}
	return append(parts, c.parts...), ctx.Err()
}

func (c *Cabinet) ownAccount(_ context.Context, a account.Account) ([]any, error) {
	return []any{ownAccount{
		a.ID, a.PIN, a.FamilyName, a.GivenName, a.Patronymic, a.Sex, a.BirthDate.String(), a.Citizenship, a.Email, a.EmailVerified,
		a.Phone, a.PhoneVerified, a.Telegram, a.Lang, string(a.Level), string(a.State), a.HasPassword(), a.HasTOTP(), a.Channel, a.CreatedAt,
	}}, nil
}

func (c *Cabinet) ownAgreements(ctx context.Context, a account.Account) ([]any, error) {
	accepted, err := c.Consents.Agreements(ctx, a.ID)
	var all []any
	for _, each := range accepted {
		all = append(all, ownAgreement{each.Version, string(each.Lang), each.At})
	}
	return all, err
}

func (c *Cabinet) ownConsents(ctx context.Context, a account.Account) ([]any, error) {
	given, err := c.Consents.Of(ctx, a.ID)
	var all []any
	for _, each := range given {
		all = append(all, ownConsent{each.Client, each.Scopes, each.Remembered, each.GivenAt})
	}
	return all, err
}

func (c *Cabinet) ownSessions(ctx context.Context, a account.Account) ([]any, error) {
	sessions, err := c.Sessions.Of(ctx, a.ID)
	var all []any
	for _, s := range sessions {
		all = append(all, ownSession{s.Method, s.AMR, string(s.Level), s.Agent, s.Address, s.Created, s.AuthAt, s.Seen})
	}
	return all, err
}

// kept is more than a year of sign-ins or events can be.
const kept = 100_000

func (c *Cabinet) ownVisits(ctx context.Context, a account.Account) ([]any, error) {
	visits, err := c.Door.Visits(ctx, a.ID, kept)
	all := make([]any, 0, len(visits))
	for _, v := range visits {
		all = append(all, ownVisit{v.At, string(v.Method), string(v.Level), v.Agent, v.Address, v.Client, v.Entered})
	}
	return all, err
}

func (c *Cabinet) ownEvents(ctx context.Context, a account.Account) ([]any, error) {
	events, err := c.Notices.Of(ctx, a.ID, kept)
	all := make([]any, 0, len(events))
	for _, e := range events {
		own := ownEvent{At: e.At, Kind: string(e.Kind), Detail: e.Detail, Agent: e.Agent, Address: e.Address}
		if !e.Disowned.IsZero() {
			own.Disowned = &e.Disowned
		}
		all = append(all, own)
	}
	return all, err
}

func (c *Cabinet) ownIncidents(ctx context.Context, a account.Account) ([]any, error) {
	incidents, err := c.Control.Incidents.Of(ctx, a.ID, kept)
	var all []any
	if err != nil {
		return nil, err
	}
	for _, i := range incidents {
		own := ownIncident{Number: i.Number, Kind: string(i.Kind), About: i.About, Detail: i.Detail, State: string(i.State), OpenedAt: i.At}
		steps, err := c.Control.Incidents.Steps(ctx, i.ID)
		if err != nil {
			return nil, err
		}
		for _, step := range steps {
			own.Steps = append(own.Steps, ownStep{step.At, string(step.State), step.Note})
		}
		all = append(all, own)
	}
	return all, nil
}

func (c *Cabinet) ownSuspended(ctx context.Context, a account.Account) ([]any, error) {
	things, err := c.Control.All(ctx, a.ID)
	var all []any
	for _, t := range things {
		own := ownSuspended{Kind: t.Kind, Detail: t.Detail, AddedAt: t.Added, SuspendedAt: t.Suspended, State: string(t.State)}
		if !t.Decided.IsZero() {
			own.DecidedAt = &t.Decided
		}
		all = append(all, own)
	}
	return all, err
}

// writeJSON writes all data as one object, entry by entry.
func (c *Cabinet) writeJSON(ctx context.Context, w io.Writer, a account.Account) error {
	parts, err := c.all(ctx, a)
	if err != nil {
		return err
	}
	out := &entries{w: w}
	out.text(`{"made_at":`)
	out.value(c.Clock.Now())
	for _, p := range parts {
		values, err := p.Read(ctx, a)
		if err != nil {
			return err
		}
		out.begin(p.Name)
		for _, v := range values {
			out.entry(v)
		}
		out.text("]")
	}
	out.begin("accesses")
	err = c.accesses(ctx, a.PIN, func(r audit.Record) error {
		out.entry(r)
		return out.err
	})
	out.text("]}\n")
	if err == nil {
		err = out.err
	}
	return err
}

// entries writes JSON piece by piece and keeps the first error.
type entries struct {
	w     io.Writer
	err   error
	first bool
}

func (e *entries) text(s string) {
	if e.err == nil {
		_, e.err = io.WriteString(e.w, s)
	}
}

func (e *entries) value(v any) {
	data, err := json.Marshal(v)
	if e.err == nil {
		e.err = err
	}
	e.text(string(data))
}

func (e *entries) begin(name string) {
	e.text(",\n")
	e.value(name)
	e.text(":[")
	e.first = true
}

func (e *entries) entry(v any) {
	if !e.first {
		e.text(",")
	}
	e.first = false
	e.text("\n")
	e.value(v)
}

// membersOf is the names of a JSON object's members in their order.
func membersOf(object []byte) []string {
	var names []string
	decoder := json.NewDecoder(bytes.NewReader(object))
	if _, err := decoder.Token(); err != nil { // {
		return nil
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return names
		}
		names = append(names, name.(string)) //nolint:forcetypeassert // the key of an object is a string
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			return names
		}
	}
	return names
}
