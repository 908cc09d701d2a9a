package patient

import (
	"net/http"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

func detailsPage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	ctx := r.Context()
	p, err := Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	now, err := LoadDetails(ctx, d.DB.Read, p.ID)
	if err != nil {
		return err
	}
	if err := seen(ctx, d, p); err != nil {
		return err
	}
	form := page.NewForm("phone", now.Phone, "social_status", now.SocialStatus, "workplace", now.Workplace, "privilege", now.Privilege, "kin_name", now.KinName,
		"kin_relation", now.KinRelation, "kin_phone", now.KinPhone, "blood_group", now.BloodGroup, "rhesus", now.Rhesus, "alerts", now.Alerts)
	return page.Render(w, r, http.StatusOK, detailsView(p, form, clock.DateOf(d.Clock.Now())))
}

func savePage(w http.ResponseWriter, r *http.Request, d *desk.Desk) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	in := Details{
		Phone: form.Text("phone", 40), SocialStatus: form.Get("social_status"), Workplace: form.Text("workplace", 200), Privilege: form.Text("privilege", 200),
		KinName: form.Text("kin_name", 200), KinRelation: form.Text("kin_relation", 60), KinPhone: form.Text("kin_phone", 40),
		BloodGroup: form.Get("blood_group"), Rhesus: form.Get("rhesus"), Alerts: form.Text("alerts", 1000),
	}
	p, err := Load(ctx, d.DB.Read, r.PathValue("id"))
	if err != nil {
		return err
	}
	if form.OK() {
		err := SaveDetails(ctx, d, p.ID, in)
		if err == nil {
			page.Notice(w, "card.details.done")
			return page.Redirect(w, r, "/patients/"+p.ID)
		}
		if !form.Take(err) {
			return err
		}
	}
	if err := seen(ctx, d, p); err != nil {
		return err
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, detailsView(p, form, clock.DateOf(d.Clock.Now())))
}
