// Package organisation keeps for which organisations a person acts (ID-9: legal
// entity). Its head binds it, confirmed by the register of organisations and
// staff and by the population register; the head lets others act for it. What is
// bound here goes to systems as the claim "organizations".
package organisation

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/job"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/setting"
	"github.com/sanarip/sanarip/system/identity/internal/throttle"
	"github.com/sanarip/sanarip/system/message/messageapi"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

const recheckWait = 3 * time.Second // how long НИСУР's answer is waited for on the way

var recheckAfter = setting.Time("organisation_recheck", 24*time.Hour, time.Hour, 168*time.Hour, "how long НИСУР's word on who heads an organisation holds", "a head who is dismissed acts for nobody the next day")

// Claiming limits how often one account may ask to bind an organisation.
var Claiming = throttle.Declare(throttle.Limit{Kind: "organisation", Free: 10, Window: time.Hour, Lock: 5 * time.Minute, Longest: time.Hour})

// Role is as whom a person acts for an organisation.
type Role string

// The roles.
const (
	Head           Role = "head"
	Representative Role = "representative" // whom the head lets act for it
)

// State is how far a membership is.
type State string

// The states. One who is invited acts for nobody yet.
const (
	Invited State = "invited"
	Active  State = "active"
	Ended   State = "ended"
)

// Member is a person's place in an organisation.
type Member struct {
	ID        string
	PIN       string
	Code      string // of НИСУР
	INN       string
	Name      text.Words
	Role      Role
	State     State
	By        string // ПИН of the head who let them in, "" for a head
	ByName    string
	Since     time.Time
	CheckedAt time.Time
}

// Register is the population register.
type Register interface {
	Person(ctx context.Context, pin, user, purpose string) (populationapi.Person, error)
}

// Organisations is the subject.
type Organisations struct {
	DB        *db.DB
	Clock     clock.Clock
	Site      *page.Site
	Door      *door.Door
	Throttle  *throttle.Throttle
	Workforce workforceapi.API
	Register  Register
	Lives     setting.Values
	Queue     *job.Queue
	Texts     *text.Catalogue
	Messages  messageapi.API
	Base      string // ЕСИ's address, for the link
	Record    func(ctx context.Context, pin, name, action, object string) error
}

// heads says whether the post is that of who answers for the whole organisation.
func heads(p workforceapi.Post) bool {
	return p.Department == "" && (p.Role == workforceapi.Manager || p.Role == workforceapi.Head)
}

// bind makes the person the head of the organisation that is named by its ИНН
// (14 digits) or its code at НИСУР (6 digits), if НИСУР says so.
func (s *Organisations) bind(ctx context.Context, a account.Account, typed string) error {
	typed = strings.Join(strings.Fields(typed), "")
	if len(typed) != 14 && len(typed) != 6 || strings.Trim(typed, "0123456789") != "" {
		return wrong("number", "identity.organisation.number_form")
	}
	if err := s.Throttle.Try(ctx, Claiming, a.ID); err != nil {
		return err
	}
	person, err := s.Register.Person(ctx, a.PIN, a.PIN, "organisation")
	if fail.Is(err, fail.NotFound) || err == nil && person.Deceased {
		return wrong("number", "identity.organisation.not_registered")
	}
	if err != nil {
		return err
	}
	posts, err := s.Workforce.Posts(ctx, a.PIN)
	if err != nil {
		return err
	}
	for _, post := range posts {
		if !heads(post) {
			continue
		}
		o, err := s.Workforce.Organisation(ctx, post.Organisation)
		if err != nil {
			return err
		}
		if o.Code != typed && o.INN != typed {
			continue
		}
		now := s.Clock.Now()
		m := Member{ID: id.New(), PIN: a.PIN, Code: o.Code, INN: o.INN, Name: o.Name, Role: Head, State: Active, Since: now, CheckedAt: now}
		if err := s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error { return s.raise(ctx, tx, m) }); err != nil {
			return err
		}
		return s.Record(ctx, a.PIN, a.Name(), "organisation.bound", o.Code)
	}
	// An organisation that there is not sounds like one of somebody else's.
	return wrong("number", "identity.organisation.not_head")
}

func wrong(field, key string) error { return fail.Fields(fail.Finding{Field: field, Key: key}) }

