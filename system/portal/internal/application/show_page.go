package application

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/pin"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
	"github.com/sanarip/sanarip/system/portal/internal/catalogue"
	"github.com/sanarip/sanarip/system/portal/internal/sheet"
)

func (d *Desk) mountShow() {
	d.Page("GET /my", d.mine)
	d.Page("GET /my/applications/{id}", d.show)
	d.Page("GET /my/profile", func(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
		return page.Render(w, r, http.StatusOK, profilePage(p, d.Site.FormHosts[0]))
	})
}

func (d *Desk) mine(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	all, err := list(r.Context(), d.DB.Read, p.PIN)
	if err != nil {
		return err
	}
	return page.Render(w, r, http.StatusOK, minePage(all, pin.Sex(p.PIN) == "female"))
}

// showView is an application's page.
type showView struct {
	Application Application
	Service     catalogue.Service
	Sheet       sheet.Sheet
	Events      []Event
	Papers      []Paper
	Signing     Signing // of a service that asks for a signature
	Check       Check
}

func (d *Desk) show(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	applicationID, err := cabinet.ID(r)
	if err != nil {
		return err
	}
	v := showView{}
	if v.Application, err = Of(r.Context(), d.DB.Read, p.PIN, applicationID); err != nil {
		return err
	}
	v.Service, _ = catalogue.Find(v.Application.Service)
	if v.Service.Signature != "" {
		return d.showSigned(w, r, v)
	}
	if v.Application.State == Ready {
		if v.Sheet, err = sheet.Compose(r.Context(), v.Application.Service, v.Application.Result); err != nil {
			return err
		}
	}
	if v.Events, err = events(r.Context(), d.DB.Read, applicationID); err != nil {
		return err
	}
	if v.Papers, err = d.Documents(r.Context(), applicationID); err != nil {
		return err
	}
	if v.Application.State == Waiting {
		w.Header().Set("Refresh", "5") // shows the answer when it comes, without scripts
	}
	return page.Render(w, r, http.StatusOK, showPage(v))
}

// phase is where the application stands: its state, and of one to be signed
// whether it is.
func (a Application) phase() string {
	switch {
	case a.Signature == "":
		return string(a.State)
	case a.State == Waiting && a.Signature != signSigned:
		return "unsigned"
	case a.State == Waiting:
		return "executing"
	case a.State == Refused && a.Signature != signSigned:
		return "taken"
	case a.State == Refused:
		return "rejected"
	}
	return "executed"
}

// tag is where the application stands in words, and its tone.
func tag(ctx context.Context, a Application) (words, tone string) {
	phase := a.phase()
	words = text.T(ctx, "portal.state."+phase) // text: portal.state.*
	switch phase {
	case string(Ready), "executed":
		return words, "done"
	case string(Refused), "rejected":
		return words, "danger"
	case "executing":
		return words, "info"
	case "taken":
		return words, "neutral"
	}
	return words, "attention"
}

func timeline(ctx context.Context, all []Event) []design.Event {
	items := make([]design.Event, 0, len(all))
	for _, e := range all {
		item := design.Event{When: text.Moment(e.At), Title: text.T(ctx, "portal.event."+e.Kind), Text: e.Detail} // text: portal.event.*
		switch e.Kind {
		case Answered, Document, Signed, Executed:
			item.Tone = "done"
		case Awaited, Unsigned, RunOut:
			item.Tone = "attention"
		case Declined, Rejected:
			item.Tone = "danger"
		}
		items = append(items, item)
	}
	return items
}

func tasks(ctx context.Context, all []Application) []design.Task {
	items := make([]design.Task, 0, len(all))
	for _, a := range all {
		s, _ := catalogue.Find(a.Service)
		words, tone := tag(ctx, a)
		items = append(items, design.Task{
			Title: s.Title.Here(ctx), Hint: a.Number + " · " + text.Moment(a.Created), Href: "/my/applications/" + a.ID, Status: words, Tone: tone,
		})
	}
	return items
}

func langs(ctx context.Context) []design.Option {
	here := text.LangOf(ctx)
	return []design.Option{
		{Value: "ky", Label: text.T(ctx, "portal.lang.ky"), Selected: here != text.RU},
		{Value: "ru", Label: text.T(ctx, "portal.lang.ru"), Selected: here == text.RU},
	}
}

func profile(ctx context.Context, p cabinet.Person) []design.Row {
	rows := own(ctx, p)
	if birth, ok := clock.ParseDate(p.BirthDate); ok {
		rows = append(rows, design.Row{Key: text.T(ctx, "portal.doc.birth_date"), Value: text.Date(birth)})
	}
	if sex := pin.Sex(p.PIN); sex != "" {
		rows = append(rows, design.Row{Key: text.T(ctx, "portal.doc.sex"), Value: text.T(ctx, "portal.sex."+sex)})
	}
	return rows
}
