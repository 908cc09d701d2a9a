package ward

import (
	"context"
	"strings"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/page"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/card/internal/desk"
)

// Places are the answers to "where to": the free beds of every department by
// room, and each department without a bed yet. One choice says both, so that a
// bed of another department cannot be meant. own comes first; the value of a
// place is "18/BED" or "18/".
func Places(ctx context.Context, d *desk.Desk, own string) ([]design.Option, error) {
	organisation := desk.Of(ctx).Post.Organisation
	o, err := d.Directory.Organisation(ctx, organisation)
	if err != nil {
		return nil, err
	}
	options := []design.Option{{Value: "", Label: "—"}}
	var others []design.Option
	for _, department := range o.Departments {
		beds, err := Beds(ctx, d, organisation, department.Code)
		if err != nil {
			return nil, err
		}
		name := department.Name.Here(ctx)
		of := []design.Option{{Value: "-", Label: "— " + name + " —", Disabled: true}}
		for _, b := range beds {
			if b.Free() {
				of = append(of, design.Option{Value: placeValue(department.Code, b.ID), Label: text.T(ctx, "card.place.bed", "Department", name, "Room", b.Room, "Bed", b.Name)})
			}
		}
		of = append(of, design.Option{Value: placeValue(department.Code, ""), Label: text.T(ctx, "card.place.no_bed", "Department", name)})
		if department.Code == own {
			options = append(options, of...)
		} else {
			others = append(others, of...)
		}
	}
	return append(options, others...), nil
}

func placeValue(department, bedID string) string { return department + "/" + bedID }

// ReadPlace is the department and bed that a form's place means.
func ReadPlace(form *page.Form, name string) (department, bedID string) {
	value := form.Text(name, 100)
	if value == "" {
		form.Fail(name, "card.place.required")
		return "", ""
	}
	department, bedID, ok := strings.Cut(value, "/")
	if !ok {
		form.Fail(name, "card.place.required")
		return "", ""
	}
	return department, bedID
}

// TakePlace notes an error of a use case on the form; what it says of department
// or bed stands beside the place.
func TakePlace(form *page.Form, name string, err error) bool {
	if !form.Take(err) {
		return false
	}
	for i, f := range form.Findings {
		if f.Field == "bed" || f.Field == "department" {
			form.Findings[i].Field = name
		}
	}
	return true
}
