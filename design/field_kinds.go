package design

import "github.com/a-h/templ"

// withoutLimit drops maxlength: a browser that cuts a pasted text without a
// word loses what a doctor wrote; the page counts and the server refuses.
func (f Field) withoutLimit() Field {
	f.MaxLength = 0
	return f
}

func (f Field) password() Field {
	f.Value = ""
	if f.Autocomplete == "" {
		f.Autocomplete = "current-password"
	}
	return f
}

func (f Field) file() Field {
	f.Placeholder, f.MaxLength = "", 0
	return f
}

func (f Field) code() Field {
	f.InputMode, f.Autocomplete = "numeric", "one-time-code"
	if f.MaxLength == 0 {
		f.MaxLength = 7 // six digits, and the space some people type in the middle
	}
	return f
}

func (f Field) chosen(o Option) Option {
	o.Selected = o.Selected || (f.Value != "" && f.Value == o.Value)
	return o
}

// tick is the input of a single checkbox.
func (f Field) tick() templ.Attributes {
	a := f.optionAttributes(0, "checkbox", Option{Value: "1", Selected: f.Value != ""})
	if by := f.describedBy(); by != "" {
		a["aria-describedby"] = by
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	if f.Required {
		a["aria-required"] = "true"
	}
	return a
}

func (f Field) comboboxText() Field {
	f.Placeholder = ""
	return f
}
