package access

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/system/workforce/workforceapi"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/exchange/exchangeapi"
	"github.com/sanarip/sanarip/system/portal/internal/cabinet"
)

// Mount puts the page into the portal.
func (d *Desk) Mount() { d.Page("GET /my/accesses", d.show) }

type view struct {
	PIN     string
	Records []audit.Record
	Silent  []string
	Only    string
}

func (d *Desk) show(w http.ResponseWriter, r *http.Request, p cabinet.Person) error {
	v := view{PIN: p.PIN, Only: r.URL.Query().Get("system")}
	if !slices.Contains(systems, v.Only) {
		v.Only = ""
	}
	v.Records, v.Silent = d.collect(r.Context(), p.PIN, v.Only)
	return page.Render(w, r, http.StatusOK, accessPage(v))
}

// name is a system's name.
func name(ctx context.Context, system string) string {
	return text.T(ctx, "portal.system."+system) // text: portal.system.*
}

func names(ctx context.Context, all []string) string {
	spoken := make([]string, 0, len(all))
	for _, s := range all {
		spoken = append(spoken, name(ctx, s))
	}
	return strings.Join(spoken, ", ")
}

func filters(ctx context.Context, only string) []design.Option {
	options := []design.Option{{Value: "", Label: text.T(ctx, "portal.access.all")}}
	for _, s := range systems {
		options = append(options, design.Option{Value: s, Label: name(ctx, s), Selected: s == only})
	}
	return options
}

// events are the accesses, each with when, what, why, through which system, who
// and from where: a list, since a table of six columns is wider than a phone.
func events(ctx context.Context, v view) []design.Event {
	all := make([]design.Event, 0, len(v.Records))
	for _, r := range v.Records {
		by := who(ctx, r, v.PIN)
		if from := organisation(ctx, r); from != "" {
			by += " · " + from
		}
		all = append(all, design.Event{
			When: text.Moment(r.At), Title: words(ctx, r.ActionWords, r.Action),
			Text: text.T(ctx, "portal.access.line", "Why", words(ctx, r.PurposeWords, r.Purpose), "System", name(ctx, r.Via)),
			By:   text.T(ctx, "portal.access.by", "Who", by),
		})
	}
	return all
}

func who(ctx context.Context, r audit.Record, pin string) string {
	_, system := exchangeapi.Systems[r.ActorName]
	switch {
	case r.ActorPIN == pin:
		return text.T(ctx, "portal.access.you")
	case r.ActorName == "" && r.ActorPIN == "":
		return text.T(ctx, "portal.access.stranger")
	case r.ActorName == "":
		return text.T(ctx, "portal.access.unnamed")
	case r.ActorRole != "":
		return r.ActorName + ", " + workforceapi.TitleHere(ctx, r.ActorRole)
	case system:
		return name(ctx, r.ActorName)
	case r.ActorName == r.Organisation: // a system by its name
		return r.From(ctx)
	}
	return r.ActorName
}

// organisation is its name; a member of the exchange that is known by its code
// alone gets one.
func organisation(ctx context.Context, r audit.Record) string {
	for _, s := range exchangeapi.Systems {
		if r.Organisation == s.Member {
			return text.T(ctx, "portal.member."+s.Member) // text: portal.member.*
		}
	}
	if r.Organisation == r.ActorName {
		return ""
	}
	return r.From(ctx)
}

func words(ctx context.Context, w text.Words, code string) string {
	if s := w.Here(ctx); s != "" {
		return s
	}
	return code
}