// invite lets another person act for the organisation once they agree. Whether
// the ПИН has an account makes no difference and is not told.
func (s *Organisations) invite(ctx context.Context, a account.Account, code, typed string) error {
	digits, err := pin.Parse(typed)
	if err != nil {
		e := fail.As(err)
		return fail.Fields(fail.Finding{Field: "pin", Key: e.Key, Args: e.Args})
	}
	head, err := s.head(ctx, a, code)
	if err != nil {
		return err
	}
	if digits == a.PIN {
		return wrong("pin", "identity.organisation.there")
	}
	m := Member{
		ID: id.New(), PIN: digits, Code: head.Code, INN: head.INN, Name: head.Name, Role: Representative, State: Invited,
		By: a.PIN, ByName: a.Name(), Since: s.Clock.Now(),
	}
	added := false
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if added, err = s.insert(ctx, tx, m); err != nil || !added {
			return err
		}
		return s.tell(ctx, tx, letter{Member: m.ID, News: invitedNews})
	})
	if err != nil {
		return err
	}
	if !added {
		return wrong("pin", "identity.organisation.there")
	}
	return s.Record(ctx, a.PIN, a.Name(), "organisation.invited", code)
}

// head is the person's own membership as the organisation's head, which they
// still are.
func (s *Organisations) head(ctx context.Context, a account.Account, code string) (Member, error) {
	mine, err := s.Current(ctx, a.PIN)
	if err != nil {
		return Member{}, err
	}
	for _, m := range mine {
		if m.Code == code && m.Role == Head {
			return m, nil
		}
	}
	return Member{}, fail.New(fail.Forbidden, "identity.organisation.not_head")
}

// answer takes or declines an invitation, or leaves.
func (s *Organisations) answer(ctx context.Context, a account.Account, memberID string, take bool) error {
	news := leftNews
	if take {
		news = joinedNews
	}
	code, err := s.turn(ctx, memberID, a.PIN, "", take, news)
	if err != nil {
		return err
	}
	action := "organisation.left"
	if take {
		action = "organisation.joined"
	}
	return s.Record(ctx, a.PIN, a.Name(), action, code)
}

// remove ends somebody's membership by the organisation's head.
func (s *Organisations) remove(ctx context.Context, a account.Account, code, memberID string) error {
	if _, err := s.head(ctx, a, code); err != nil {
		return err
	}
	if _, err := s.turn(ctx, memberID, "", code, false, removedNews); err != nil {
		return err
	}
	return s.Record(ctx, a.PIN, a.Name(), "organisation.removed", code)
}

// Current is for whom the person acts today. A head of whom НИСУР was not asked
// for a day is asked about again; one who left acts no more. While НИСУР does not
// answer, its last word holds.
func (s *Organisations) Current(ctx context.Context, digits string) ([]Member, error) {
	members, err := s.of(ctx, digits, Active)
	if err != nil {
		return nil, err
	}
	var current []Member
	for _, m := range members {
		stays := true
		if m.Role == Head && s.Clock.Now().Sub(m.CheckedAt) > s.Lives.Time(recheckAfter) {
			if stays, err = s.recheck(ctx, m); err != nil {
				return nil, err
			}
		}
		if stays {
			current = append(current, m)
		}
	}
	return current, nil
}

func (s *Organisations) recheck(ctx context.Context, m Member) (stays bool, err error) {
	asking, cancel := context.WithTimeout(ctx, recheckWait)
	defer cancel()
	posts, err := s.Workforce.Posts(asking, m.PIN)
	if err != nil {
		return true, nil // its last word holds
	}
	for _, p := range posts {
		stays = stays || heads(p) && p.Organisation == m.Code
	}
	return stays, s.checked(ctx, m.ID, stays)
}

// Claim is the organisation as the claim "organizations" tells it.
type Claim struct {
	INN  string `json:"inn"`
	Code string `json:"code"`
	Name string `json:"name"`
	Role Role   `json:"role"`
}

// Claims are the organisations for systems, in the language of the account.
func (s *Organisations) Claims(ctx context.Context, digits string, lang text.Lang) ([]Claim, error) {
	members, err := s.Current(ctx, digits)
	claims := make([]Claim, 0, len(members))
	for _, m := range members {
		claims = append(claims, Claim{m.INN, m.Code, m.Name.In(lang), m.Role})
	}
	return claims, err
}

// Names are the organisations in the reader's words.
func (s *Organisations) Names(ctx context.Context, digits string) ([]string, error) {
	members, err := s.Current(ctx, digits)
	var names []string
	for _, m := range members {
		names = append(names, m.Name.Here(ctx))
	}
	return names, err
}

// Kept are all memberships of the person, for the download of their data.
func (s *Organisations) Kept(ctx context.Context, a account.Account) ([]any, error) {
	members, err := s.of(ctx, a.PIN, "")
	var all []any
	for _, m := range members {
		all = append(all, struct {
			Claim
			State State     `json:"state"`
			Since time.Time `json:"since"`
		}{Claim{m.INN, m.Code, m.Name.In(a.Lang), m.Role}, m.State, m.Since})
	}
	return all, err
}
