package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/place"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/identity/internal/account"
	"github.com/sanarip/sanarip/system/identity/internal/door"
	"github.com/sanarip/sanarip/system/identity/internal/factor"
)

func (c *Console) home(w http.ResponseWriter, r *http.Request, o operator) error {
	return c.showHome(w, r, o, http.StatusOK, page.NewForm())
}

func (c *Console) showHome(w http.ResponseWriter, r *http.Request, o operator, status int, form *page.Form) error {
	looks, err := c.looks(r.Context(), o.PIN, c.Clock.Now())
	if err != nil {
		return err
	}
	return page.Render(w, r, status, homePage(form, looks))
}

func (c *Console) searchPerson(w http.ResponseWriter, r *http.Request, o operator) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	digits, err := pin.Parse(form.Get("pin"))
	if err != nil {
		form.Fail("pin", fail.As(err).Key)
	}
	why := reason(form)
	if !form.OK() {
		return c.showHome(w, r, o, http.StatusUnprocessableEntity, form)
	}
	lookID, err := c.open(r.Context(), o, digits, why)
	if err != nil {
		return err
	}
	if lookID == "" {
		form.Fail("pin", "identity.console.no_account")
		return c.showHome(w, r, o, http.StatusNotFound, form)
	}
	return page.Redirect(w, r, "/console/people/"+lookID)
}

func (c *Console) person(w http.ResponseWriter, r *http.Request, o operator) error {
	return c.showPerson(w, r, o, http.StatusOK, page.NewForm())
}

func (c *Console) showPerson(w http.ResponseWriter, r *http.Request, o operator, status int, form *page.Form) error {
	l, a, err := c.opened(r.Context(), o, r.PathValue("look"))
	if err != nil {
		return err
	}
	s, err := c.state(r.Context(), o, l, a)
	if err != nil {
		return err
	}
	return page.Render(w, r, status, personPage(s, form))
}

// actions are what the page offers, in order.
var actions = []string{unlock, endSessions, freeze, thaw, block, unblock}

func (c *Console) actOn(w http.ResponseWriter, r *http.Request, o operator) error {
	l, a, err := c.opened(r.Context(), o, r.PathValue("look"))
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	action := form.Get("action")
	if !slices.Contains(actions, action) {
		return fail.New(fail.BadRequest, "kit.bad_request")
	}
	why := reason(form)
	if !form.OK() {
		return c.showPerson(w, r, o, http.StatusUnprocessableEntity, form)
	}
	if err := c.act(r.Context(), o, l, a, action, why); err != nil {
		return err
	}
	page.Notice(w, "identity.console.did."+action) // text: identity.console.did.*
	return page.Redirect(w, r, "/console/people/"+l.id)
}

// choices are the actions that make sense now, as buttons of one form: the
// reason is written once.
func (s state) choices() []string {
	if s.own {
		return nil
	}
	var some []string
	for _, each := range actions {
		if s.may(each) {
			some = append(some, each)
		}
	}
	return some
}

func actionStyle(action string) string {
	switch action {
	case block:
		return "danger"
	case unlock, unblock:
		return ""
	}
	return "secondary"
}

func stateTone(a account.Account, now time.Time) string {
	switch {
	case a.State == account.Blocked:
		return "danger"
	case a.State == account.Closed:
		return "neutral"
	case a.Frozen(now):
		return "attention"
	}
	return "done"
}

func stateWord(ctx context.Context, a account.Account, now time.Time) string {
	if a.State == account.Active && a.Frozen(now) {
		return text.T(ctx, "identity.console.state.frozen", "Until", text.Moment(a.FrozenUntil))
	}
	return text.T(ctx, "identity.console.state."+string(a.State)) // text: identity.console.state.*
}

func (s state) summary(ctx context.Context) []design.Row {
	rows := []design.Row{
		{Key: text.T(ctx, "identity.pin"), Value: pin.Grouped(s.PIN)},
		{Key: text.T(ctx, "identity.cabinet.birth"), Value: text.Date(s.BirthDate)},
		{Key: text.T(ctx, "identity.console.level"), Value: levelWord(ctx, string(s.Level))},
		{Key: text.T(ctx, "identity.cabinet.phone"), Value: masked(ctx, factor.MaskPhone, s.Phone, s.PhoneVerified)},
		{Key: text.T(ctx, "identity.cabinet.email"), Value: masked(ctx, factor.MaskEmail, s.Email, s.EmailVerified)},
		{Key: text.T(ctx, "identity.console.created"), Value: text.Moment(s.CreatedAt)},
		{Key: text.T(ctx, "identity.console.reason"), Value: s.look.reason},
		{Key: text.T(ctx, "identity.console.open_until"), Value: text.Moment(s.look.expires)},
	}
	return rows
}

func masked(ctx context.Context, mask func(string) string, value string, verified bool) string {
	switch {
	case value == "":
		return "—"
	case !verified:
		return mask(value) + " · " + text.T(ctx, "identity.console.unverified")
	}
	return mask(value)
}

func levelWord(ctx context.Context, level string) string {
	if level == "" {
		return "—"
	}
	return text.T(ctx, "identity.console.level."+level) // text: identity.console.level.*
}

func factorWord(ctx context.Context, k factor.Kind) string {
	return text.T(ctx, "identity.factors."+string(k)) // text: identity.factors.*
}

func (s state) waysIn(ctx context.Context) []string {
	var ways []string
	if s.HasPassword() {
		ways = append(ways, text.T(ctx, "identity.password"))
	}
	for _, k := range s.factors {
		ways = append(ways, factorWord(ctx, k))
	}
	if s.backup > 0 {
		ways = append(ways, text.T(ctx, "identity.console.backup_left", "Count", s.backup))
	}
	return ways
}

// methodWord is the name of a way of signing in.
func methodWord(ctx context.Context, m door.Method) string {
	return text.T(ctx, "identity.console.method."+string(m)) // text: identity.console.method.*
}

func counterRows(ctx context.Context, all []counter) [][]design.Cell {
	var rows [][]design.Cell
	for _, each := range all {
		locked := "—"
		if !each.Locked.IsZero() {
			locked = clockTime(each.Locked)
		}
		rows = append(rows, []design.Cell{
			{Text: text.T(ctx, each.key)}, {Text: strconv.FormatInt(each.Count, 10)}, {Text: strconv.FormatInt(each.limit.Free, 10)}, {Text: locked},
		})
	}
	return rows
}

func clockTime(t time.Time) string { return t.In(clock.Bishkek).Format("15:04:05") }

func visitRows(ctx context.Context, all []door.Visit) [][]design.Cell {
	var rows [][]design.Cell
	for _, v := range all {
		outcome := text.T(ctx, "identity.console.refused")
		if v.Entered {
			outcome = text.T(ctx, "identity.console.entered")
		}
		rows = append(rows, []design.Cell{
			{Text: moment(v.At)},
			{Text: outcome},
			{Text: methodWord(ctx, v.Method)},
			{Text: levelWord(ctx, string(v.Level))},
			{Text: orDash(v.Client)},
			{Text: orDash(v.Agent)},
			{Text: orDash(place.Here(ctx, v.Address))},
		})
	}
	return rows
}

// moment is a time to the second, as those who look for causes need it.
func moment(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(clock.Bishkek).Format("02.01.2006 15:04:05")
}

func orDash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func columns(ctx context.Context, keys ...string) []design.Column {
	all := make([]design.Column, len(keys))
	for i, key := range keys {
		all[i].Label = text.T(ctx, key)
	}
	return all
}
