package antenatal

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/gestation"
)

var lists = []string{ListOpen, ListDue, ListMissed, ListWarned, ListOverdue, ListClosed}

// clinicLists is the page of a clinic's pregnancies.
type clinicLists struct {
	List  string
	Sizes map[string]int
	Rows  []Pregnancy
	More  bool
	After string
	Moved []moved
	Names map[string]string
	Today clock.Date
}

func listPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx, organisation := r.Context(), desk.Of(r.Context()).Post.Organisation
	v := clinicLists{List: r.URL.Query().Get("list"), After: r.URL.Query().Get("after"), Today: clock.DateOf(d.Clock.Now())}
	if !slices.Contains(lists, v.List) {
		v.List = ListOpen
	}
	var err error
	if v.Sizes, err = Counts(ctx, d.DB.Read, organisation, v.Today); err != nil {
		return err
	}
	if v.Rows, v.More, err = listOf(ctx, d.DB.Read, organisation, v.List, v.Today, v.After); err != nil {
		return err
	}
	if v.Moved, err = movedFrom(ctx, d.DB.Read, organisation); err != nil {
		return err
	}
	var pins []string
	for _, p := range v.Rows {
		pins = append(pins, p.Patient.PIN)
	}
	if err := d.SeenAll(ctx, pins, "antenatal.list"); err != nil {
		return err
	}
	v.Names = Names(ctx, d)
	return page.Render(w, r, http.StatusOK, listView(v))
}

// names are the organisations' short names by code.
func Names(ctx context.Context, d *desk.Desk) map[string]string {
	known := map[string]string{}
	all, err := d.Directory.Organisations(ctx)
	if err != nil {
		d.Log.WarnContext(ctx, "organisations without names", "system", "card", "error", err.Error())
	}
	for _, o := range all {
		if known[o.Code] = o.ShortName.Here(ctx); known[o.Code] == "" {
			known[o.Code] = o.Name.Here(ctx)
		}
	}
	return known
}

func listTabs(ctx context.Context, v clinicLists) []design.Tab {
	var tabs []design.Tab
	for _, list := range lists {
		t := design.Tab{Label: Word(ctx, "list", list), Href: "/antenatal?list=" + list, Current: list == v.List}
		if v.Sizes[list] > 0 {
			t.Count = strconv.Itoa(v.Sizes[list])
		}
		tabs = append(tabs, t)
	}
	return tabs
}

func listRows(ctx context.Context, v clinicLists) [][]design.Cell {
	var rows [][]design.Cell
	for _, p := range v.Rows {
		given := design.Cell{Text: text.Date(clock.DateOf(p.GivenAt))}
		if p.GivenAt.IsZero() {
			given.Text = "—"
			if p.State == Open && p.Days(v.Today) >= gestation.MilestoneOn(gestation.GiveCard, v.Today).Days {
				given = design.Cell{Component: design.Tag(text.T(ctx, "card.antenatal.to_give"), "attention")}
			}
		}
		next := design.Cell{Text: text.Date(p.NextVisit)}
		if !p.NextVisit.IsZero() && p.NextVisit.Before(v.Today) && p.State == Open {
			next = design.Cell{Component: design.Tag(text.Date(p.NextVisit)+" · "+text.T(ctx, "card.antenatal.missed_tag"), "attention")}
		}
		state := design.Cell{Text: "—"}
		switch {
		case p.State == Closed:
			state.Text = text.Joined(OutcomeWord(ctx, p.Outcome), text.Date(p.EndedOn))
		case p.Warnings > 0:
			state = design.Cell{Component: design.Tag(text.T(ctx, "card.antenatal.warnings", "Count", p.Warnings), "attention")}
		}
		rows = append(rows, []design.Cell{
			{Text: p.Patient.Name(ctx), Href: p.Path("")},
			{Text: p.Patient.Age(ctx, v.Today)},
			{Text: p.Number},
			{Text: AgeWords(ctx, p.Days(v.Today))},
			{Text: text.Date(gestation.Dating{From: p.DatedFrom}.Expected())},
			next, given, state,
		})
	}
	return rows
}

func (v clinicLists) first() string {
	if v.After == "" {
		return ""
	}
	return "/antenatal?list=" + v.List
}

func (v clinicLists) next() string {
	if !v.More {
		return ""
	}
	return "/antenatal?list=" + v.List + "&after=" + v.Rows[len(v.Rows)-1].ID
}

func movedRows(ctx context.Context, v clinicLists) [][]design.Cell {
	var rows [][]design.Cell
	for _, m := range v.Moved {
		rows = append(rows, []design.Cell{{Text: m.Number}, {Text: text.Moment(m.At)}, {Text: v.Names[m.To]}, {Text: m.Reason}, {Text: m.ByName}})
	}
	return rows
}
