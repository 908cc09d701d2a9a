package organisation

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/fail"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/population/populationapi"
	"github.com/sanarip/sanarip/system/workforce/internal/change"
	"github.com/sanarip/sanarip/system/workforce/internal/office"
	"github.com/sanarip/sanarip/system/workforce/internal/region"
)

// filter is a field of the search in the register.
func (v listView) filter(ctx context.Context, name, key string) design.Field {
	f := design.FieldOf(ctx, v.form, name, key)
	f.Required = true // a filter needs no "(optional)"
	return f
}

func (v listView) states(ctx context.Context) []design.Option {
	return []design.Option{
		{Value: "open", Label: text.T(ctx, "workforce.list.open")},
		{Value: "closed", Label: text.T(ctx, "workforce.list.closed")},
		{Value: "any", Label: text.T(ctx, "workforce.list.any")},
	}
}

// editView is the form of an organisation. missed is what others changed since
// the reader opened it.
type editView struct {
	o      Organisation
	form   *page.Form
	keeps  bool // may change codes, names and level
	fresh  bool // the organisation is to be opened
	missed []change.Change
	// territories are those that may be chosen; none: the code is typed.
	territories []populationapi.Territory
}

// ownFields are what the management changes by itself; the others are changed by
// those who keep the register.
var ownFields = []string{"short_ky", "short_ru", "short_en", "address", "phone"}

func (p Pages) editForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	o, err := p.latest(ctx, r.PathValue("code"))
	if err != nil {
		return err
	}
	if o.Shut {
		return fail.New(fail.Conflict, "workforce.edit.closed")
	}
	form := page.NewForm("version", strconv.FormatInt(o.Version, 10), "from", p.firstDay(o).String())
	fill(form, o)
	return page.Render(w, r, http.StatusOK, editPage(editView{o: o, form: form, keeps: office.Of(ctx).Keeps(), territories: p.Territories(ctx)}))
}

// latest is the organisation as it will be after all that is planned: that is
// what an edit goes on from.
func (p Pages) latest(ctx context.Context, code string) (Organisation, error) {
	versions, err := Versions(ctx, p.Book.DB.Read, code)
	if err == nil && len(versions) == 0 {
		err = fail.New(fail.NotFound, "kit.not_found")
	}
	if err != nil {
		return Organisation{}, err
	}
	return versions[0], nil
}

// firstDay is today, or the day of what is planned already.
func (p Pages) firstDay(o Organisation) clock.Date {
	if today := p.Book.Today(); !today.Before(o.From) {
		return today
	}
	return o.From
}

func fill(form *page.Form, o Organisation) {
	for _, v := range o.Values() {
		form.Set(v.Name, v.Value)
	}
}

// take puts what the form has into the organisation, as far as the reader may.
func take(form *page.Form, o *Organisation, keeps bool) {
	o.ShortName = text.Words{KY: form.Text("short_ky", 120), RU: form.Text("short_ru", 120), EN: form.Text("short_en", 120)}
	o.Address, o.Phone = form.Text("address", 300), form.Text("phone", 20)
	if !keeps {
		return
	}
	o.Name = text.Words{KY: form.Text("name_ky", 300), RU: form.Text("name_ru", 300), EN: form.Text("name_en", 300)}
	o.Kind, o.Ownership, o.Level, o.Region = form.Get("kind"), form.Get("ownership"), form.Get("level"), form.Get("region")
	o.INN, o.OKPO, o.Territory = form.Text("inn", 20), form.Text("okpo", 20), form.Text("territory", 20)
}

// TakeOrder reads the order's number and day, both of which may be missing.
func TakeOrder(form *page.Form) Order {
	o := Order{Number: form.Text("order_number", 60)}
	if form.Get("order_day") != "" {
		o.Day = form.Date("order_day")
	}
	return o
}

