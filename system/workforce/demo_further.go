package workforce

import (
	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// demoFurther are hospitals without the card in the regions that are left, so that
// the register and the map of the report on equipment are whole.
func demoFurther() []organisation.Organisation {
	hospital := func(code, inn, okpo, region, territory, level, address string, name, short text.Words) organisation.Organisation {
		demoed := func(w text.Words) text.Words {
			return text.Words{KY: w.KY + " (демо)", RU: w.RU + " (демо)", EN: w.EN + " (demo)"}
		}
		return organisation.Organisation{Organisation: workforceapi.Organisation{
			Code: code, Kind: "hospital", INN: inn, OKPO: okpo, Ownership: "state", Region: region, Territory: territory, Level: level,
			Name: demoed(name), ShortName: demoed(short), Address: address,
			Departments: []workforceapi.Department{
				rooms(code, demo.Therapy, "therapy", 101, 3, 3, text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение", EN: "Internal medicine"}),
				rooms(code, demo.Surgery, "surgery", 201, 2, 3, text.Words{KY: "Хирургия бөлүмү", RU: "Хирургическое отделение", EN: "Surgery"}),
				rooms(code, demo.Maternity, "obstetrics", 301, 2, 3, text.Words{KY: "Төрөт бөлүмү", RU: "Родильное отделение", EN: "Maternity"}),
			},
		}}
	}
	return []organisation.Organisation{
		hospital("950702", "00806199810335", "95070204", "41706000000000", "41706255000000", "district", "Өзгөн ш., Жибек Жолу көч., 3",
			text.Words{KY: "Өзгөн райондук ооруканасы", RU: "Узгенская районная больница", EN: "Uzgen District Hospital"},
			text.Words{KY: "Өзгөн ооруканасы", RU: "Узгенская больница", EN: "Uzgen District"}),
		hospital("950801", "00907199810342", "95080102", "41707000000000", "41707400000010", "regional", "Талас ш., Бердике Баатыр көч., 40",
			text.Words{KY: "Талас облустук ооруканасы", RU: "Таласская областная больница", EN: "Talas Regional Hospital"},
			text.Words{KY: "Талас облооруканасы", RU: "Таласская облбольница", EN: "Talas Regional"}),
		hospital("950802", "01008199810349", "95080208", "41708000000000", "41708222000000", "district", "Сокулук айылы, Фрунзе көч., 120",
			text.Words{KY: "Сокулук райондук ооруканасы", RU: "Сокулукская районная больница", EN: "Sokuluk District Hospital"},
			text.Words{KY: "Сокулук ооруканасы", RU: "Сокулукская больница", EN: "Sokuluk District"}),
	}
}

// demoMerged is a maternity hospital that is no more: merged into the national
// hospital, with its versions.
func demoMerged() []organisation.Organisation {
	first := organisation.Organisation{From: clock.Date{Year: 1998, Month: 3, Day: 2}, Event: organisation.Opened, Organisation: workforceapi.Organisation{
		Code: "950175", Kind: "hospital", INN: "00203199810075", OKPO: "95017500", Ownership: "municipal", Region: "41711000000000", Territory: "41711203000000",
		Level: "district", Address: "Бишкек ш., Логвиненко көч., 33",
		Name:      text.Words{KY: "Бишкек шаардык төрөт үйү (демо)", RU: "Бишкекский городской родильный дом (демо)", EN: "Bishkek City Maternity Hospital (demo)"},
		ShortName: text.Words{KY: "Шаардык төрөт үйү (демо)", RU: "Городской роддом (демо)", EN: "City Maternity (demo)"},
	}}
	renamed := first
	renamed.From, renamed.Event, renamed.Level = clock.Date{Year: 2019, Month: 1, Day: 1}, organisation.Renamed, "regional"
	renamed.Order = organisation.Order{Number: "118-д", Day: clock.Date{Year: 2018, Month: 12, Day: 20}}
	renamed.Name = text.Words{KY: "Бишкек перинаталдык борбору (демо)", RU: "Бишкекский перинатальный центр (демо)", EN: "Bishkek Perinatal Centre (demo)"}
	renamed.ShortName = text.Words{KY: "Перинаталдык борбор (демо)", RU: "Перинатальный центр (демо)", EN: "Perinatal Centre (demo)"}
	merged := renamed
	merged.From, merged.Event, merged.Shut, merged.Successor = clock.Date{Year: 2025, Month: 7, Day: 1}, organisation.Merged, true, demo.Hospital
	merged.Order = organisation.Order{Number: "96-д", Day: clock.Date{Year: 2025, Month: 6, Day: 12}}
	return []organisation.Organisation{first, renamed, merged}
}
