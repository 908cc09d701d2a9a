package workforce

import (
	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// demoRegions are the hospitals elsewhere in the country that the roll-out follows.
func demoRegions() []organisation.Organisation {
	var all []organisation.Organisation
	for i, h := range demo.RegionHospitals {
		name := text.Words{KY: h.KY, RU: h.RU, EN: h.EN}
		all = append(all, organisation.Organisation{Organisation: workforceapi.Organisation{
			Ownership: "state", Code: h.Code, Kind: "hospital", INN: "0150319991" + h.Code[2:], OKPO: h.OKPO, Region: h.Region, Level: h.Level, Name: name, ShortName: name,
			Address: name.RU,
			Departments: []workforceapi.Department{
				rooms(h.Code, demo.Therapy, "therapy", 101, 2, 2+i%2, text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение", EN: "Internal medicine"}),
				rooms(h.Code, demo.Surgery, "surgery", 201, 2, 2, text.Words{KY: "Хирургия бөлүмү", RU: "Хирургическое отделение", EN: "Surgery"}),
			},
		}})
	}
	return all
}
