package rollout

import "github.com/sanarip/sanarip/kit/text"

// Region is an oblast or a city with its place on the tile map.
type Region struct {
	Code   string // first five digits of СОАТЕ
	Name   text.Words
	Short  text.Words
	column int
	row    int
}

// Regions are the seven oblasts and two cities by СОАТЕ, in the order of the map, from
// the north-west; each stands where НИСУР's map has it.
var Regions = []Region{
	{"41707", text.Words{KY: "Талас облусу", RU: "Таласская область", EN: "Talas oblast"}, text.Words{KY: "Талас", RU: "Талас", EN: "Talas"}, 0, 0},
	{"41708", text.Words{KY: "Чүй облусу", RU: "Чуйская область", EN: "Chui oblast"}, text.Words{KY: "Чүй", RU: "Чуй", EN: "Chui"}, 1, 0},
	{"41711", text.Words{KY: "Бишкек ш.", RU: "г. Бишкек", EN: "Bishkek"}, text.Words{KY: "Бишкек", RU: "Бишкек", EN: "Bishkek"}, 2, 0},
	{"41702", text.Words{KY: "Ысык-Көл облусу", RU: "Иссык-Кульская область", EN: "Issyk-Kul oblast"}, text.Words{KY: "Ысык-Көл", RU: "Иссык-Куль", EN: "Issyk-Kul"}, 3, 0},
	{"41703", text.Words{KY: "Жалал-Абад облусу", RU: "Джалал-Абадская область", EN: "Jalal-Abad oblast"}, text.Words{KY: "Жалал-Абад", RU: "Джалал-Абад", EN: "Jalal-Abad"}, 0, 1},
	{"41704", text.Words{KY: "Нарын облусу", RU: "Нарынская область", EN: "Naryn oblast"}, text.Words{KY: "Нарын", RU: "Нарын", EN: "Naryn"}, 1, 1},
	{"41705", text.Words{KY: "Баткен облусу", RU: "Баткенская область", EN: "Batken oblast"}, text.Words{KY: "Баткен", RU: "Баткен", EN: "Batken"}, 0, 2},
	{"41721", text.Words{KY: "Ош ш.", RU: "г. Ош", EN: "Osh city"}, text.Words{KY: "Ош ш.", RU: "г. Ош", EN: "Osh city"}, 1, 2},
	{"41706", text.Words{KY: "Ош облусу", RU: "Ошская область", EN: "Osh oblast"}, text.Words{KY: "Ош облусу", RU: "Ошская", EN: "Osh oblast"}, 2, 2},
}

// RegionOf is the region of a СОАТЕ code.
func RegionOf(soate string) string {
	if len(soate) < 5 {
		return ""
	}
	return soate[:5]
}

// Levels of organisations.
var Levels = []string{"national", "regional", "district"}
