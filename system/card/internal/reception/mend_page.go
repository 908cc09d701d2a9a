package reception

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
)

// admitted is the page of an admission that has been written.
type admitted struct {
	Stay     stay.View
	Referrer string     // in words
	Form     *page.Form // nil: the reader cannot mend
}

func admittedPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	v, err := stay.Read(ctx, d, r.PathValue("id"))
	if err != nil {
		return err
	}
	form := page.NewForm("brought_by", v.BroughtBy, "referrer", v.Referrer, "referrer_text", d.Directory.Name(ctx, v.Referrer).Here(ctx),
		"payment", v.Payment, "transport", v.Transport)
	if v.HoursSinceOnset > 0 {
		form.Set("hours", strconv.Itoa(v.HoursSinceOnset))
	}
	return renderAdmitted(w, r, d, v, form, http.StatusOK)
}

func renderAdmitted(w http.ResponseWriter, r *http.Request, d *desk.Desk, v stay.View, form *page.Form, status int) error {
	ctx := r.Context()
	if v.State != stay.Open || !slices.Contains(desk.Doctors, desk.Of(ctx).Post.Role) {
		form = nil
	}
	return page.Render(w, r, status, admittedView(admitted{Stay: v, Referrer: d.Directory.Name(ctx, v.Referrer).Here(ctx), Form: form}))
}

func mendPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx, stayID := r.Context(), r.PathValue("id")
	m := Mending{
		HoursSinceOnset: readHours(form), BroughtBy: form.Choice("brought_by", BroughtBy...),
		Payment: form.Choice("payment", Payments...), Transport: form.Choice("transport", Transports...),
	}
	if m.Referrer, err = ReadReferrer(ctx, d, form); err != nil {
		return err
	}
	if form.OK() {
		if err = Mend(ctx, d, stayID, m); err == nil {
			page.Notice(w, "card.admit.mended")
			return page.Redirect(w, r, "/stays/"+stayID+"/"+stay.TabAdmission)
		}
		if !form.Take(err) {
			return err
		}
	}
	v, err := stay.Read(ctx, d, stayID)
	if err != nil {
		return err
	}
	return renderAdmitted(w, r, d, v, form, http.StatusUnprocessableEntity)
}

// readHours is the number of hours since the onset; nothing typed is 0.
func readHours(form *page.Form) int {
	typed := strings.TrimSpace(form.Get("hours"))
	if typed == "" {
		return 0
	}
	n, err := strconv.Atoi(typed)
	if err != nil {
		form.Fail("hours", "card.admit.hours_bounds", "Most", mostHours)
	}
	return n
}

func (v admitted) rows(ctx context.Context) []design.Row {
	kind, hours := text.T(ctx, "card.kind.planned"), ""
	if v.Stay.Kind == Emergency {
		kind, hours = text.T(ctx, "card.kind.emergency"), "—"
		if v.Stay.HoursSinceOnset > 0 {
			hours = strconv.Itoa(v.Stay.HoursSinceOnset)
		}
	}
	rows := []design.Row{
		{Key: text.T(ctx, "card.admit.kind"), Value: kind},
		{Key: text.T(ctx, "card.admit.at"), Value: text.Moment(v.Stay.AdmittedAt)},
	}
	if hours != "" {
		rows = append(rows, design.Row{Key: text.T(ctx, "card.admit.hours"), Value: hours})
	}
	return append(rows,
		design.Row{Key: text.T(ctx, "card.admit.brought_by"), Value: text.T(ctx, "card.brought."+v.Stay.BroughtBy)}, // text: card.brought.*
		design.Row{Key: text.T(ctx, "card.admit.referrer"), Value: dash(v.Referrer)},
		design.Row{Key: text.T(ctx, "card.admit.transport"), Value: transportWord(ctx, v.Stay.Transport)},
		design.Row{Key: text.T(ctx, "card.admit.payment"), Value: paymentWord(ctx, v.Stay.Payment)})
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}
