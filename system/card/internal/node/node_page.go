package node

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/db"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/directory"
	"github.com/sanarip/sanarip/system/card/internal/node/capture"
	"github.com/sanarip/sanarip/system/card/internal/node/number"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Pages show a node how it stands, and the centre how its nodes stand. The zero
// Pages are those of a card that has neither.
type Pages struct {
	Desk   *desk.Desk
	Schema *capture.Schema
	Node   *Node   // nil at the centre
	Centre *Centre // nil at a node
}

// deciders settle what both sides changed.
var deciders = []workforceapi.Role{workforceapi.Head, workforceapi.Statistician, workforceapi.Chief}

// operators decide which of two machines goes on under one name.
var operators = []workforceapi.Role{workforceapi.Operator}

// Mount puts the pages in.
func (p Pages) Mount() {
	p.Desk.Page("GET /node", desk.Anybody, p.statePage)
	p.Desk.Page("POST /node/decide", deciders, p.decidePage)
	if p.Node != nil {
		p.Desk.Page("POST /node/code", deciders, p.codePage)
	}
	if p.Centre != nil {
		p.Desk.Page("POST /node/machine", operators, p.allowPage)
	}
}

// Fill puts the mark into the navigation of every page: while the line is down
// since when, and how much waits; else the count of what is to be decided.
func (p Pages) Fill(ctx context.Context, v *page.View) error {
	staff := desk.Of(ctx)
	if p.Desk == nil || staff.Post.ID == "" {
		return nil
	}
	item := page.NavItem{Key: "card.nav.node", Path: "/node"}
	conflicts, err := CountConflicts(ctx, p.Desk.DB.Read, staff.Post.Organisation)
	if err != nil {
		return err
	}
	item.Badge = page.Badge(conflicts)
	if p.Node == nil {
		if conflicts > 0 || staff.Post.Role == workforceapi.Operator || staff.Post.Role == workforceapi.Manager {
			v.Nav = append(v.Nav, item)
		}
		return nil
	}
	self, _, err := loadSelf(ctx, p.Desk.DB.Read, "")
	if err != nil {
		return err
	}
	if !self.DownSince.IsZero() {
		waiting, _, err := capture.Waiting(ctx, p.Desk.DB.Read, self.Acked)
		if err != nil {
			return err
		}
		item.Key = "card.nav.node_down"
		item.Badge = text.T(ctx, "card.node.badge", "At", text.Moment(self.DownSince), "Count", waiting)
	}
	if self.Halted() {
		item.Key, item.Badge = "card.nav.node_halted", "!"
	}
	v.Nav = append(v.Nav, item)
	return nil
}

// waitingChange is a kind of change that waits at the centre.
type waitingChange struct {
	Node, Table, Reason string
	At                  time.Time
	Count               int
}

type stateOf struct {
	Node      *Self // nil at the centre
	Waiting   int64
	Oldest    time.Time
	Places    []placeOf
	Peers     []peer
	Held      []waitingChange
	Conflicts []matter
	Decided   []matter
	Decider   bool
	Operator  bool
	Few       int64 // numbers fewer than that are marked
	Form      *page.Form
	Now       time.Time
	Name      func(organisation string) string
	Names     map[string]string // hospitals of a node, by its name
}

type placeOf struct {
	Place
	Name text.Words // of the department
}

// what the numbers are for.
func (p placeOf) what(ctx context.Context) string {
	if number.IsSeries(p.Department) {
		return text.T(ctx, "card.node.series."+p.Department) // text: card.node.series.*
	}
	return text.T(ctx, "card.node.form_of", "Department", p.Department+" "+p.Name.Here(ctx))
}

// silentAfter is how long a node may say nothing before the centre's page calls
// it silent: twice the longest card_node_poll.
const silentAfter = 10 * time.Minute

func (p peer) silent(now time.Time) bool { return now.Sub(p.contact) > silentAfter }

// lasted is a time as people say it.
func lasted(ctx context.Context, d time.Duration) string {
	minutes := int(d.Minutes())
	switch {
	case minutes < 1:
		return text.T(ctx, "card.node.moment")
	case minutes < 60:
		return text.T(ctx, "card.node.minutes", "Minutes", minutes)
	case minutes < 48*60:
		return text.T(ctx, "card.node.hours", "Hours", minutes/60, "Minutes", minutes%60)
	}
	return text.T(ctx, "card.node.days", "Days", minutes/60/24, "Hours", minutes/60%24)
}

func (p Pages) statePage(w http.ResponseWriter, r *http.Request) error {
	return p.render(w, r, page.NewForm(), http.StatusOK)
}

func (p Pages) render(w http.ResponseWriter, r *http.Request, form *page.Form, status int) error {
	ctx, q := r.Context(), p.Desk.DB.Read
	staff := desk.Of(ctx)
	v := stateOf{
		Decider: slices.Contains(deciders, staff.Post.Role), Operator: slices.Contains(operators, staff.Post.Role), Form: form, Now: p.Desk.Clock.Now(), Names: map[string]string{},
		Name: func(code string) string { return p.Desk.Directory.Name(ctx, code).Here(ctx) },
	}
	open, err := Conflicts(ctx, q, staff.Post.Organisation, false)
	if err != nil {
		return err
	}
	decided, err := Conflicts(ctx, q, staff.Post.Organisation, true)
	if err != nil {
		return err
	}
	if err := p.Desk.SeenAll(ctx, pinsOf(open, decided), "conflict.read"); err != nil {
		return err
	}
	both := slices.Concat(open, decided)
	called, err := namesOf(ctx, p.Desk, both)
	if err != nil {
		return err
	}
	v.Conflicts, v.Decided = matters(both[:len(open)], called), matters(both[len(open):], called)
	if p.Centre != nil {
		if v.Peers, err = peers(ctx, q); err != nil {
			return err
		}
		if v.Held, err = heldChanges(ctx, q); err != nil {
			return err
		}
		for _, one := range v.Peers {
			v.Names[one.name] = v.names(one.organisations)
		}
		return page.Render(w, r, status, stateView(v))
	}
	self, _, err := loadSelf(ctx, q, "")
	if err != nil {
		return err
	}
	v.Node, v.Few, v.Names[self.Name] = &self, int64(p.Node.Settings.Numbers/4), v.names(self.Organisations)
	var oldest int64
	if v.Waiting, oldest, err = capture.Waiting(ctx, q, self.Acked); err != nil {
		return err
	}
	v.Oldest = db.Time(oldest)
	all, err := places(ctx, q)
	if err != nil {
		return err
	}
	for _, place := range all {
		o, err := p.Desk.Directory.Organisation(ctx, place.Organisation)
		if err != nil {
			o.Code = place.Organisation
		}
		v.Places = append(v.Places, placeOf{place, directory.DepartmentName(o, place.Department)})
	}
	return page.Render(w, r, status, stateView(v))
}

