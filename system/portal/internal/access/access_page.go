package access

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/audit"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
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
	return text.T(ctx, "portal.system."+system) //text: portal.system.*
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

// rows are the accesses: when, who, from where, through what, what, why.
func rows(ctx context.Context, v view) [][]design.Cell {
	all := make([][]design.Cell, 0, len(v.Records))
	for _, r := range v.Records {
		all = append(all, []design.Cell{
			{Text: text.Moment(r.At)}, {Text: who(ctx, r, v.PIN)}, {Text: r.Organisation}, {Text: name(ctx, r.Via)},
			{Text: words(ctx, r.ActionWords, r.Action)}, {Text: words(ctx, r.PurposeWords, r.Purpose)},
		})
	}
	return all
}

func who(ctx context.Context, r audit.Record, pin string) string {
	switch {
	case r.ActorPIN == pin:
		return text.T(ctx, "portal.access.you")
	case r.ActorName == "" && r.ActorPIN == "":
		return text.T(ctx, "portal.access.stranger")
	case r.ActorName == "":
		return text.T(ctx, "portal.access.unnamed")
	case r.ActorRole != "":
		return r.ActorName + ", " + r.ActorRole
	case slices.Contains(systems, r.ActorName):
		return name(ctx, r.ActorName)
	}
	return r.ActorName
}

func words(ctx context.Context, w text.Words, code string) string {
	if s := w.Here(ctx); s != "" {
		return s
	}
	return code
}
