package design

import (
	"context"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
)

// Field is one question of a form. Texts are already in the reader's language.
type Field struct {
	Name         string // name of the form value, and the id unless ID says otherwise
	Label        string
	Hint         string // one sentence under the label
	Value        string
	Error        string // what is wrong and what to do; "" when nothing is
	Placeholder  string // avoid: it vanishes as soon as one types
	Autocomplete string // "tel", "email", "bday"…
	InputMode    string // "numeric", "tel", "email"…
	Suffix       string // unit behind the input: «°C», «сом»
	Required     bool   // required fields carry no mark, all others say "(optional)"
	Wide         bool   // as wide as the page
	Narrow       bool   // for a few characters
	Autofocus    bool
	Begin        bool // where the key N leads: what is done on the page first
	Disabled     bool
	MaxLength    int
	Rows         int      // of a text area
	Usual        bool     // of a combobox: it suggests what is usual before anything is typed
	Open         bool     // of a combobox: what is typed may stand in an address (a public catalogue)
	With         []string // of a combobox: names of fields of the same form that are sent with what is typed
	ID           string   // only where one name stands twice on a page; the error summary links to the name
}

// Option is one of several answers.
type Option struct {
	Value    string
	Label    string
	Hint     string
	Selected bool
	Disabled bool
}

// FieldOf is a required field filled from the form: its value, and the first
// finding about it. labelKey is a translation key. Change what differs:
//
//	f := design.FieldOf(ctx, form, "phone", "esi.phone")
//	f.Required = false
func FieldOf(ctx context.Context, form *page.Form, name, labelKey string) Field {
	f := Field{Name: name, Label: text.T(ctx, labelKey), Required: true}
	if form != nil {
		f.Value, f.Error = form.Get(name), form.Error(ctx, name)
	}
	return f
}

// Choose marks the options whose values were sent under the name.
func Choose(form *page.Form, name string, options []Option) []Option {
	if form == nil {
		return options
	}
	sent := form.All(name)
	marked := make([]Option, len(options))
	for i, o := range options {
		for _, value := range sent {
			o.Selected = o.Selected || value == o.Value
		}
		marked[i] = o
	}
	return marked
}

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

// optionID is the id of the i-th choice: the first has the field's own id, so
// that a link in the error summary lands on it.
func (f Field) optionID(i int) string {
	if i == 0 {
		return f.id()
	}
	return f.id() + "-" + strconv.Itoa(i+1)
}

func (f Field) describedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.id()+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.id()+"-error")
	}
	return strings.Join(ids, " ")
}

// attributes are those of an input, a text area or a select. aria-required
// instead of required: the server tells what is missing, in the reader's
// language and all at once, where the browser would stop at the first field.
func (f Field) attributes(class string, extra ...string) templ.Attributes {
	if f.Error != "" {
		class += " " + strings.Fields(class)[0] + "--error"
	}
	switch {
	case f.Wide:
		class += " sn-wide"
	case f.Narrow:
		class += " sn-narrow"
	}
	a := templ.Attributes{"class": class, "id": f.id(), "name": f.Name}
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	set("placeholder", f.Placeholder)
	set("autocomplete", f.Autocomplete)
	set("inputmode", f.InputMode)
	set("aria-describedby", f.describedBy())
	if f.Required {
		a["aria-required"] = "true"
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	if f.MaxLength > 0 {
		a["maxlength"] = strconv.Itoa(f.MaxLength)
	}
	if f.Autofocus {
		a["autofocus"] = true
	}
	if f.Begin {
		a["data-begin"] = true
	}
	if f.Disabled {
		a["disabled"] = true
	}
	for i := 0; i+1 < len(extra); i += 2 {
		set(extra[i], extra[i+1])
	}
	return a
}

// optionAttributes are those of the i-th radio button or checkbox.
func (f Field) optionAttributes(i int, kind string, o Option) templ.Attributes {
	a := templ.Attributes{
		"class": "govuk-" + plural[kind] + "__input", "type": kind,
		"id": f.optionID(i), "name": f.Name, "value": o.Value,
	}
	if o.Hint != "" {
		a["aria-describedby"] = f.optionID(i) + "-item-hint"
	}
	if o.Selected {
		a["checked"] = true
	}
	if f.Begin && i == 0 {
		a["data-begin"] = true
	}
	if o.Disabled || f.Disabled {
		a["disabled"] = true
	}
	return a
}

var plural = map[string]string{"radio": "radios", "checkbox": "checkboxes"}

func (f Field) groupClass() string {
	if f.Error != "" {
		return "govuk-form-group govuk-form-group--error"
	}
	return "govuk-form-group"
}

func (f Field) rows() string {
	if f.Rows > 0 {
		return strconv.Itoa(f.Rows)
	}
	return "5"
}
