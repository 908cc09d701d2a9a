package demo

// RegionHospital is an invented hospital elsewhere in the country, on its way to
// the card.
type RegionHospital struct {
	Code       string
	OKPO       string
	Region     string // СОАТЕ
	Level      string
	KY, RU, EN string
	ByCard     int // of every four cases, how many come from the card
}

// RegionHospitals are hospitals that the roll-out follows and where nobody of
// the demo works.
var RegionHospitals = []RegionHospital{
	{"950301", "95030104", "41721000000000", "regional", "Ош шаардык ооруканасы (демо)", "Ошская городская больница (демо)", "Osh City Hospital (demo)", 4},
	{"950302", "95030204", "41703000000000", "regional", "Жалал-Абад облустук ооруканасы (демо)", "Джалал-Абадская облбольница (демо)", "Jalal-Abad Regional (demo)", 3},
	{"950303", "95030305", "41702000000000", "regional", "Ысык-Көл облустук ооруканасы (демо)", "Иссык-Кульская облбольница (демо)", "Issyk-Kul Regional (demo)", 2},
	{"950304", "95030400", "41704000000000", "district", "Ат-Башы райондук ооруканасы (демо)", "Ат-Башинская райбольница (демо)", "At-Bashy District (demo)", 0},
	{"950305", "95030506", "41705000000000", "district", "Лейлек райондук ооруканасы (демо)", "Лейлекская райбольница (демо)", "Leilek District (demo)", 1},
}
