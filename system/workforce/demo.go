package workforce

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/sanarip/sanarip/demo"
	"github.com/sanarip/sanarip/kit/clock"
	"github.com/sanarip/sanarip/kit/text"
	"github.com/sanarip/sanarip/system/workforce/internal/organisation"
	"github.com/sanarip/sanarip/system/workforce/internal/post"
	"github.com/sanarip/sanarip/system/workforce/workforceapi"
)

// Demo writes the demo's organisations and posts. All of it is invented.
func (s *System) Demo(ctx context.Context) error {
	now := s.office.Register.Clock.Now()
	return s.db.Tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, o := range demoOrganisations() {
			if err := organisation.Keep(ctx, tx, o); err != nil {
				return err
			}
		}
		for i, p := range demoPosts() {
			p.ID, p.At, p.From = fmt.Sprintf("demo-post-%02d", i+1), now, clock.Date{Year: 2024, Month: 9, Day: 1}
			if _, err := post.Insert(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func demoOrganisations() []organisation.Organisation {
	hospital := organisation.Organisation{Ownership: "state", Licence: "ДЕМО-0174", Organisation: workforceapi.Organisation{
		Code: demo.Hospital, Kind: "hospital", INN: "00109199810074", OKPO: "95017405", Region: "41711000000000", Level: "national",
		Name:      text.Words{KY: "Улуттук госпиталь (демо)", RU: "Национальный госпиталь (демо)", EN: "National Hospital (demo)"},
		ShortName: text.Words{KY: "Улуттук госпиталь (демо)", RU: "Нацгоспиталь (демо)", EN: "National Hospital (demo)"},
		Address:   "Бишкек ш., Тоголок Молдо көч., 1",
		Departments: []workforceapi.Department{
			department(demo.Hospital, demo.Therapy, "therapy", 201, 4, 4, text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение", EN: "Internal medicine"}),
			department(demo.Hospital, demo.Surgery, "surgery", 301, 6, 3, text.Words{KY: "Хирургия бөлүмү", RU: "Хирургическое отделение", EN: "Surgery"}),
			department(demo.Hospital, demo.Cardiology, "cardiology", 401, 6, 2, text.Words{KY: "Кардиология бөлүмү", RU: "Кардиологическое отделение", EN: "Cardiology"}),
		},
	}}
	second := organisation.Organisation{Ownership: "state", Licence: "ДЕМО-0201", Organisation: workforceapi.Organisation{
		Code: demo.SecondHospital, Kind: "hospital", INN: "01503199910201", OKPO: "95020100", Region: "41708000000000", Level: "regional",
		Name:      text.Words{KY: "Чүй облустук ооруканасы (демо)", RU: "Чуйская областная больница (демо)", EN: "Chui Regional Hospital (demo)"},
		ShortName: text.Words{KY: "Чүй облустук ооруканасы (демо)", RU: "Чуйская облбольница (демо)", EN: "Chui Regional (demo)"},
		Address:   "Бишкек ш., Мурас-Спорт көч., 2",
		Departments: []workforceapi.Department{
			department(demo.SecondHospital, demo.Therapy, "therapy", 101, 4, 3, text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение", EN: "Internal medicine"}),
			department(demo.SecondHospital, demo.Surgery, "surgery", 201, 4, 3, text.Words{KY: "Хирургия бөлүмү", RU: "Хирургическое отделение", EN: "Surgery"}),
		},
	}}
	city := organisation.Organisation{Ownership: "municipal", Licence: "ДЕМО-0312", Organisation: workforceapi.Organisation{
		Code: demo.CityHospital, Kind: "hospital", INN: "01206200110312", OKPO: "95031204", Region: "41711000000000", Level: "district",
		Name:      text.Words{KY: "№ 2 шаардык клиникалык оорукана (демо)", RU: "Городская клиническая больница № 2 (демо)", EN: "City Clinical Hospital No. 2 (demo)"},
		ShortName: text.Words{KY: "№ 2 шаардык оорукана (демо)", RU: "Горбольница № 2 (демо)", EN: "City Hospital No. 2 (demo)"},
		Address:   "Бишкек ш., Жибек Жолу просп., 15",
		Departments: []workforceapi.Department{
			department(demo.CityHospital, demo.Therapy, "therapy", 101, 3, 4, text.Words{KY: "Терапия бөлүмү", RU: "Терапевтическое отделение", EN: "Internal medicine"}),
			department(demo.CityHospital, demo.Cardiology, "cardiology", 201, 2, 3, text.Words{KY: "Кардиология бөлүмү", RU: "Кардиологическое отделение", EN: "Cardiology"}),
		},
	}}
	fund := organisation.Organisation{Ownership: "state", Organisation: workforceapi.Organisation{
		Code: demo.Fund, Kind: "fund", INN: "01301199710031", OKPO: "90000104", Region: "41711000000000", Level: "national",
		Name:      text.Words{KY: "Милдеттүү медициналык камсыздандыруу фонду (демо)", RU: "Фонд обязательного медицинского страхования (демо)", EN: "Mandatory Health Insurance Fund (demo)"},
		ShortName: text.Words{KY: "ММКФ (демо)", RU: "ФОМС (демо)", EN: "MHIF (demo)"},
		Address:   "Бишкек ш., Чүй просп., 122",
	}}
	operator := organisation.Organisation{Ownership: "state", Organisation: workforceapi.Organisation{
		Code: demo.OperatorOrg, Kind: "operator", INN: "01207201910056", OKPO: "90000200", Region: "41711000000000", Level: "national",
		Name:      text.Words{KY: "Электрондук саламаттык сактоо борбору (демо)", RU: "Центр электронного здравоохранения (демо)", EN: "E-Health Centre (demo)"},
		ShortName: text.Words{KY: "ЭССБ (демо)", RU: "ЦЭЗ (демо)", EN: "E-Health Centre (demo)"},
		Address:   "Бишкек ш., Тоголок Молдо көч., 3",
	}}
	return append([]organisation.Organisation{hospital, second, city, fund, operator}, demoRegions()...)
}

// department makes rooms from the first number on, each with as many beds.
func department(org, code, profile string, first, rooms, beds int, name text.Words) workforceapi.Department {
	d := workforceapi.Department{Code: code, Name: name, Profile: profile}
	for room := first; room < first+rooms; room++ {
		for bed := 1; bed <= beds; bed++ {
			d.Beds = append(d.Beds, workforceapi.Bed{
				ID:   fmt.Sprintf("%s-%s-%d-%d", org, code, room, bed),
				Room: fmt.Sprint(room), Name: fmt.Sprintf("%d-%d", room, bed),
			})
		}
	}
	return d
}

func demoPosts() []post.Row {
	row := func(p demo.Person, title, organisation, department string) post.Row {
		return post.Row{PIN: p.PIN, Name: p.Name(), Title: title, Organisation: organisation, Department: department}
	}
	return []post.Row{
		row(demo.Doctor, "therapist", demo.Hospital, demo.Therapy),
		row(demo.Head, "head", demo.Hospital, demo.Therapy),
		row(demo.Surgeon, "surgeon", demo.Hospital, demo.Surgery),
		row(demo.HeadOfSurgery, "head", demo.Hospital, demo.Surgery),
		row(demo.HeadOfCardiology, "head", demo.Hospital, demo.Cardiology),
		row(demo.Nurse, "nurse", demo.Hospital, demo.Therapy),
		row(demo.Manager, "manager", demo.Hospital, ""),
		row(demo.Expert, "expert", demo.Fund, ""),
		row(demo.Operator, "operator", demo.OperatorOrg, ""),
		row(demo.Clerk, "statistician", demo.SecondHospital, ""),
		row(demo.DoctorInChui, "therapist", demo.SecondHospital, demo.Therapy),
		row(demo.HeadInChui, "head", demo.SecondHospital, demo.Therapy),
		row(demo.Colleague, "cardiologist", demo.CityHospital, demo.Cardiology),
	}
}
