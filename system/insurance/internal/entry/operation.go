package entry

import (
	"context"
	"strings"

	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/procedure"
)

// performed puts codes where the form has words of an operation that mean one code of
// its day, and names where only a code stands. What the table does not have stays as
// it is typed: words as the name, a code for the rules to look at.
func (k Desk) performed(ctx context.Context, form *page.Form) error {
	book := k.Fund.Procedures
	edition, err := book.Edition(ctx)
	if err != nil {
		return err
	}
	for i := range mostOperations {
		field, named := cell(rowOperation, i, "code"), cell(rowOperation, i, "name")
		typed, name := page.Clean(form.Get(field)), page.Clean(form.Get(named))
		if form.Has(field + "_text") { // what is typed is newer than what was chosen
			typed = page.Clean(form.Get(field + "_text"))
		}
		if edition == 0 || typed+name == "" {
			form.Set(field, typed)
			continue
		}
		first, _, _ := strings.Cut(typed, " ")
		code := procedure.CodeOf(first)
		if !strings.ContainsAny(code, "0123456789") {
			code = "" // a word in Latin letters
		}
		if code != "" {
			known, ok, err := book.FindOn(ctx, code, k.operated(form, i))
			if err != nil {
				return err
			}
			if ok && name == "" {
				name = known.Name.RU
			}
		} else if code, name, err = k.meant(ctx, k.operated(form, i), typed, name); err != nil {
			return err
		}
		form.Set(field, code)
		form.Set(named, name)
	}
	return nil
}

// meant is the code that the words mean on the day, "" when they mean several or
// none, and the name of the operation.
func (k Desk) meant(ctx context.Context, day clock.Date, typed, name string) (code, named string, err error) {
	words := typed
	if words == "" {
		words = name
	}
	if name == "" {
		name = words
	}
	found, err := k.Fund.Procedures.Search(ctx, words, day)
	if err != nil || len(found) != 1 {
		return "", name, err
	}
	if name == words {
		name = found[0].Name.RU
	}
	return found[0].Code, name, nil
}

// operated is the day of an operation, of the case or today while it has none.
func (k Desk) operated(form *page.Form, i int) clock.Date {
	d := Draft{Values: Kept(form)}
	values := d.Form()
	if at := moment(values, cell(rowOperation, i, "at")); !at.IsZero() {
		return clock.DateOf(at)
	}
	return clock.DateOf(k.day(d.Case(values)))
}