func (v stateOf) names(organisations []string) string {
	var all []string
	for _, o := range organisations {
		all = append(all, v.Name(o))
	}
	return strings.Join(all, ", ")
}

// pinsOf are the ПИН of whom the conflicts are about.
func pinsOf(lists ...[]Conflict) []string {
	var pins []string
	for _, c := range slices.Concat(lists...) {
		pins = append(pins, c.PIN)
	}
	slices.Sort(pins)
	return slices.Compact(pins)
}

func (p Pages) decidePage(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := Decide(r.Context(), p.Desk, p.Schema, form.Get("id"), form.Get("take")); err != nil {
		return err
	}
	page.Notice(w, "card.node.decided_now")
	return page.Redirect(w, r, "/node")
}

func (p Pages) allowPage(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	if err := p.Centre.Allow(r.Context(), p.Desk, form.Get("node"), form.Get("machine")); err != nil {
		return err
	}
	page.Notice(w, "card.node.asks_allowed")
	return page.Redirect(w, r, "/node")
}

func (p Pages) codePage(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	form.Need("code", 40)
	if form.OK() {
		err := p.Node.EnterCode(r.Context(), form.Get("code"))
		if err == nil {
			page.Notice(w, "card.node.code_taken")
			return page.Redirect(w, r, "/node")
		}
		if !form.Take(err) {
			return err
		}
	}
	return p.render(w, r, form, http.StatusUnprocessableEntity)
}

// title is the node's name and its hospitals.
func (v stateOf) title() string {
	if hospitals := v.Names[v.Node.Name]; hospitals != "" {
		return v.Node.Name + " · " + hospitals
	}
	return v.Node.Name
}

// facts are the node's state in lines.
func (v stateOf) facts(ctx context.Context) []design.Row {
	line := text.T(ctx, "card.node.line_up", "At", text.Moment(v.Node.Contact))
	switch {
	case v.Node.Phase == isNew && v.Node.Contact.IsZero():
		line = text.T(ctx, "card.node.line_never")
	case v.Node.Trouble == "card.node.copied" || v.Node.Trouble == "card.node.too_often": // said over the line
		line = text.T(ctx, v.Node.Trouble) // text: card.node.*
	case !v.Node.DownSince.IsZero():
		line = text.T(ctx, "card.node.line_down", "At", text.Moment(v.Node.DownSince), "Lasted", lasted(ctx, v.Now.Sub(v.Node.DownSince)))
	}
	waiting := text.T(ctx, "card.node.none")
	if v.Waiting > 0 {
		waiting = text.T(ctx, "card.node.waiting_since", "Count", v.Waiting, "At", text.Moment(v.Oldest))
	}
	return []design.Row{
		{Key: text.T(ctx, "card.node.name"), Value: v.title()},
		{Key: text.T(ctx, "card.node.line"), Value: line},
		{Key: text.T(ctx, "card.node.waiting"), Value: waiting},
		{Key: text.T(ctx, "card.node.handed"), Value: text.Moment(v.Node.Handed)},
		{Key: text.T(ctx, "card.node.held_there"), Value: strconv.FormatInt(v.Node.HeldThere, 10)},
		{Key: text.T(ctx, "card.node.phase"), Value: text.T(ctx, "card.node.phase."+v.Node.Phase)}, // text: card.node.phase.*
	}
}

// why says what is in the way, and what to do where people have to.
func (h waitingChange) why(ctx context.Context) string {
	if h.Table == "patient" && h.Reason == "unique" {
		return text.T(ctx, "card.node.held_person")
	}
	if h.Table == "patient_merge" && h.Reason == "unique" {
		return text.T(ctx, "card.node.held_merge")
	}
	return text.T(ctx, "card.node.held."+h.Reason) // text: card.node.held.*
}

func codeField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "code", "card.node.code")
	f.Hint, f.MaxLength, f.Autocomplete = text.T(ctx, "card.node.code_hint"), 40, "off"
	return f
}

// stopped says why no numbers are given, and stoppedWhy what comes of it.
func (v stateOf) stopped(ctx context.Context) string {
	switch v.Node.HaltReason {
	case isCopied:
		return text.T(ctx, "card.node.copied_title")
	case isMoved:
		return text.T(ctx, "card.node.moved")
	}
	return text.T(ctx, "card.node.halted")
}

func (v stateOf) stoppedWhy(ctx context.Context) string {
	switch v.Node.HaltReason {
	case isCopied:
		return text.T(ctx, "card.node.copied_why", "Challenge", v.Node.Challenge())
	case isMoved:
		return text.T(ctx, "card.node.moved_why")
	}
	return text.T(ctx, "card.node.halted_why")
}