func (p Pages) edit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	code := r.PathValue("code")
	o, err := p.latest(ctx, code)
	if err != nil {
		return err
	}
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	v := editView{o: o, form: form, keeps: office.Of(ctx).Keeps(), territories: p.Territories(ctx)}
	read, _ := strconv.ParseInt(form.Get("version"), 10, 64)
	from, order := p.firstDay(o), Order{}
	if v.keeps {
		from, order = form.Date("from"), TakeOrder(form)
	}
	var next Organisation
	take(form, &next, v.keeps) // notes what is too long
	if form.OK() {
		err = p.Book.Edit(ctx, code, read, from, order, office.Of(ctx).Actor(code), func(o *Organisation) { take(form, o, v.keeps) })
		if err == nil {
			page.Notice(w, "workforce.edit.done")
			return page.Redirect(w, r, Address(code, ""))
		}
		if !form.Take(err) {
			return err
		}
		if e := fail.As(err); e.Key == "workforce.edit.changed" {
			// The other's change is shown; saving once more is then done knowingly.
			if v.missed, err = change.Since(ctx, p.Book.DB.Read, code, Object, read); err != nil {
				return err
			}
			if v.o, err = p.latest(ctx, code); err != nil {
				return err
			}
			form.Set("version", strconv.FormatInt(v.o.Version, 10))
			return page.Render(w, r, http.StatusConflict, editPage(v))
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, editPage(v))
}

func (p Pages) openForm(w http.ResponseWriter, r *http.Request) error {
	form := page.NewForm("from", p.Book.Today().String(), "kind", "hospital", "ownership", "state", "level", "district")
	return page.Render(w, r, http.StatusOK, editPage(editView{form: form, keeps: true, fresh: true, territories: p.Territories(r.Context())}))
}

func (p Pages) open(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, err := page.ReadForm(w, r)
	if err != nil {
		return err
	}
	var o Organisation
	o.Code = form.Text("code", 6)
	take(form, &o, true)
	o.From, o.Order = form.Date("from"), TakeOrder(form)
	if form.OK() {
		err := p.Book.Open(ctx, o, office.Of(ctx).Actor(""))
		if err == nil {
			page.Notice(w, "workforce.open.done")
			return page.Redirect(w, r, Address(o.Code, ""))
		}
		if !form.Take(err) {
			return err
		}
	}
	return page.Render(w, r, http.StatusUnprocessableEntity, editPage(editView{form: form, keeps: true, fresh: true, territories: p.Territories(r.Context())}))
}

// territoryOptions are the rayons and towns, under their regions by code.
func (v editView) territoryOptions(ctx context.Context) []design.Option {
	list := []design.Option{{Value: "", Label: "—"}}
	for _, t := range v.territories {
		if i := slices.IndexFunc(region.All, func(r region.Region) bool { return region.Within(t.Code, r.Code) }); i >= 0 && t.Code != region.All[i].Code {
			list = append(list, design.Option{Value: t.Code, Label: region.All[i].Name.Here(ctx) + " · " + t.Name.Here(ctx)})
		}
	}
	return list
}

func (v editView) action() string {
	if v.fresh {
		return "/organisations/open"
	}
	return Address(v.o.Code, "/edit")
}

func (v editView) back() string {
	if v.fresh {
		return "/organisations"
	}
	return Address(v.o.Code, "")
}

// field is a field named as in changes.
func (v editView) field(ctx context.Context, name string) design.Field {
	f := design.FieldOf(ctx, v.form, name, "workforce.field."+name) // text: workforce.field.*
	f.Autocomplete = "off"
	switch name {
	case "phone", "territory", "order_number", "order_day":
		f.Required = false
	case "inn", "okpo", "code":
		f.InputMode = "numeric"
	}
	switch name {
	case "phone":
		f.Hint = "+996 700 123 456"
	case "territory":
		f.Hint = text.T(ctx, "workforce.edit.territory_hint")
	}
	return f
}

func (v editView) title(ctx context.Context) string {
	if v.fresh {
		return text.T(ctx, "workforce.open.title")
	}
	return text.T(ctx, "workforce.edit.title")
}
