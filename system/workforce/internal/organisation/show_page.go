package organisation

import (
	"context"
	"strconv"

	"github.com/sanarip/sanarip/design"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

func address(code, section string) string { return "/organisations/" + code + section }

// Tabs are the sections of an organisation's pages.
func Tabs(ctx context.Context, o Organisation, staff int, here string) []design.Tab {
	return []design.Tab{
		{Label: text.T(ctx, "workforce.tab.about"), Href: address(o.Code, ""), Current: here == "about"},
		{Label: text.T(ctx, "workforce.tab.departments"), Href: address(o.Code, "/departments"), Count: strconv.Itoa(len(o.Departments)), Current: here == "departments"},
		{Label: text.T(ctx, "workforce.tab.staff"), Href: address(o.Code, "/staff"), Count: strconv.Itoa(staff), Current: here == "staff"},
	}
}

func kindWord(ctx context.Context, kind string) string {
	switch kind {
	case "fund":
		return text.T(ctx, "workforce.kind.fund")
	case "operator":
		return text.T(ctx, "workforce.kind.operator")
	}
	return text.T(ctx, "workforce.kind.hospital")
}

func ownershipWord(ctx context.Context, ownership string) string {
	switch ownership {
	case "municipal":
		return text.T(ctx, "workforce.ownership.municipal")
	case "private":
		return text.T(ctx, "workforce.ownership.private")
	}
	return text.T(ctx, "workforce.ownership.state")
}

func levelWord(ctx context.Context, level string) string {
	switch level {
	case "regional":
		return text.T(ctx, "workforce.level.regional")
	case "district":
		return text.T(ctx, "workforce.level.district")
	}
	return text.T(ctx, "workforce.level.national")
}

func facts(ctx context.Context, o Organisation) []design.Row {
	return []design.Row{
		{Key: text.T(ctx, "workforce.about.code"), Value: o.Code},
		{Key: text.T(ctx, "workforce.about.kind"), Value: kindWord(ctx, o.Kind)},
		{Key: text.T(ctx, "workforce.about.ownership"), Value: ownershipWord(ctx, o.Ownership)},
		{Key: text.T(ctx, "workforce.about.level"), Value: levelWord(ctx, o.Level)},
		{Key: text.T(ctx, "workforce.about.inn"), Value: o.INN},
		{Key: text.T(ctx, "workforce.about.okpo"), Value: o.OKPO},
		{Key: text.T(ctx, "workforce.about.licence"), Value: o.Licence},
		{Key: text.T(ctx, "workforce.about.region"), Value: o.Region},
		{Key: text.T(ctx, "workforce.about.address"), Value: o.Address},
		{Key: text.T(ctx, "workforce.about.beds"), Value: strconv.Itoa(bedCount(o))},
	}
}

func bedCount(o Organisation) int {
	n := 0
	for _, d := range o.Departments {
		n += len(d.Beds)
	}
	return n
}

// room is a ward of a department with the names of its beds.
type room struct {
	name string
	beds []workforceapi.Bed
}

func rooms(d workforceapi.Department) []room {
	var list []room
	for _, b := range d.Beds {
		if len(list) == 0 || list[len(list)-1].name != b.Room {
			list = append(list, room{name: b.Room})
		}
		last := &list[len(list)-1]
		last.beds = append(last.beds, b)
	}
	return list
}

func bedNames(r room) string {
	names := ""
	for i, b := range r.beds {
		if i > 0 {
			names += ", "
		}
		names += b.Name
	}
	return names
}

func departmentRows(d workforceapi.Department) [][]design.Cell {
	rows := [][]design.Cell{}
	for _, r := range rooms(d) {
		rows = append(rows, []design.Cell{{Text: r.name}, {Text: strconv.Itoa(len(r.beds))}, {Text: bedNames(r)}})
	}
	return rows
}

func organisationRows(ctx context.Context, all []Organisation) [][]design.Cell {
	rows := [][]design.Cell{}
	for _, o := range all {
		rows = append(rows, []design.Cell{{Text: o.Code}, {Text: o.Name.Here(ctx), Href: address(o.Code, "")}, {Text: kindWord(ctx, o.Kind)}, {Text: levelWord(ctx, o.Level)}})
	}
	return rows
}
