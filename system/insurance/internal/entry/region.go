package entry

import "github.com/sanarip/sanarip/kit/text"

// Region is an oblast or a city of the republic.
type Region struct {
	Code string // СОАТЕ, 14 digits
	Name text.Words
}

// Regions are the seven oblasts and two cities by СОАТЕ.
var Regions = []Region{
	{"41711000000000", text.Words{KY: "Бишкек ш.", RU: "г. Бишкек", EN: "Bishkek"}},
	{"41721000000000", text.Words{KY: "Ош ш.", RU: "г. Ош", EN: "Osh city"}},
	{"41705000000000", text.Words{KY: "Баткен облусу", RU: "Баткенская область", EN: "Batken oblast"}},
	{"41703000000000", text.Words{KY: "Жалал-Абад облусу", RU: "Джалал-Абадская область", EN: "Jalal-Abad oblast"}},
	{"41704000000000", text.Words{KY: "Нарын облусу", RU: "Нарынская область", EN: "Naryn oblast"}},
	{"41706000000000", text.Words{KY: "Ош облусу", RU: "Ошская область", EN: "Osh oblast"}},
	{"41707000000000", text.Words{KY: "Талас облусу", RU: "Таласская область", EN: "Talas oblast"}},
	{"41708000000000", text.Words{KY: "Чүй облусу", RU: "Чуйская область", EN: "Chui oblast"}},
	{"41702000000000", text.Words{KY: "Ысык-Көл облусу", RU: "Иссык-Кульская область", EN: "Issyk-Kul oblast"}},
}
