package organisation

import (
	"context"
	"net/http"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/region"
)

// Pages shows organisations and lets those who may change them.
type Pages struct {
	Book Book
	// Territories are those of СОАТЕ, none while the list is not known.
	Territories func(ctx context.Context) []populationapi.Territory
}

// Mount puts the pages in their places.
func (p Pages) Mount(o *office.Office) {
	o.Page("GET /organisations", p.list)
	o.Page("GET /organisations/export", p.export)
	o.Kept("GET /organisations/open", p.openForm)
	o.Kept("POST /organisations/open", p.open)
	o.Own("GET /organisations/{code}", p.about)
	o.Edited("GET /organisations/{code}/edit", p.editForm)
	o.Edited("POST /organisations/{code}/edit", p.edit)
}

// Address is a page of the organisation.
func Address(code, section string) string { return "/organisations/" + code + section }

// Tabs are the sections of an organisation's pages.
func Tabs(ctx context.Context, o Organisation, here string) []design.Tab {
	tab := func(name, section string) design.Tab {
		return design.Tab{
			Label: text.T(ctx, "workforce.tab."+name), // text: workforce.tab.*
			Href:  Address(o.Code, section), Current: here == name,
		}
	}
	tabs := []design.Tab{tab("about", ""), tab("departments", "/departments"), tab("staff", "/staff"), tab("licences", "/licences")}
	tabs[1].Count = strconv.Itoa(len(o.Departments))
	if o.Kind == "hospital" || o.Kind == "outpatient" {
		tabs = append(tabs, tab("equipment", "/equipment"), tab("responsible", "/responsible"))
	}
	if office.Of(ctx).Edits(o.Code) {
		tabs = append(tabs, tab("changes", "/changes"))
	}
	return tabs
}

// aboutView is the page of an organisation on a day.
type aboutView struct {
	o         Organisation
	on        clock.Date
	past      bool // another day than today was asked for
	territory text.Words
	versions  []Organisation
	today     clock.Date
	edits     bool
	keeps     bool
}

func (p Pages) about(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	today := p.Book.Today()
	on := today
	if asked, ok := clock.ParseDate(r.URL.Query().Get("on")); ok {
		on = asked
	}
	code := r.PathValue("code")
	versions, err := Versions(ctx, p.Book.DB.Read, code)
	if err != nil {
		return err
	}
	o, err := Find(ctx, p.Book.DB.Read, code, on)
	if err != nil {
		return err
	}
	v := aboutView{
		o: o, on: on, past: on != today, versions: versions, today: today,
		edits: office.Of(ctx).Edits(code), keeps: office.Of(ctx).Keeps(),
	}
	for _, t := range p.Territories(ctx) {
		if t.Code == o.Territory {
			v.territory = t.Name
		}
	}
	return page.Render(w, r, http.StatusOK, aboutPage(v))
}

// planned is the version to come that the reader may take back: a closing only
// who keeps the register.
func (v aboutView) planned() (Organisation, bool) {
	o, ok := Planned(v.versions, v.today)
	return o, ok && v.edits && !v.past && (v.keeps || !o.Shut)
}

// current says that the version is the one that holds on the day shown.
func (v aboutView) current(o Organisation) bool { return o.Number == v.o.Number }

func (v aboutView) facts(ctx context.Context) []design.Row {
	o := v.o
	territory := o.Territory
	if name := v.territory.Here(ctx); name != "" {
		territory = name + " (" + o.Territory + ")"
	}
	return []design.Row{
		{Key: text.T(ctx, "workforce.about.code"), Value: o.Code},
		{Key: text.T(ctx, "workforce.field.short"), Value: o.ShortName.Here(ctx)},
		{Key: text.T(ctx, "workforce.about.kind"), Value: KindWord(ctx, o.Kind)},
		{Key: text.T(ctx, "workforce.about.ownership"), Value: OwnershipWord(ctx, o.Ownership)},
		{Key: text.T(ctx, "workforce.about.level"), Value: LevelWord(ctx, o.Level)},
		{Key: text.T(ctx, "workforce.about.inn"), Value: o.INN},
		{Key: text.T(ctx, "workforce.about.okpo"), Value: o.OKPO},
		{Key: text.T(ctx, "workforce.about.region"), Value: region.Name(o.Region).Here(ctx) + " (" + o.Region + ")"},
		{Key: text.T(ctx, "workforce.about.territory"), Value: territory},
		{Key: text.T(ctx, "workforce.about.address"), Value: o.Address},
		{Key: text.T(ctx, "workforce.about.phone"), Value: o.Phone},
		{Key: text.T(ctx, "workforce.about.beds"), Value: strconv.Itoa(bedCount(o))},
	}
}

func bedCount(o Organisation) int {
	n := 0
	for _, d := range o.Departments {
		n += len(d.Beds)
	}
	return n
}

// events are the versions as a timeline, the newest first.
func (v aboutView) events(ctx context.Context) []design.Event {
	var list []design.Event
	for i, o := range v.versions {
		e := design.Event{When: text.Date(o.From), Title: eventWord(ctx, o.Event), Tone: "info"}
		if o.From.IsZero() {
			e.When = text.T(ctx, "workforce.about.always")
		}
		e.Text = o.Name.Here(ctx) + " · " + LevelWord(ctx, o.Level) + " · " + region.Name(o.Region).Here(ctx)
		if i+1 < len(v.versions) && o.Name == v.versions[i+1].Name && o.Level == v.versions[i+1].Level && o.Region == v.versions[i+1].Region {
			e.Text = ""
		}
		if o.Successor != "" {
			e.Text = text.T(ctx, "workforce.about.into", "Code", o.Successor)
		}
		if o.Order.Number != "" {
			e.By = text.T(ctx, "workforce.about.by_order", "Number", o.Order.Number, "Day", text.Date(o.Order.Day))
		}
		if o.By != "" {
			if e.By != "" {
				e.By += " · "
			}
			e.By += o.By
		}
		switch {
		case v.today.Before(o.From):
			e.Tone = "attention"
			e.Title += " — " + text.T(ctx, "workforce.about.planned")
		case v.current(o):
			e.Tone = "done"
		}
		if o.Shut {
			e.Tone = "danger"
		}
		list = append(list, e)
	}
	return list
}
