package handover

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/form"
)

// atMost bounds each part of the work list.
const atMost = 100

// work is a case of the work list with how it stands.
type work struct {
	Line
	Case State
}

// workOf is the work list: what the fund returned, what is on its way, what it
// has accepted last.
type workOf struct {
	Returned, Queued, Accepted []work
}

func (h Handover) workPage(w http.ResponseWriter, r *http.Request) error {
	var v workOf
	for state, part := range map[string]*[]work{form.Returned: &v.Returned, form.Queued: &v.Queued, form.Accepted: &v.Accepted} {
		most := atMost
		if state == form.Accepted {
			most = 20
		}
		var err error
		if *part, err = h.part(r.Context(), state, most); err != nil {
			return err
		}
	}
	return page.Render(w, r, http.StatusOK, workView(v))
}

func (h Handover) part(ctx context.Context, state string, most int) ([]work, error) {
	found, err := lines(ctx, h.Desk.DB.Read, desk.Of(ctx).Post.Organisation, state, most)
	if err != nil {
		return nil, err
	}
	part := make([]work, len(found))
	for i, l := range found {
		revision, err := form.RevisionOf(ctx, h.Desk.DB.Read, l.Ref, "")
		if err != nil {
			return nil, err
		}
		s, err := StateOf(ctx, h.Desk.Queue, revision)
		if err != nil {
			return nil, err
		}
		part[i] = work{l, s}
	}
	return part, nil
}

func workColumns(ctx context.Context) []design.Column {
	return []design.Column{
		{Label: text.T(ctx, "card.work.patient")},
		{Label: text.T(ctx, "card.work.number")},
		{Label: text.T(ctx, "card.work.discharged")},
		{Label: text.T(ctx, "card.form.doctor")},
		{Label: text.T(ctx, "card.work.fund")},
		{},
	}
}
