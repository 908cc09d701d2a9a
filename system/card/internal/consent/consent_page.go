package consent

import (
	"context"
	"net/http"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/id"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
	"github.com/sanarip/sanarip/system/card/internal/stay"
	"github.com/sanarip/sanarip/system/card/internal/writing"
	"github.com/sanarip/sanarip/system/message/messageapi"
)

// Mount puts the page of consents in.
func Mount(d *desk.Desk) {
	p := pages{d, messageapi.Client{Exchange: d.Exchange}}
	d.Page("GET /stays/{id}/consents", desk.Everybody, p.list)
	d.Page("POST /stays/{id}/consents", desk.Doctors, p.take)
	d.Page("POST /stays/{id}/consents/confirm", desk.Ward, p.confirm)
	d.Page("POST /stays/{id}/consents/withdraw", desk.Doctors, p.withdraw)
}

type pages struct {
	desk     *desk.Desk
	messages messageapi.API
}

// listOf is the page.
type listOf struct {
	Stay  stay.View
	All   []Consent
	Form  *page.Form
	Write bool
	Mark  bool
}

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	return p.render(w, r, nil, http.StatusOK)
}

func (p pages) render(w http.ResponseWriter, r *http.Request, form *page.Form, status int) error {
	ctx := r.Context()
	view, err := stay.Read(ctx, p.desk, r.PathValue("id"))
	if err != nil {
		return err
	}
	if form == nil {
		form = page.NewForm("kind", "treatment", "way", Paper, "relation", "self", "signer", view.Patient.FullName())
	}
	if form.Get("once") == "" {
		form.Set("once", id.New())
	}
	open := view.State == stay.Open
	v := listOf{Stay: view, Form: form, Write: open && writing.MayWrite(ctx), Mark: open && writing.MayMark(ctx)}
	if v.All, err = Consents(ctx, p.desk.DB.Read, view.ID); err != nil {
		return err
	}
	return page.Render(w, r, status, listView(v))
}

// answer ends a POST: on to the list, or the page again with what is wrong.
func (p pages) answer(w http.ResponseWriter, r *http.Request, form *page.Form, err error, notice string) error {
	if err == nil && form.OK() {
		page.Notice(w, notice)
		return page.Redirect(w, r, "/stays/"+r.PathValue("id")+"/consents")
	}
	writing.Renew(form, err)
	if err != nil && !form.Take(err) {
		return err
	}
	return p.render(w, r, form, http.StatusUnprocessableEntity)
}

func (p pages) take(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	in := Asking{
		Once: form.Get("once"), Kind: form.Get("kind"), Subject: form.Need("subject", 5000), Side: form.Get("side"), Way: form.Get("way"),
		Signer: form.Need("signer", 200), Relation: form.Get("relation"),
	}
	notice := "card.consent.written"
	if in.Way == Code {
		notice = "card.consent.code_sent"
	}
	if form.OK() {
		err = Take(r.Context(), p.desk, p.messages, r.PathValue("id"), in)
	}
	return p.answer(w, r, form, err, notice)
}

func (p pages) confirm(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	err = Confirm(r.Context(), p.desk, r.PathValue("id"), form.Get("consent"), form.Text("code", 10))
	return p.answer(w, r, form, err, "card.consent.written")
}

func (p pages) withdraw(w http.ResponseWriter, r *http.Request) error {
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	err = Withdraw(r.Context(), p.desk, r.PathValue("id"), form.Get("consent"), form.Text("withdraw_reason", 500))
	return p.answer(w, r, form, err, "card.consent.withdrawn")
}

func kindOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, kind := range Kinds {
		options = append(options, design.Option{Value: kind, Label: KindWord(ctx, kind)})
	}
	return options
}

func sideField(ctx context.Context, form *page.Form) design.Field {
	f := design.FieldOf(ctx, form, "side", "card.side.label")
	f.Required, f.Hint = false, text.T(ctx, "card.side.consent_hint")
	return f
}

func relationOptions(ctx context.Context) []design.Option {
	var options []design.Option
	for _, relation := range Relations {
		options = append(options, design.Option{Value: relation, Label: relationWord(ctx, relation)})
	}
	return options
}

func wayOptions(ctx context.Context) []design.Option {
	return []design.Option{{Value: Paper, Label: text.T(ctx, "card.consent.way_paper")}, {Value: Code, Label: text.T(ctx, "card.consent.way_code")}}
}

func tone(c Consent) string {
	switch c.State {
	case Signed:
		return "done"
	case Asked:
		return "attention"
	}
	return "neutral"
}

func stateTag(ctx context.Context, c Consent) string {
	return text.T(ctx, "card.consent.state."+c.State) // text: card.consent.state.*
}

// fieldID is the field's own name where the error summary links to it.
func (v listOf) fieldID(c Consent, name string) string {
	if v.Form.Get("consent") == c.ID {
		return name
	}
	return name + "-" + c.ID
}

// problem is what is wrong with the row that was sent.
func (v listOf) problem(ctx context.Context, c Consent, name string) string {
	if v.Form.Get("consent") != c.ID {
		return ""
	}
	return v.Form.Error(ctx, name)
}
